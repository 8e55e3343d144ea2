#include "report/resilience_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/csv.hpp"
#include "report/json.hpp"
#include "report/terminal_table.hpp"
#include "tests/report/fake_result.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The first plan: 20 of a million predicted, 3 of 1000 flips failed.
TEST(ResilienceTables, ARowForEachFinishedAndEachDrawnPlan) {
  const auto result = report_test::resilient_result();
  const auto rows = failure_cells(result);
  ASSERT_EQ(rows.size(), 1 + result.plans.size() + 2);
  EXPECT_EQ(rows[1][0], result.plans[0].label);
  EXPECT_EQ(rows[1][1], "20.0 ± 2.00");
  EXPECT_EQ(rows[1][2], "30.0");
  EXPECT_EQ(rows[1][3], "10.0 to 90.0");
  EXPECT_EQ(rows.back()[0], "front, plan 1, not re-trained");
  EXPECT_THAT(failure_note(result), HasSubstr("over 2 plans of the front"));
  EXPECT_THAT(failure_note(result), HasSubstr("its images: 1.00."));
}

TEST(ResilienceTables, AreInTheTextTheJsonAndTheCsv) {
  const auto result = report_test::resilient_result();
  const std::string text = terminal_table(result);
  EXPECT_THAT(text, HasSubstr("failures / 1e6"));
  EXPECT_THAT(text, HasSubstr("failures of a million"));
  EXPECT_THAT(text, HasSubstr("Rank correlation"));
  const std::string json = result_json(result, "");
  EXPECT_THAT(json, HasSubstr("\"failure_rate\": "));
  EXPECT_THAT(json, HasSubstr("\"resilience\": {"));
  EXPECT_THAT(json, HasSubstr("\"rank_correlation\": 1"));
  EXPECT_THAT(front_csv(result), HasSubstr(",macs,failure_rate,plan\r\n"));
  EXPECT_THAT(plans_csv(result), HasSubstr(",macs,failure_rate,finetune_epochs\r\n"));
  EXPECT_THAT(failures_csv(result), HasSubstr(",1,2e-05,2e-06,3e-05,1e-05,9e-05,"));
  EXPECT_THAT(flips_csv(result), HasSubstr("\r\nweights,conv1,8,1000,3,0.003,0.001\r\n"));
}

TEST(ResilienceTables, SayNothingWhereFailuresAreNotPredicted) {
  const auto result = report_test::fake_result();
  EXPECT_TRUE(failure_cells(result).empty());
  EXPECT_EQ(failure_note(result), "");
  EXPECT_THAT(result_json(result, ""), Not(HasSubstr("failure_rate")));
  EXPECT_THAT(front_csv(result) + plans_csv(result), Not(HasSubstr("failure_rate")));
  EXPECT_THAT(terminal_table(result), Not(HasSubstr("failures")));
}

}  // namespace
}  // namespace hwflow::report
