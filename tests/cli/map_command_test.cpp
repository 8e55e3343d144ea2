#include "cli/map_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

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
