#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;

TEST(GroupChart, StacksComponentsByGroupUnderTheWidthsOfEveryLayer) {
  const auto result = report_test::fused_result();
  int layers = 0;
  for (const auto& group : result.plans[3].groups) layers += static_cast<int>(group.members.size());
  const std::string svg = group_chart(result, 3);
  EXPECT_EQ(report_test::markup_problem(svg), "");
  for (std::size_t c = 0; c < 6; ++c) EXPECT_EQ(count_class(svg, "rect", component_class(c)), 3);
  EXPECT_EQ(count_class(svg, "rect", "bits"), 2 * layers);
  EXPECT_THAT(svg, testing::HasSubstr("tile 4 x 32, 2 parts"));
  EXPECT_THAT(svg, testing::HasSubstr("by itself"));
}

TEST(GroupChart, IsEmptyForPlansLayerByLayer) {
  EXPECT_EQ(group_chart(report_test::fake_result(), 3), "");
}

}  // namespace
}  // namespace hwflow::report
