#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/csv.hpp"
#include "report/html_report.hpp"
#include "report/json.hpp"
#include "report/sections.hpp"
#include "report/terminal_table.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

/// A search at three levels of which the last two predicted their offspring.
study::CodesignResult predicted_result() {
  auto result = report_test::leveled_result();
  for (const std::size_t level : {1U, 2U}) {
    for (std::size_t i = 1; i < 4; ++i) {
      result.levels[level].generations[i].rank_correlation =
          0.5 + 0.1 * static_cast<double>(level) + 0.05 * static_cast<double>(i);
    }
  }
  result.generations = result.levels.back().generations;
  return result;
}

TEST(SurrogateSection, HasARowPerPredictedGeneration) {
  const auto result = predicted_result();
  const std::string html = surrogate_section(result);
  // Generations 5 to 7 are of the mid level, 9 to 11 of the fine one; each measured 27 plans.
  EXPECT_THAT(html, HasSubstr("<tr><td>mid</td><td>5</td><td>27</td><td>0.65</td>"));
  EXPECT_THAT(html, HasSubstr("<tr><td>fine</td><td>11</td><td>27</td><td>0.85</td>"));
  EXPECT_THAT(html, testing::Not(HasSubstr("<td>coarse</td>")));
  EXPECT_THAT(html_report(result), HasSubstr("Predicted accuracies"));
  EXPECT_EQ(report_test::markup_problem(html_report(result)), "");
}

/// 0.65, 0.70, 0.75 and 0.75, 0.80, 0.85.
TEST(SurrogateSection, ALineSaysHowGoodItWas) {
  EXPECT_THAT(terminal_table(predicted_result()),
              HasSubstr("\nPredicted accuracies chose what was measured: rank correlation 0.75 "
                        "(median of 6 generations, 0.65 to 0.85)\n"));
}

TEST(SurrogateSection, TablesHoldTheCorrelation) {
  const auto result = predicted_result();
  const std::string generations = generations_csv(result);
  EXPECT_THAT(generations, testing::StartsWith("generation,evaluations,front_size,hypervolume,"
                                               "rank_correlation\r\n"));
  EXPECT_THAT(generations, HasSubstr(",0.75\r\n"));
  EXPECT_THAT(levels_csv(result), HasSubstr(",final_hypervolume,rank_correlation,"));
  EXPECT_THAT(result_json(result, ""), HasSubstr("\"rank_correlation\": 0.65"));
  EXPECT_THAT(result_json(result, ""), HasSubstr("\"rank_correlation\": null"));
}

TEST(SurrogateSection, IsLeftOutWhereNothingWasPredicted) {
  EXPECT_EQ(surrogate_section(report_test::leveled_result()), "");
  EXPECT_EQ(surrogate_line(report_test::fake_result()), "");
  auto one_level = report_test::fake_result();
  one_level.generations[3].rank_correlation = 0.9;
  EXPECT_THAT(surrogate_section(one_level), HasSubstr("<td>3</td><td>30</td><td>0.90</td>"));
}

}  // namespace
}  // namespace hwflow::report
