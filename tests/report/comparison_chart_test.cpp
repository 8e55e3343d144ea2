#include <gtest/gtest.h>

#include <map>

#include "report/comparison.hpp"
#include "tests/report/fake_comparison.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::fake_comparison;
using report_test::markup_problem;

TEST(ComparisonChart, HasALineAndAStarForEachMachine) {
  const auto comparison = fake_comparison();
  for (const CostAxis axis : {CostAxis::energy, CostAxis::latency}) {
    const std::string svg = comparison_chart(comparison, axis);
    EXPECT_EQ(markup_problem(svg), "");
    for (const char* line : {"m0", "m1", "m2"}) EXPECT_EQ(count_class(svg, "polyline", line), 1);
    EXPECT_EQ(count_class(svg, "polygon", "c0"), 1);
    EXPECT_EQ(count_class(svg, "polygon", "c1"), 1);
    EXPECT_EQ(count_class(svg, "polygon", "c2"), 0);  // nothing within the tolerance
  }
  EXPECT_EQ(count_class(comparison_chart(comparison, CostAxis::dram), "polygon", "c0"), 0);
}

/// One plan each, at equal accuracy: the energies are as 1 to 1/2 on a linear scale that begins
/// near them, so the second machine stands to the left at equal height.
TEST(ComparisonChart, PutsMachinesOnOneScale) {
  auto comparison = fake_comparison();
  comparison.accelerators.pop_back();
  for (auto& machine : comparison.accelerators) {
    machine.result.front.resize(1);
    machine.least_energy.reset();
  }
  const std::string svg = comparison_chart(comparison, CostAxis::energy);
  std::map<std::string, double> x, y;
  for (const auto& element : report_test::elements_of(svg)) {
    if (element.name != "circle") continue;
    x[element.attribute("class")] = std::stod(element.attribute("cx"));
    y[element.attribute("class")] = std::stod(element.attribute("cy"));
  }
  ASSERT_EQ(x.size(), 2U);
  EXPECT_LT(x["c1"], x["c0"]);
  EXPECT_EQ(y["c0"], y["c1"]);
}

TEST(ComparisonChart, StandsMachinesWithoutAFront) {
  auto comparison = fake_comparison();
  comparison.accelerators[0].result.front.clear();
  EXPECT_EQ(markup_problem(comparison_chart(comparison, CostAxis::energy)), "");
  comparison.accelerators.clear();
  EXPECT_EQ(comparison_chart(comparison, CostAxis::energy), "");
}

}  // namespace
}  // namespace hwflow::report
