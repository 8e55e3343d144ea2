#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::fake_result;
using report_test::markup_problem;

constexpr CostAxis kAxes[] = {CostAxis::energy, CostAxis::latency, CostAxis::dram,
                              CostAxis::model_size};

TEST(FrontChart, DrawsEveryPlanOnceInItsPlace) {
  const auto result = fake_result();
  for (const CostAxis axis : kAxes) {
    const std::string svg = front_chart(result, axis);
    EXPECT_EQ(markup_problem(svg), "");
    EXPECT_EQ(count_class(svg, "circle", "front"), static_cast<int>(result.front.size()));
    EXPECT_EQ(count_class(svg, "polygon", "base"), 3);
    EXPECT_EQ(count_class(svg, "polygon", "pick"), 2);
    int rest = 0;
    for (std::size_t i = 3; i < result.evaluated.size(); ++i) rest += !result.evaluated[i].on_front;
    EXPECT_EQ(count_class(svg, "circle", "seen"), rest);
  }
}

// Law: on a linear axis, pixels are proportional to differences. Three plans: cost 10, 20, 30.
TEST(FrontChart, PlacesPlansInProportion) {
  study::CodesignResult result;
  result.accelerator.clock_mhz = 100.0;
  for (int i = 1; i <= 3; ++i) {
    study::EvaluatedPlan plan;
    plan.accuracy = {800 + 50 * i, 1000};
    plan.hardware.energy_pj = 10.0 * i;
    plan.on_front = true;
    result.front.push_back(result.evaluated.size());
    result.evaluated.push_back(plan);
  }
  std::vector<double> x, y;
  for (const auto& element : report_test::elements_of(front_chart(result, CostAxis::energy))) {
    if (element.name != "circle") continue;
    x.push_back(std::stod(element.attribute("cx")));
    y.push_back(std::stod(element.attribute("cy")));
  }
  ASSERT_EQ(x.size(), 3U);
  EXPECT_NEAR(x[1] - x[0], x[2] - x[1], 0.02);
  EXPECT_NEAR(y[1] - y[0], y[2] - y[1], 0.02);
  EXPECT_GT(x[2], x[0]);
  EXPECT_LT(y[2], y[0]);  // better is higher, that is, of smaller y
}

TEST(FrontChart, StandsDegenerateResults) {
  EXPECT_EQ(front_chart({}, CostAxis::energy), "");
  study::CodesignResult one;
  one.evaluated.resize(1);  // accuracy 0 of 0, all costs 0, no clock
  for (const CostAxis axis : kAxes) EXPECT_EQ(markup_problem(front_chart(one, axis)), "");
}

}  // namespace
}  // namespace hwflow::report
