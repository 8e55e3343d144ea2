#include "report/design_charts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(PairsChart, HasAPointForEveryPlanOfAPair) {
  const auto result = report_test::designed_result();
  for (std::size_t k = 0; k < 4; ++k)
    EXPECT_EQ(count(pairs_chart(result, k), "class=\"front\""), result.front.size());
  // The third design is the fastest of every plan, the first takes the least LUTs.
  EXPECT_EQ(count(pairs_chart(result, 0), "4 x 192 x 8"), result.front.size());
  EXPECT_EQ(count(pairs_chart(result, 2), "LUTs 5000"), result.front.size());
}

TEST(PairsChart, IsEmptyWithoutPairs) {
  auto result = report_test::designed_result();
  result.hardware_search->pairs.clear();
  EXPECT_EQ(pairs_chart(result, 0), "");
}

TEST(PairCurveChart, HasAPointForEveryGeneration) {
  const auto result = report_test::designed_result();
  for (const CurveAxis axis : {CurveAxis::evaluations, CurveAxis::seconds})
    EXPECT_EQ(count(pair_curve_chart(result, axis), "<circle"), 11U);
  EXPECT_THAT(pair_curve_chart(result, CurveAxis::evaluations),
              HasSubstr("generation 10\nhypervolume"));
}

TEST(LayerCostsChart, HasCellsAndTwoBarsForEveryLayer) {
  const auto result = report_test::designed_result();
  const std::string svg = layer_costs_chart(result, 0);
  EXPECT_EQ(count(svg, "class=\"c0\""), 2 * result.plans[0].layers.size());
  EXPECT_EQ(count(svg, "class=\"bits"), 2 * result.plans[0].layers.size());
}

TEST(DesignCost, IsToldInUnitsOfItsOwn) {
  auto result = report_test::designed_result();
  result.accelerator.clock_mhz = 200.0;
  EXPECT_EQ(design_cost_text(result, 0, 2e5), "1 ms");  // 200 000 cycles of 5 ns
  EXPECT_EQ(design_cost_text(result, 1, 8e6), "1 MB");
  EXPECT_EQ(design_cost_text(result, 2, 15'300.8), "15301");
  EXPECT_EQ(design_cost_text(result, 3, 128.0), "128");
  EXPECT_EQ(design_cost_name("dram"), "DRAM traffic");
  EXPECT_EQ(design_cost_name("lut"), "LUTs");
  EXPECT_EQ(design_cost_name("bram"), "block RAMs");
  EXPECT_EQ(design_cost_name("area"), "area");
}

}  // namespace
}  // namespace hwflow::report
