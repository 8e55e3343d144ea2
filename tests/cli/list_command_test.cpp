#include "cli/list_command.hpp"

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

}  // namespace
}  // namespace hwflow::cli
