#include "cli/validate_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(HwflowValidate, JsonHasOursBesideThePublished) {
  const Outcome outcome = run_hwflow({"validate", "eyeriss-alexnet", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json sets = json::parse(outcome.output)["sets"];
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0]["set"], "eyeriss-alexnet");
  EXPECT_EQ(sets[0]["mappings"].size(), 5U);
  int found = 0;
  for (const json& row : sets[0]["rows"]) {
    if (row["layer"] != "CONV4" || row["quantity"] != "active_pes") continue;
    ++found;
    EXPECT_EQ(row["ours"], 156);
    EXPECT_EQ(row["published"], 156);
    EXPECT_EQ(row["ratio"], 1);
    EXPECT_EQ(row["within"], true);
  }
  EXPECT_EQ(found, 1);
}

TEST(HwflowValidate, PredictsTheLayersOfVgg16) {
  const Outcome outcome = run_hwflow({"validate", "eyeriss-vgg16", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  std::map<std::string, int> predictions;
  const json sets = json::parse(outcome.output)["sets"];
  for (const json& row : sets[0]["rows"])
    if (row["layer"] != "total" && !row.contains("published")) ++predictions[row["quantity"]];
  for (const char* key : {"active_pes", "processing_ms", "glb_mb", "dram_mb", "power_mw"})
    EXPECT_EQ(predictions[key], 13) << key;
}

TEST(HwflowValidate, TableShowsOursPublishedAndRatio) {
  const Outcome outcome = run_hwflow({"validate", "eyeriss-alexnet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("154 / 154 = 1.000"));
  EXPECT_THAT(outcome.output, HasSubstr("CONV2: m64 n1 e27 p16 q2 r1 t1"));
  EXPECT_THAT(outcome.output, HasSubstr("differs: "));
  EXPECT_EQ(run_hwflow({"validate", "eyeriss-alexnet", "--quiet"}).output, "");
}

TEST(HwflowValidate, ListsTheBuiltInSets) {
  const Outcome outcome = run_hwflow({"validate", "--list"});
  ASSERT_EQ(outcome.exit_code, 0);
  for (const char* name : {"eyeriss-alexnet", "eyeriss-vgg16", "eyeriss-isca16", "nvdla-alexnet",
                           "nvdla-googlenet", "timeloop", "zigzag", "maestro"})
    EXPECT_THAT(outcome.output, HasSubstr(name));
  EXPECT_EQ(run_hwflow({"validate", "timeloop", "--list"}).exit_code, 2);
}

TEST(HwflowValidate, OwnFilesAreReadAndMarkedWhereTheyAreFar) {
  const TinyStudy folder;
  const std::string file = (folder.folder() / "mine.yaml").string();
  std::ofstream(file) << R"(schema: 1
set: mine
title: One product
source: by hand
machine: e168
method: given_mapping
layers:
  - {name: fc, in_channels: 2, out_channels: 3, size: 1, published: {macs: 12},
     loops: "DRAM: k3 c2 | GLB: | ifmap_spad: | weights_spad: | psum_spad:"}
distances: [{quantity: macs, least: 1, most: 1}]
)";
  const Outcome outcome = run_hwflow({"validate", file});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("6 / 12 = 0.500 !"));
}

TEST(HwflowValidate, TellsOfAllWrongSets) {
  const Outcome outcome = run_hwflow({"validate", "timelop", "none.yaml"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, HasSubstr("did you mean 'timeloop'?"));
  EXPECT_THAT(outcome.errors, HasSubstr("none.yaml"));
}

}  // namespace
}  // namespace hwflow::cli
