#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <utility>
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
                              CostAxis::model_size, CostAxis::macs};

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

/// Texts of a drawing.
std::vector<std::string> texts_of(const std::string& svg) {
  std::vector<std::string> texts;
  for (std::size_t at = svg.find("<text"); at != std::string::npos;
       at = svg.find("<text", at + 1)) {
    const std::size_t from = svg.find('>', at) + 1;
    texts.push_back(svg.substr(from, svg.find("</text>", from) - from));
  }
  return texts;
}

// Uniform 8/8 at 90 %, 4/4 at 80 %, 3/3 at 41 % and 2/2 at 10 %; the plot ends at 65 % at most.
TEST(FrontChart, BaselinesBelowTheWindowStandAtItsBottomWithTheirValue) {
  study::CodesignResult result;
  result.accelerator.clock_mhz = 100.0;
  const std::vector<std::pair<int, int>> rows{{8, 900}, {4, 800}, {3, 410}, {2, 100}};
  for (const auto& [bits, correct] : rows) {
    study::EvaluatedPlan plan;
    plan.plan = CompressionPlan::uniform(3, bits, bits);
    plan.accuracy = {correct, 1000};
    plan.hardware = {10.0 * bits, 10 * bits, 10 * bits, 10 * bits, 10 * bits};
    result.baselines.push_back(result.evaluated.size());
    result.evaluated.push_back(plan);
  }
  for (const CostAxis axis : kAxes) {
    const std::string svg = front_chart(result, axis);
    EXPECT_EQ(markup_problem(svg), "");
    EXPECT_THAT(texts_of(svg), testing::IsSupersetOf({"8/8", "4/4", "3/3: 41.0 %", "2/2: 10.0 %"}));
    int inside = 0;
    for (const auto& element : report_test::elements_of(svg)) {
      if (element.name != "polygon") continue;
      std::istringstream points(element.attribute("points"));
      bool within = true;
      for (std::string point; points >> point;) {
        const double y = std::stod(point.substr(point.find(',') + 1));
        within = within && y >= 0.0 && y <= 400.0 - 42.0;  // height less the bottom margin
      }
      inside += within ? 1 : 0;
    }
    EXPECT_EQ(inside, 4);
  }
}

TEST(FrontChart, MacsHaveTheirUnit) {
  auto result = fake_result();
  for (auto& plan : result.evaluated) plan.hardware.macs = 41'000'000;
  EXPECT_THAT(texts_of(front_chart(result, CostAxis::macs)), testing::Contains("MACs (MMAC)"));
}

TEST(FrontChart, StandsDegenerateResults) {
  EXPECT_EQ(front_chart({}, CostAxis::energy), "");
  study::CodesignResult one;
  one.evaluated.resize(1);  // accuracy 0 of 0, all costs 0, no clock
  for (const CostAxis axis : kAxes) EXPECT_EQ(markup_problem(front_chart(one, axis)), "");
}

}  // namespace
}  // namespace hwflow::report
