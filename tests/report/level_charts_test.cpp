#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::count_class;
using report_test::leveled_result;
using report_test::markup_problem;

TEST(LevelCharts, CurvesHaveAPointPerGenerationInTheColourOfTheirModel) {
  auto result = leveled_result();
  const std::string svg = level_curves_chart(result);
  EXPECT_EQ(markup_problem(svg), "");
  for (const char* colour : {"p0", "p1", "p2"}) EXPECT_EQ(count_class(svg, "circle", colour), 4);
  EXPECT_EQ(count_class(svg, "polyline", "own"), 2);  // the last level's is the solid one

  // Not compared: the own curves, and points of the last level only.
  for (auto& level : result.levels) {
    if (level.model == study::Abstraction::fine) continue;
    for (auto& generation : level.generations) generation.final_hypervolume.reset();
  }
  const std::string plain = level_curves_chart(result);
  EXPECT_EQ(markup_problem(plain), "");
  EXPECT_EQ(count_class(plain, "circle", "p0"), 0);
  EXPECT_EQ(count_class(plain, "polyline", "own"), 2);
  EXPECT_EQ(level_curves_chart({}), "");
}

/// Witness: costs are a half, three quarters and all of those in the end, so the points of one plan
/// lie at x with equal distances.
TEST(LevelCharts, FrontsShowWhatEachModelSays) {
  study::CodesignResult result = leveled_result();
  for (auto& level : result.levels) level.front.resize(1);
  const std::string svg = level_fronts_chart(result, CostAxis::energy);
  EXPECT_EQ(markup_problem(svg), "");
  std::map<std::string, double> x, y;
  for (const auto& element : report_test::elements_of(svg)) {
    if (element.name != "circle") continue;
    x[element.attribute("class")] = std::stod(element.attribute("cx"));
    y[element.attribute("class")] = std::stod(element.attribute("cy"));
  }
  ASSERT_EQ(x.size(), 3U);
  EXPECT_LT(x["p0"], x["p1"]);
  EXPECT_NEAR(x["p1"] - x["p0"], x["p2"] - x["p1"], 0.05);
  EXPECT_EQ(y["p0"], y["p2"]);
}

TEST(LevelCharts, FrontsStandLevelsWithoutAFront) {
  study::CodesignResult result = leveled_result();
  result.levels[1].front.clear();
  for (const CostAxis axis : {CostAxis::energy, CostAxis::latency, CostAxis::model_size}) {
    EXPECT_EQ(markup_problem(level_fronts_chart(result, axis)), "");
  }
  for (auto& level : result.levels) level.front.clear();
  EXPECT_EQ(level_fronts_chart(result, CostAxis::energy), "");
}

}  // namespace
}  // namespace hwflow::report
