#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::fake_result;

TEST(BarCharts, PiecesOfAPlanAreAsWideAsItsEnergies) {
  const auto result = fake_result();
  std::vector<double> widths;
  for (const auto& element : report_test::elements_of(energy_by_plan_chart(result))) {
    if (element.name == "rect") widths.push_back(std::stod(element.attribute("width")));
  }
  ASSERT_EQ(widths.size(), 5U * 6U);  // plans times components
  std::vector<double> energies;
  for (const auto& plan : result.plans) {
    for (std::size_t c = 0; c < 6; ++c) {
      energies.push_back(0.0);
      for (const auto& layer : plan.layers) energies.back() += layer.energy_by_component_pj[c];
    }
  }
  const double scale = widths[0] / energies[0];
  for (std::size_t i = 0; i < widths.size(); ++i) {
    EXPECT_NEAR(widths[i], scale * energies[i], 0.02) << i;
  }
}

TEST(BarCharts, WidthCellsShowTheBits) {
  const auto result = fake_result();
  const std::string svg = width_chart(result);
  EXPECT_EQ(report_test::markup_problem(svg), "");
  const auto layers = static_cast<int>(result.network.compute_layers.size());
  EXPECT_EQ(report_test::count_class(svg, "rect", "bits"), 5 * 2 * layers);
  // The 2/2 baseline keeps its two ends at 8: 2 * (layers - 2) cells of 2 bits there.
  int twos = 0;
  for (const auto& plan : result.plans) {
    for (const auto& pair : result.evaluated[plan.evaluated].plan.layers) {
      twos += (pair.weights == 2) + (pair.inputs == 2);
    }
  }
  EXPECT_GE(twos, 2 * (layers - 2));
  EXPECT_EQ(report_test::count_class(svg, "rect", "b2"), twos);
}

TEST(BarCharts, StandManyLayersAndNone) {
  EXPECT_EQ(energy_by_plan_chart({}), "");
  EXPECT_EQ(width_chart({}), "");
  auto result = fake_result();
  result.network.compute_layers.resize(300, "layer");
  for (auto& plan : result.evaluated) plan.plan.layers.resize(300, {4, 4});
  EXPECT_EQ(report_test::markup_problem(width_chart(result)), "");
}

}  // namespace
}  // namespace hwflow::report
