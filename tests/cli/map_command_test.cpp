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
  for (const char* key :
       {"network", "accelerator", "objective", "seconds", "threads", "layers", "total"}) {
    EXPECT_TRUE(result.contains(key)) << key;
  }
  for (const char* key :
       {"name", "shape", "count", "energy_pj", "cycles", "dram_bits", "lower_bound", "gap",
        "optimal", "evaluations", "nodes", "seconds", "mapping"}) {
    EXPECT_TRUE(result["layers"][0].contains(key)) << key;
  }
  for (const char* key : {"n", "k", "c", "p", "q", "r", "s", "g", "stride", "dilation"}) {
    EXPECT_TRUE(result["layers"][0]["shape"].contains(key)) << key;
  }
  double energy = 0;
  for (const json& layer : result["layers"])
    energy += layer["count"].get<double>() * layer["energy_pj"].get<double>();
  EXPECT_NEAR(result["total"]["energy_pj"].get<double>(), energy, 1e-6 * energy);
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

}  // namespace
}  // namespace hwflow::cli
