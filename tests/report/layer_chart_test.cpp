#include <gtest/gtest.h>

#include <string>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::fake_result;

TEST(LayerChart, StacksEveryComponentAndOutlinesTheReference) {
  const auto result = fake_result();
  const auto layers = static_cast<int>(result.plans[3].layers.size());
  const std::string svg = layer_chart(result, 3, 0);
  EXPECT_EQ(report_test::markup_problem(svg), "");
  for (std::size_t c = 0; c < 6; ++c)
    EXPECT_EQ(count_class(svg, "rect", component_class(c)), layers);
  EXPECT_EQ(count_class(svg, "rect", "outline"), layers);
  EXPECT_EQ(count_class(svg, "rect", "bits"), 2 * layers);
}

TEST(LayerChart, OutlinesOnlyWhatMatches) {
  auto result = fake_result();
  EXPECT_EQ(count_class(layer_chart(result, 3, 3), "rect", "outline"), 0);
  result.plans[0].layers.pop_back();
  EXPECT_EQ(count_class(layer_chart(result, 3, 0), "rect", "outline"), 0);
}

TEST(LayerChart, StandsAuxiliaryLayersAndNone) {
  auto result = fake_result();
  result.plans[3].layers[2].plan_index.reset();  // an addition: no weights, so one cell less
  const auto layers = static_cast<int>(result.plans[3].layers.size());
  EXPECT_EQ(count_class(layer_chart(result, 3, 0), "rect", "bits"), 2 * layers - 1);
  result.plans[3].layers.clear();
  EXPECT_EQ(layer_chart(result, 3, 0), "");
}

}  // namespace
}  // namespace hwflow::report
