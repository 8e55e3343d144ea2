#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/charts.hpp"
#include "report/html_report.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

TEST(ResilienceSection, ShowsPredictedBesideMeasuredAndWhatFlipsDo) {
  const auto result = report_test::resilient_result();
  const std::string html = resilience_section(result);
  EXPECT_THAT(html, HasSubstr("<h2>Failures by flipped bits</h2>"));
  EXPECT_THAT(html, HasSubstr("<td>conv1</td><td>weights</td><td>8</td>"));
  EXPECT_THAT(html, HasSubstr(result.plans.front().label));
  EXPECT_THAT(html_report(result), HasSubstr(html));
  EXPECT_EQ(report_test::markup_problem(html_report(result)), "");
}

TEST(ResilienceSection, TheFrontIsDrawnByFailures) {
  const auto result = report_test::resilient_result();
  EXPECT_THAT(front_chart(result, CostAxis::failure_rate), HasSubstr("of a million"));
  EXPECT_THAT(search_section(result), HasSubstr("Search accuracy against failures."));
}

TEST(ResilienceSection, IsLeftOutWhereFailuresAreNotPredicted) {
  EXPECT_EQ(resilience_section(report_test::fake_result()), "");
  EXPECT_THAT(html_report(report_test::fake_result()), testing::Not(HasSubstr("flipped bits")));
}

}  // namespace
}  // namespace hwflow::report
