#include "cli/commands.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/command_line.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(HwflowList, NetworksHaveTheirPublishedMacsAndParameters) {
  const Outcome outcome = run_hwflow({"list", "networks", "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json rows = json::parse(outcome.output)["networks"];
  const auto row = [&](const std::string& name) {
    for (const json& candidate : rows)
      if (candidate["name"] == name) return candidate;
    return json();
  };
  // akamaster's count of ResNet-20; torchvision's of ResNet-18 and VGG-16.
  EXPECT_EQ(row("resnet20")["parameters"], 269'722);
  EXPECT_EQ(row("resnet18")["parameters"], 11'689'512);
  EXPECT_EQ(row("vgg16")["parameters"], 138'357'544);
}

TEST(HwflowList, AcceleratorsNameTheIssuesBuiltIns) {
  const Outcome outcome = run_hwflow({"list", "accelerators"});
  ASSERT_EQ(outcome.exit_code, 0);
  for (const char* name : {"eyeriss", "eyeriss-isca", "e168", "ws16x16", "bismo", "bitfusion"}) {
    EXPECT_THAT(outcome.output, HasSubstr(name));
  }
}

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

TEST(HwflowExplain, TellsTypeRangeAndDefault) {
  const Outcome outcome = run_hwflow({"explain", "search.population"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("study file"));
  EXPECT_THAT(outcome.output, HasSubstr("multiple of 4"));
}

TEST(HwflowExplain, JsonSchemasAreJson) {
  for (const char* kind : {"study", "accelerator", "energy-table"}) {
    const Outcome outcome = run_hwflow({"explain", "--json-schema", kind});
    ASSERT_EQ(outcome.exit_code, 0);
    EXPECT_TRUE(json::parse(outcome.output).contains("$schema")) << kind;
  }
}

TEST(Hwflow, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(run_hwflow({"--help"}).exit_code, 0);
  EXPECT_EQ(run_hwflow({"--version"}).exit_code, 0);
  EXPECT_EQ(run_hwflow({"map", "--help"}).exit_code, 0);
}

}  // namespace
}  // namespace hwflow::cli
