#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::elements_of;
using report_test::pruned_result;

/// Heights of the bars of a class, in order: of each layer its channels, then its cost.
std::vector<double> heights(const std::string& svg, const std::string& css) {
  std::vector<double> found;
  for (const auto& element : elements_of(svg)) {
    if (element.name == "rect" && element.attribute("class") == css)
      found.push_back(std::stod(element.attribute("height")));
  }
  return found;
}

/// Both scales begin at 0, so bars are to each other as what they show.
TEST(ChannelChart, BarsAreTheChannelsAndEnergiesOfThePlanAndOfTheWholeNetwork) {
  const auto result = pruned_result();
  const std::string svg = channel_chart(result, 3, 0);
  EXPECT_EQ(report_test::markup_problem(svg), "");
  const std::vector<double> pale = heights(svg, "seen"), solid = heights(svg, "front");
  const auto& layers = result.plans[3].layers;
  ASSERT_EQ(pale.size(), 2 * layers.size());
  ASSERT_EQ(solid.size(), 2 * layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double kept = i + 1 < layers.size() ? 0.5 : 1.0;  // the last layer has the classes
    EXPECT_NEAR(solid[2 * i], kept * pale[2 * i], 0.2) << layers[i].name;
    const double share = layers[i].energy_pj / result.plans[0].layers[i].energy_pj;
    EXPECT_LT(share, 1.0);
    EXPECT_NEAR(solid[2 * i + 1], share * pale[2 * i + 1], 0.2) << layers[i].name;
  }
  EXPECT_DOUBLE_EQ(pale[2 * 13], 4 * pale[0]);  // stage 3 has 64 channels, conv1 16
}

TEST(ChannelChart, TellsTheNumbers) {
  const std::string svg = channel_chart(pruned_result(), 3, 0);
  EXPECT_THAT(svg, testing::HasSubstr("<title>stage2.block1.conv1: 16 of 32 channels</title>"));
  EXPECT_THAT(svg, testing::HasSubstr(" in uniform 8/8</title>"));
  EXPECT_THAT(svg, testing::HasSubstr("Channels and energy by layer of least energy within"));
}

// 20 layers have 52.7 pixels each, 80 of them 13.2, where two digits would touch.
TEST(ChannelChart, WritesHowManyStayWhereThereIsRoom) {
  auto result = pruned_result();
  const auto numbers = [&] {
    int count = 0;
    for (const auto& element : elements_of(channel_chart(result, 3, 0)))
      count += element.attribute("class") == "small" && element.attribute("transform").empty();
    return count;
  };
  EXPECT_EQ(numbers(), 20);
  auto& layers = result.plans[3].layers;
  for (const int doubled : {40, 80}) {
    const auto before = layers;
    layers.insert(layers.end(), before.begin(), before.end());
    ASSERT_EQ(layers.size(), static_cast<std::size_t>(doubled));
  }
  EXPECT_EQ(numbers(), 0);
}

TEST(ChannelChart, ShowsTheWholeNetworksChannelsOnlyWhereNoOtherPlanIsShown) {
  auto result = pruned_result();
  const auto layers = static_cast<int>(result.plans[3].layers.size());
  const std::string svg = channel_chart(result, 3, 3);
  EXPECT_EQ(count_class(svg, "rect", "seen"), layers);
  EXPECT_EQ(count_class(svg, "rect", "front"), 2 * layers);
  result.plans[3].layers.clear();
  EXPECT_EQ(channel_chart(result, 3, 0), "");
}

TEST(ChannelChart, ShowsTimesWhereEnergyIsNotModelled) {
  auto result = pruned_result();
  result.energy_components.clear();
  const std::string svg = channel_chart(result, 3, 0);
  EXPECT_THAT(svg, testing::HasSubstr("Channels and latency by layer"));
  const double pale = heights(svg, "seen")[3], solid = heights(svg, "front")[3];
  const double share = static_cast<double>(result.plans[3].layers[1].cycles) /
                       static_cast<double>(result.plans[0].layers[1].cycles);
  EXPECT_NEAR(solid, share * pale, 0.2);
}

TEST(ChannelChart, StandsHostileTexts) {
  auto result = report_test::hostile_result();
  EXPECT_EQ(report_test::markup_problem(channel_chart(result, 3, 0)), "");
}

}  // namespace
}  // namespace hwflow::report
