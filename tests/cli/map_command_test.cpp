#include "cli/map_command.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"
#include "tests/workload/onnx_model.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

TEST(HwflowMap, JsonHasTheKeysThatOtherToolsRead) {
  const Outcome outcome = run_hwflow({"map", "lenet5", "--arch", "ws16x16", "--bits", "8/8",
                                      "--max-evaluations", "500", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  expect_keys(result,
              {"network", "accelerator", "objective", "seconds", "threads", "layers", "total"});
  expect_keys(result["layers"][0],
              {"name", "shape", "count", "energy_pj", "cycles", "dram_bits", "lower_bound", "gap",
               "optimal", "evaluations", "nodes", "seconds", "mapping"});
  expect_keys(result["layers"][0]["shape"],
              {"n", "k", "c", "p", "q", "r", "s", "g", "stride", "dilation"});
  double energy = 0;
  for (const json& layer : result["layers"])
    energy += layer["count"].get<double>() * layer["energy_pj"].get<double>();
  EXPECT_NEAR(result["total"]["energy_pj"].get<double>(), energy, 1e-6 * energy);
}

/// A network file of one convolution: 6x6 pixels, stride (2, 1), dilation (1, 2).
std::string uneven_network() {
  const std::string file =
      testing::TempDir() + "hwflow_uneven_" + std::to_string(getpid()) + ".yaml";
  std::ofstream(file) << "schema: 1\n"
                         "name: uneven\n"
                         "nodes:\n"
                         "  - {name: x, kind: input, shape: [3, 6, 6]}\n"
                         "  - {name: a, kind: convolution, out_channels: 4, kernel: [3, 3],\n"
                         "     stride: [2, 1], dilation: [1, 2]}\n"
                         "  - {name: b, kind: fully_connected, out_channels: 2}\n";
  return file;
}

TEST(HwflowMap, ColumnsHaveKeysOfTheirOwnWhereTheyDiffer) {
  const Outcome outcome = run_hwflow(
      {"map", uneven_network(), "--arch", "ws16x16", "--max-evaluations", "500", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json layers = json::parse(outcome.output)["layers"];
  const json& shape = layers[0]["shape"];
  EXPECT_EQ(shape["stride"], 2);
  EXPECT_EQ(shape["stride_columns"], 1);
  EXPECT_EQ(shape["dilation"], 1);
  EXPECT_EQ(shape["dilation_columns"], 2);
  EXPECT_FALSE(layers[1]["shape"].contains("stride_columns"));
  EXPECT_FALSE(layers[1]["shape"].contains("dilation_columns"));
}

/// A batch of 4, and a convolution whose weights lie in a file that is not there.
onnx_tests::Model incomplete_model() {
  onnx_tests::Model model;
  model.input({4, 3, 8, 8}).output("y").node("Conv", {"x", "w"}, {"y"});
  auto* weights = model.add_tensor("w", {2, 3, 1, 1}, ::onnx::TensorProto::FLOAT);
  weights->set_data_location(::onnx::TensorProto::EXTERNAL);
  auto* location = weights->add_external_data();
  location->set_key("location");
  location->set_value("absent.bin");
  return model;
}

TEST(HwflowMap, SaysWhatTheReaderSimplified) {
  const onnx_tests::Folder folder;
  const std::string file = folder.write("m.onnx", incomplete_model().bytes());
  std::vector<std::string> words{"map", file,     "--arch", "ws16x16", "--max-evaluations",
                                 "500", "--json", "-"};
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json notes = json::parse(outcome.output)["notes"];
  EXPECT_EQ(notes, (json{"input: a batch of 4 is left out",
                         "weights: 1 of 1 layers have no values in the file: shapes only"}));
  EXPECT_THAT(outcome.errors, HasSubstr("note: " + file + ": input: a batch of 4 is left out\n"));
  words.emplace_back("--quiet");
  EXPECT_EQ(run_hwflow(words).errors, "");
}

/// The shipped accelerator defines-meta (bit-parallel, 8 bits) with one place changed, as a file.
std::string changed_accelerator(const std::string& from, const std::string& to) {
  const fs::path source = std::getenv("HWFLOW_SOURCE_DIR");
  std::ifstream file(source / "accelerators/defines-meta.yaml");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  const fs::path made = fs::path(testing::TempDir()) / fmt::format("map_{}.yaml", getpid());
  std::ofstream(made) << text;
  return made.string();
}

TEST(HwflowMap, ExitCodeDoesNotFollowTheWordsOfAMessage) {
  // Widths that the engine cannot multiply are wrong input, whatever the accelerator is called.
  const std::string wrong = changed_accelerator("name: defines-meta", "name: too small");
  const Outcome outcome = run_hwflow({"map", "lenet5", "--arch", wrong, "--bits", "16/16"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, testing::HasSubstr("the compute units of 'too small' cannot"));
  fs::remove(wrong);
}

TEST(HwflowMap, ALayerThatFitsNowhereExitsWithThree) {
  const std::string small = changed_accelerator("capacity_bits: 8\n", "capacity_bits: 4\n");
  const Outcome outcome = run_hwflow({"map", "lenet5", "--arch", small, "--bits", "8/8"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.errors;
  EXPECT_THAT(outcome.errors, testing::HasSubstr("is too small"));
  fs::remove(small);
}

TEST(HwflowMap, ResultDoesNotDependOnThreads) {
  const auto mapped = [](const std::string& threads) {
    const Outcome outcome = run_hwflow({"map", "resnet8", "--arch", "eyeriss", "--max-evaluations",
                                        "2000", "--threads", threads, "--json", "-"});
    json layers = json::parse(outcome.output)["layers"];
    for (json& layer : layers) layer.erase("seconds");
    return layers;
  };
  EXPECT_EQ(mapped("1"), mapped("2"));
}

/// A network file of two equal small layers and another one.
std::string small_network() {
  const std::string file =
      testing::TempDir() + "hwflow_small_" + std::to_string(getpid()) + ".yaml";
  std::ofstream(file) << "schema: 1\n"
                         "name: small\n"
                         "nodes:\n"
                         "  - {name: x, kind: input, shape: [4, 6, 6]}\n"
                         "  - {name: a, kind: convolution, out_channels: 4, kernel: [1, 1]}\n"
                         "  - {name: b, kind: convolution, out_channels: 4, kernel: [1, 1]}\n"
                         "  - {name: c, kind: fully_connected, out_channels: 6}\n";
  return file;
}

json pareto_of(std::vector<std::string> more) {
  std::vector<std::string> words{"map", small_network(), "--arch", "ws16x16", "--json", "-"};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome outcome = run_hwflow(words);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return json::parse(outcome.output);
}

bool beats(const json& a, const json& b, const std::vector<std::string>& keys) {
  bool is_less = false;
  for (const std::string& key : keys) {
    if (a[key].get<double>() > b[key].get<double>()) return false;
    is_less = is_less || a[key].get<double>() < b[key].get<double>();
  }
  return is_less;
}

TEST(HwflowMap, ParetoSetsHaveTheirPointsTheirProofAndAFront) {
  for (const auto& [objective, keys] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"pareto", {"energy_pj", "cycles", "dram_bits"}},
           {"energy,latency", {"energy_pj", "cycles"}},
           {"dram,latency", {"cycles", "dram_bits"}}}) {
    const json result = pareto_of({"--objective", objective});
    EXPECT_EQ(result["objective"], objective);
    ASSERT_EQ(result["layers"].size(), 2U);
    for (const json& layer : result["layers"]) {
      EXPECT_EQ(layer["proved"], true);
      EXPECT_EQ(layer["gap"], 0.0);
      EXPECT_EQ(layer["unproved"], json::array());
      ASSERT_FALSE(layer["points"].empty());
      for (const json& a : layer["points"])
        for (const json& b : layer["points"]) EXPECT_FALSE(beats(a, b, keys));
    }
    EXPECT_EQ(result["front"]["proved"], true);
    for (const json& point : result["front"]["points"]) {
      double energy = 0.0;
      for (std::size_t l = 0; l < 2; ++l) {
        EXPECT_EQ(point["picks"][l].size(), result["layers"][l]["count"]);
        for (const json& pick : point["picks"][l])
          energy +=
              result["layers"][l]["points"][pick.get<std::size_t>()]["energy_pj"].get<double>();
      }
      EXPECT_NEAR(point["energy_pj"].get<double>(), energy, 1e-6 * energy);
    }
  }
}

TEST(HwflowMap, AParetoMappingEvaluatesToItsPoint) {
  const json result = pareto_of({"--objective", "pareto"});
  const json& layers = result["layers"];
  const std::string file =
      testing::TempDir() + "hwflow_points_" + std::to_string(getpid()) + ".json";
  json mappings = {{"layers", json::array()}};
  for (const json& layer : layers)
    mappings["layers"].push_back(
        {{"name", layer["name"]}, {"mapping", layer["points"].back()["mapping"]}});
  std::ofstream(file) << mappings.dump();
  const Outcome outcome = run_hwflow(
      {"evaluate", small_network(), "--arch", "ws16x16", "--mapping", file, "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json evaluated = json::parse(outcome.output)["layers"];
  for (std::size_t l = 0; l < layers.size(); ++l)
    for (const char* key : {"energy_pj", "cycles", "dram_bits"})
      EXPECT_EQ(evaluated[l][key], layers[l]["points"].back()[key]) << key;
}

TEST(HwflowMap, ParetoSetsThatAreCutShortSayWhatIsLeft) {
  const Outcome outcome = run_hwflow({"map", "lenet5", "--arch", "eyeriss", "--objective", "pareto",
                                      "--max-evaluations", "20", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  const json& layer = result["layers"][0];
  EXPECT_EQ(layer["proved"], false);
  EXPECT_FALSE(layer["points"].empty());
  ASSERT_FALSE(layer["unproved"].empty());
  EXPECT_TRUE(layer["unproved"][0]["at_least"].contains("energy_pj"));
  EXPECT_TRUE(layer["unproved"][0]["below"].contains("cycles"));
  EXPECT_EQ(result["front"]["proved"], false);
}

TEST(HwflowMap, ParetoTablesShowPointsAndTheNetwork) {
  const Outcome outcome =
      run_hwflow({"map", small_network(), "--arch", "ws16x16", "--objective", "pareto", "--quiet"});
  EXPECT_EQ(outcome.output, "");
  const Outcome shown = run_hwflow({"map", small_network(), "--arch", "ws16x16", "--objective",
                                    "pareto", "--pareto-step", "0.01"});
  EXPECT_EQ(shown.exit_code, 0);
  for (const char* part : {"Pareto sets", "points, proved", "all proved", "DRAM:"})
    EXPECT_THAT(shown.output, HasSubstr(part));
}

TEST(HwflowMap, RefusesParetoSetsThatItCannotProve) {
  const auto refused = [](std::vector<std::string> more) {
    std::vector<std::string> words{"map", "lenet5", "--arch", "ws16x16"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run_hwflow(words);
    EXPECT_EQ(outcome.exit_code, 2);
    return outcome.errors;
  };
  EXPECT_THAT(refused({"--objective", "pareto", "--strategy", "annealing"}),
              HasSubstr("--strategy: 'annealing' finds no Pareto sets (take 'products')"));
  const std::string both =
      refused({"--objective", "energy,edp", "--factors", "ceiling", "--pareto-step", "-1"});
  for (const char* part : {"--objective: 'edp'", "--factors: ", "--pareto-step: must be"})
    EXPECT_THAT(both, HasSubstr(part));
  EXPECT_THAT(refused({"--objective", "energy,power"}), HasSubstr("unknown objective 'power'"));
  EXPECT_THAT(refused({"--objective", "edp", "--pareto-step", "0.1"}),
              HasSubstr("add --objective pareto"));
}

}  // namespace
}  // namespace hwflow::cli
