#include "report/html_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "report/terminal_table.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using report_test::markup_problem;
using testing::HasSubstr;
using testing::Not;

TEST(HtmlReport, IsWellFormed) {
  EXPECT_EQ(markup_problem(html_report(report_test::fake_result())), "");
}

TEST(HtmlReport, IsWellFormedWhenEmpty) { EXPECT_EQ(markup_problem(html_report({})), ""); }

TEST(HtmlReport, NeedsNothingFromOutside) {
  const std::string page = html_report(report_test::fake_result());
  for (const auto& element : report_test::elements_of(page)) {
    for (const auto& [name, value] : element.attributes) {
      EXPECT_TRUE(name != "src" && name != "href" && !name.starts_with("on")) << element.name;
      const bool reference =
          value.find("http:") != value.npos || value.find("https:") != value.npos;
      EXPECT_TRUE(name == "xmlns" || !reference) << value;
    }
    EXPECT_TRUE(element.name != "script" && element.name != "link" && element.name != "iframe");
  }
  EXPECT_THAT(page, Not(HasSubstr("url(")));
  EXPECT_THAT(page, Not(HasSubstr("@import")));
}

TEST(HtmlReport, EscapesEveryTextFromOutside) {
  const std::string page = html_report(report_test::hostile_result());
  EXPECT_EQ(markup_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
}

TEST(HtmlReport, AProxyIsNotCalledAnAccuracy) {
  auto result = report_test::fake_result();
  EXPECT_THAT(html_report(result), HasSubstr("search accuracy"));
  result.ranked_by_proxy = true;
  result.search_caveat = "No accuracy was measured.";
  result.headline.reset();
  result.paired_tests.clear();
  for (study::PlanDetails& plan : result.plans) plan.reason = "Its proxy is high.";
  const std::string page = html_report(result);
  EXPECT_EQ(markup_problem(page), "");
  EXPECT_THAT(page, Not(HasSubstr("search accuracy")));
  EXPECT_THAT(page, Not(HasSubstr("Held out: accuracy")));
  EXPECT_THAT(page, Not(HasSubstr("No re-trained pick")));
  EXPECT_THAT(page, HasSubstr("<th>proxy (no accuracy)</th>"));
  EXPECT_THAT(page, HasSubstr("No accuracy was measured."));
  for (const char* of_accuracies : {"points below", "held out,<br>", "test, integer"})
    EXPECT_THAT(page, Not(HasSubstr(of_accuracies)));
  EXPECT_THAT(terminal_table(result, 3), Not(HasSubstr("test accuracy")));
}

/// What is exact has no error, and is told as a share wherever it is told.
TEST(HtmlReport, AProxyHasNoBars) {
  auto result = report_test::fake_result();
  const std::string of_accuracies = html_report(result);
  EXPECT_THAT(of_accuracies, HasSubstr("front (bar: standard error)"));
  EXPECT_THAT(of_accuracies, HasSubstr("class=\"front-error\""));
  result.ranked_by_proxy = true;
  const std::string page = html_report(result);
  EXPECT_THAT(page, Not(HasSubstr("standard error)")));
  EXPECT_THAT(page, HasSubstr(">proxy (no accuracy)</text>"));
  EXPECT_THAT(page, Not(HasSubstr("proxy (no accuracy) (%)")));
  EXPECT_THAT(page, Not(HasSubstr("class=\"front-error\"")));
}

TEST(HtmlReport, SaysWhenTheRunWasStopped) {
  auto result = report_test::fake_result();
  EXPECT_THAT(html_report(result), Not(HasSubstr("stopped before its end")));
  result.stopped = true;
  EXPECT_THAT(html_report(result), HasSubstr("stopped before its end"));
}

}  // namespace
}  // namespace hwflow::report
