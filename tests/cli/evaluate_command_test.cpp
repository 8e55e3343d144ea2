#include "cli/evaluate_command.hpp"

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

/// What the mapper says of a mapping, the cost model says of its text read back.
TEST(HwflowEvaluate, OfMappingsThatMapWroteGivesTheSameCosts) {
  const TinyStudy folder;
  const std::string file = (folder.folder() / "m.json").string();
  const std::vector<std::string> network{"resnet8", "--arch", "eyeriss", "--bits", "4/8"};
  std::vector<std::string> map{"map", "--max-evaluations", "500", "--json", file, "--quiet"};
  map.insert(map.end(), network.begin(), network.end());
  ASSERT_EQ(run_hwflow(map).exit_code, 0);
  std::vector<std::string> evaluate{"evaluate", "--mapping", file, "--json", "-", "--quiet"};
  evaluate.insert(evaluate.end(), network.begin(), network.end());
  const Outcome outcome = run_hwflow(evaluate);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json mapped = read_json(file), evaluated = json::parse(outcome.output);
  EXPECT_EQ(evaluated["total"], mapped["total"]);
  ASSERT_EQ(evaluated["layers"].size(), mapped["layers"].size());
  for (std::size_t i = 0; i < mapped["layers"].size(); ++i) {
    for (const char* key : {"name", "energy_pj", "cycles", "dram_bits", "mapping"}) {
      EXPECT_EQ(evaluated["layers"][i][key], mapped["layers"][i][key]) << i << key;
    }
    for (const char* key : {"lower_bound", "gap", "optimal", "evaluations", "nodes", "seconds"}) {
      EXPECT_TRUE(mapped["layers"][i].contains(key)) << key;
      EXPECT_FALSE(evaluated["layers"][i].contains(key)) << key;
    }
  }
}

TEST(HwflowEvaluate, MappingsOfAnotherNetworkAreRefused) {
  const TinyStudy folder;
  const std::string file = (folder.folder() / "m.json").string();
  ASSERT_EQ(run_hwflow({"map", "resnet8", "--arch", "eyeriss", "--max-evaluations", "200", "--json",
                        file, "--quiet"})
                .exit_code,
            0);
  const Outcome outcome =
      run_hwflow({"evaluate", "lenet5", "--arch", "eyeriss", "--mapping", file});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.errors, "");
}

/// Two numbers summed over one output channel: one level of loops, so that all counts are known.
class DotProduct {
 public:
  DotProduct() : directory_(folder_.folder()) {
    std::ofstream(directory_ / "net.yaml") << R"(
schema: 1
name: dot
nodes:
  - {name: image, kind: input, shape: [2, 1, 1]}
  - {name: fc, kind: fully_connected, out_channels: 3}
)";
  }
  Outcome evaluate(const std::string& mappings, const std::vector<std::string>& more = {}) const {
    const std::string file = (directory_ / "m.yaml").string();
    std::ofstream(file) << mappings;
    std::vector<std::string> words{
        "evaluate", (directory_ / "net.yaml").string(), "--arch", "eyeriss", "--mapping", file};
    words.insert(words.end(), more.begin(), more.end());
    return run_hwflow(words);
  }
  std::string file() const { return (directory_ / "m.yaml").string(); }

 private:
  TinyStudy folder_;
  std::filesystem::path directory_;
};

constexpr const char* kLevels = "GLB: | ifmap_spad: | weights_spad: | psum_spad:";

TEST(HwflowEvaluate, YamlGivesTheTrafficOfEveryLevel) {
  const DotProduct dot;
  const Outcome outcome = dot.evaluate(
      std::string(
          "schema: 1\naccelerator: eyeriss\nlayers:\n  - {name: fc, mapping: 'DRAM: k3 c2 | ") +
          kLevels + "'}\n",
      {"--json", "-", "--quiet"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json layers = json::parse(outcome.output)["layers"];
  ASSERT_EQ(layers.size(), 1U);
  const json& dram = layers[0]["traffic"][0];
  EXPECT_EQ(dram["level"], "DRAM");
  // For each of 3 outputs both inputs and 2 of the 6 weights leave DRAM once: 6 words of each.
  EXPECT_EQ(dram["operands"]["weights"]["reads"], 6);
  EXPECT_EQ(dram["operands"]["inputs"]["reads"], 6);
  // Each output arrives once, for its two terms follow one another.
  EXPECT_EQ(dram["operands"]["outputs"]["updates"], 3);
  std::int64_t bits = 0;
  for (const auto& [name, words] : dram["operands"].items()) {
    for (const char* key : {"read_bits", "update_bits"}) bits += words[key].get<std::int64_t>();
  }
  EXPECT_EQ(layers[0]["dram_bits"], bits);
}

TEST(HwflowEvaluate, TheTableClaimsNoCertificate) {
  const DotProduct dot;
  const Outcome outcome =
      dot.evaluate(std::string("layers: [{name: fc, mapping: 'DRAM: k3 c2 | ") + kLevels + "'}]\n");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, testing::HasSubstr("dot on eyeriss, mappings as given\n"));
  EXPECT_THAT(outcome.output, testing::Not(testing::HasSubstr("gap")));
  EXPECT_THAT(outcome.output, testing::Not(testing::HasSubstr("least")));
}

TEST(HwflowEvaluate, RefusesTwiceNamedLayersAndOtherAcceleratorsWithTheirLines) {
  const DotProduct dot;
  const std::string mapping = std::string("mapping: 'DRAM: k3 c2 | ") + kLevels + "'}\n";
  const Outcome outcome = dot.evaluate("accelerator: simba\nlayers:\n  - {name: fc, " + mapping +
                                       "  - {name: fc, " + mapping);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(
      outcome.errors,
      testing::HasSubstr(dot.file() + ":1: accelerator: these mappings are not for 'eyeriss'"));
  EXPECT_THAT(
      outcome.errors,
      testing::HasSubstr(dot.file() + ":4: layers[1].name: 'fc' is also the name of layers[0]"));
}

}  // namespace
}  // namespace hwflow::cli
