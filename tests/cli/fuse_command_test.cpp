#include "cli/fuse_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(HwflowFuse, JsonHasTheKeysThatOtherToolsRead) {
  const Outcome outcome = run_hwflow({"fuse", "resnet8", "--arch", "eyeriss-isca", "--bits", "8/8",
                                      "--max-evaluations", "500", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  expect_keys(result,
              {"network", "accelerator", "objective", "seconds", "groups", "total",
               "single_layer_total", "compulsory_dram_bits", "lower_bound", "gap", "optimal"});
  std::int64_t bits = 0, layers = 0;
  for (const json& group : result["groups"]) {
    expect_keys(group, {"layers", "tile", "policies", "energy_pj", "cycles", "dram_bits",
                        "peak_buffer_bits", "level_traffic"});
    bits += group["dram_bits"].get<std::int64_t>();
    layers += static_cast<std::int64_t>(group["layers"].size());
    EXPECT_LE(group["peak_buffer_bits"], result["buffer_bits"]);
  }
  EXPECT_EQ(result["total"]["dram_bits"], bits);
  EXPECT_GE(bits, result["compulsory_dram_bits"].get<std::int64_t>());
  EXPECT_LE(bits, result["single_layer_total"]["dram_bits"].get<std::int64_t>());
  for (const char* total : {"total", "single_layer_total"}) {
    const json& buffer = result[total]["level_traffic"][0];
    expect_keys(buffer, {"level", "read_bits", "written_bits", "roles"});
    EXPECT_EQ(buffer["level"], "GLB");
    std::int64_t port = 0;  // what passes between DRAM and buffer
    for (const json& role : buffer["roles"])
      port += role["fill_bits"].get<std::int64_t>() + role["drain_bits"].get<std::int64_t>();
    EXPECT_EQ(result[total]["dram_bits"], port);
  }
  EXPECT_EQ(layers, 14);  // 10 with weights, 3 additions, 1 pooling
  EXPECT_TRUE(result["optimal"]);
}

TEST(HwflowFuse, TakesOnlyTheLayersFromTo) {
  const Outcome outcome =
      run_hwflow({"fuse", "vgg16", "--arch", "eyeriss-isca", "--from", "conv5_1", "--to", "conv5_2",
                  "--max-evaluations", "500", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  std::int64_t layers = 0;
  for (const json& group : result["groups"])
    layers += static_cast<std::int64_t>(group["layers"].size());
  EXPECT_EQ(layers, 2);
}

TEST(HwflowFuse, WritesAPageIntoTheFolderOfOut) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "hwflow_fuse_page" / "new";
  std::filesystem::remove_all(folder.parent_path());
  const Outcome outcome =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--max-evaluations", "500", "--out",
                  folder.string(), "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);  // throws when anything else was printed
  std::ifstream stream(folder / "fusion.html");
  const std::string page((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_THAT(page, HasSubstr("lenet5: fused groups"));
  EXPECT_THAT(page, HasSubstr(result["groups"][0]["layers"][0].get<std::string>()));
  std::filesystem::remove_all(folder.parent_path());
}

TEST(HwflowFuse, TellsThatOutCannotBeAFolder) {
  const std::string file = testing::TempDir() + "hwflow_fuse_file";
  std::ofstream(file) << "a file";
  const Outcome outcome = run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--out", file});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--out"));
  std::filesystem::remove(file);
  // Nothing can be made there, root or not; told before anything is searched.
  const Outcome unmade =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--out", "/proc/hwflow"});
  EXPECT_EQ(unmade.exit_code, 2);
  EXPECT_THAT(unmade.errors, HasSubstr("--out /proc/hwflow: cannot be written to: '/proc'"));
}

TEST(HwflowFuse, ProvesOtherObjectivesWhenAsked) {
  const auto fuse = [](const std::vector<std::string>& more) {
    std::vector<std::string> words{
        "fuse",   "lenet5", "--arch",  "eyeriss-isca",      "--to", "pool1",
        "--json", "-",      "--quiet", "--max-evaluations", "500",  "--objective"};
    words.insert(words.end(), more.begin(), more.end());
    return run_hwflow(words);
  };
  const Outcome quick = fuse({"energy"}), proved = fuse({"energy", "--prove"});
  ASSERT_EQ(proved.exit_code, 0) << proved.errors;
  const json result = json::parse(proved.output);
  EXPECT_TRUE(result["best_as_mapped"]);
  EXPECT_FALSE(json::parse(quick.output)["best_as_mapped"]);
  EXPECT_LE(result["value"].get<double>(), json::parse(quick.output)["value"].get<double>());
  EXPECT_GE(result["search"]["evaluated"].get<int>(),
            json::parse(quick.output)["search"]["evaluated"].get<int>());
  const Outcome refused = fuse({"dram", "--prove"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.errors, HasSubstr("--prove: changes nothing for objective dram"));
}

TEST(HwflowFuse, ListsAllThatIsWrong) {
  const Outcome outcome =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss", "--objective", "speed", "--recompute",
                  "sometimes", "--from", "conv9", "--time-limit", "-1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--objective"));
  EXPECT_THAT(outcome.errors, HasSubstr("--recompute: unknown word 'sometimes'"));
  EXPECT_THAT(outcome.errors, HasSubstr("--from: 'conv9' is no layer of lenet5"));
  EXPECT_THAT(outcome.errors, HasSubstr("--time-limit"));
}

TEST(HwflowFuse, EvaluatesTheScheduleThatIsGiven) {
  // lenet5's first two layers end in a map of 14x14, conv1 before it in one of 28x28.
  const std::string folder = testing::TempDir() + "hwflow_fuse_given";
  const Outcome outcome =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--to", "pool1", "--one-group",
                  "--tile", "3x20", "--halos", "again", "--outer-axis", "columns",
                  "--max-evaluations", "500", "--out", folder, "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  std::ifstream stream(folder + "/fusion.html");
  const std::string page((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_THAT(page, HasSubstr("No layer was mapped by itself: nothing to compare with."));
  std::filesystem::remove_all(folder);
  const json result = json::parse(outcome.output);
  ASSERT_EQ(result["groups"].size(), 1);
  const json& group = result["groups"][0];
  EXPECT_EQ(group["layers"], json({"conv1", "pool1"}));
  EXPECT_EQ(group["tile"]["rows"], 3);
  EXPECT_EQ(group["tile"]["columns"], 14);
  EXPECT_EQ(group["tile"]["steps"], 5);  // ceil(14 / 3) x 1
  EXPECT_EQ(group["tile"]["outer_axis"], "columns");
  EXPECT_EQ(group["policies"]["intermediates"], json({{"conv1", "again"}}));
  EXPECT_EQ(result["space"]["tile"]["columns"], 20);
  EXPECT_EQ(result["space"]["halos"], json({"again"}));
  EXPECT_TRUE(result["space"]["one_group"]);
  EXPECT_TRUE(result["single_layer_total"].is_null());
}

TEST(HwflowFuse, RefusesTilesAndPoliciesThatContradict) {
  const Outcome outcome = run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--tile", "4x0",
                                      "--halos", "in_band", "--recompute", "never", "--one-group",
                                      "--max-group", "2", "--outer-axis", "row"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("--tile: must be ROWSxCOLUMNS, both >= 1, got '4x0'"));
  EXPECT_THAT(outcome.errors, HasSubstr("--halos: 'in_band' contradicts --recompute never"));
  EXPECT_THAT(outcome.errors, HasSubstr("--one-group: contradicts --max-group"));
  EXPECT_THAT(outcome.errors, HasSubstr("--outer-axis: unknown word 'row'"));
  for (const char* tile : {"4", "4x", "x4", "4x4x4", "-1x4", "4.5x4", "99999999999999999999x1"}) {
    const Outcome refused =
        run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--tile", tile, "--halos", "keep"});
    EXPECT_EQ(refused.exit_code, 2) << tile;
    EXPECT_THAT(refused.errors, HasSubstr("--tile: must be ROWSxCOLUMNS")) << tile;
    EXPECT_THAT(refused.errors, HasSubstr("--halos: unknown word 'keep'"));
  }
}

TEST(HwflowFuse, SaysWhichRoomOneGroupNeeds) {
  const Outcome outcome =
      run_hwflow({"fuse", "lenet5", "--arch", "eyeriss-isca", "--buffer", "4000", "--one-group"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.errors, HasSubstr("layers do not fit as one group"));
  EXPECT_THAT(outcome.errors, HasSubstr("the buffer has 4000"));
}

TEST(HwflowFuse, SaysWhatIsMissing) {
  const Outcome outcome = run_hwflow({"fuse"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("NETWORK: is missing"));
  EXPECT_THAT(outcome.errors, HasSubstr("--arch: is missing"));
}

TEST(HwflowFuse, RefusesMachinesWithoutOneBufferForFeatureMaps) {
  const Outcome outcome = run_hwflow({"fuse", "lenet5", "--arch", "bitfusion", "--bits", "8/8"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("no on-chip level keeps both inputs and outputs"));
}

TEST(HwflowFuse, ExitsWithThreeWhereNothingFits) {
  const Outcome outcome = run_hwflow(
      {"fuse", "lenet5", "--arch", "eyeriss-isca", "--buffer", "8", "--max-evaluations", "500"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.errors, HasSubstr("conv1"));
}

}  // namespace
}  // namespace hwflow::cli
