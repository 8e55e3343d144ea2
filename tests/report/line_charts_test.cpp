#include <gtest/gtest.h>

#include <string>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::fake_result;
using report_test::markup_problem;

TEST(LineCharts, RooflineHasAPointPerLayerAndItsRoofs) {
  const auto result = fake_result();
  const std::string svg = roofline_chart(result, 0);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(count_class(svg, "circle", "front"), static_cast<int>(result.plans[0].layers.size()));
  EXPECT_EQ(count_class(svg, "line", "roof"), 2);  // one peak, one slope
}

// Witness: a layer at half the peak lies log(2)/log(4) of the way between points at 1/4 and peak.
TEST(LineCharts, RooflineIsLogarithmic) {
  study::CodesignResult result = fake_result();
  auto& layers = result.plans[0].layers;
  layers.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    layers[i].macs = 1'000'000;
    layers[i].cycles = 10'000 << i;  // 100, 50 and 25 MACs a cycle
    layers[i].dram_bits = 8'000'000 >> i;
  }
  double y[3] = {}, x[3] = {};
  int at = 0;
  for (const auto& element : report_test::elements_of(roofline_chart(result, 0))) {
    if (element.name != "circle") continue;
    y[at] = std::stod(element.attribute("cy"));
    x[at++] = std::stod(element.attribute("cx"));
  }
  ASSERT_EQ(at, 3);
  EXPECT_NEAR(y[1] - y[0], y[2] - y[1], 0.02);
  EXPECT_NEAR(x[1] - x[0], x[2] - x[1], 0.02);
}

TEST(LineCharts, RooflineStandsUnlimitedBandwidthAndNoMacs) {
  auto result = fake_result();
  result.accelerator.dram_bits_per_cycle.reset();
  EXPECT_EQ(count_class(roofline_chart(result, 0), "line", "roof"), 1);
  for (auto& layer : result.plans[0].layers) layer.macs = 0;
  EXPECT_EQ(roofline_chart(result, 0), "");
}

TEST(LineCharts, ConvergenceHasAPointPerGeneration) {
  auto result = fake_result();
  const std::string svg = convergence_chart(result);
  EXPECT_EQ(markup_problem(svg), "");
  EXPECT_EQ(count_class(svg, "circle", "front"), 11);
  result.generations.resize(1);
  EXPECT_EQ(markup_problem(convergence_chart(result)), "");
  EXPECT_EQ(convergence_chart({}), "");
}

}  // namespace
}  // namespace hwflow::report
