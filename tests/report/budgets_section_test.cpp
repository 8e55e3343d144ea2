#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html_report.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BudgetsSection, HasARowForEachBudgetAndThePlansToCopy) {
  const auto result = report_test::budgeted_result();
  const std::string html = budgets_section(result);
  EXPECT_THAT(html_report(result), HasSubstr(html));
  EXPECT_EQ(report_test::markup_problem(html_report(result)), "");
  EXPECT_THAT(html, HasSubstr("<h2>Most accurate within each budget</h2>"));
  EXPECT_THAT(html,
              HasSubstr("<td class=\"wrap\">all at once: 0.5 of energy and 0.375 of latency</td>"));
  EXPECT_THAT(html, HasSubstr("no measured plan"));
  for (const std::size_t row : {0U, 1U, 3U}) {
    const auto& plan = result.evaluated[*result.budget_winners[row].evaluated].plan;
    EXPECT_THAT(html, HasSubstr(to_text(plan) + "\n"));
  }
}

TEST(BudgetsSection, IsNothingWithoutBudgets) {
  EXPECT_EQ(budgets_section(report_test::fake_result()), "");
}

TEST(BudgetsSection, AProxyIsNotCalledAnAccuracy) {
  auto result = report_test::budgeted_result();
  result.ranked_by_proxy = true;
  result.float_confirmation.reset();
  const std::string html = budgets_section(result);
  EXPECT_THAT(html, HasSubstr("<h2>Greatest proxy within each budget</h2>"));
  EXPECT_THAT(html, Not(HasSubstr("ccurate")));
  EXPECT_THAT(html, HasSubstr("proxy (no accuracy)"));
}

TEST(BudgetsSection, EscapesLabels) {
  auto result = report_test::hostile_result();
  const auto budgets = report_test::budgeted_result();
  result.budget_winners = budgets.budget_winners;
  result.budget_reference = budgets.budget_reference;
  result.plans[3].evaluated = *result.budget_winners[0].evaluated;
  EXPECT_THAT(budgets_section(result), Not(HasSubstr("<script")));
  EXPECT_EQ(report_test::markup_problem(html_report(result)), "");
}

}  // namespace
}  // namespace hwflow::report
