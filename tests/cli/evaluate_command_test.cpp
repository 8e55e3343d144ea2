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

}  // namespace
}  // namespace hwflow::cli
