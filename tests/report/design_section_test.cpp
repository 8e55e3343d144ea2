#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html_report.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

TEST(DesignSection, ComparesDesignsWithTheReference) {
  const auto result = report_test::designed_result();
  const std::string html = design_section(result);
  EXPECT_THAT(html, HasSubstr("Nested search over plans and 1"));
  EXPECT_THAT(html, HasSubstr("400 plans were looked at and 333 measured"));
  EXPECT_THAT(html, HasSubstr("67 were not"));
  EXPECT_THAT(html, HasSubstr("<td class=\"left\">reference, 8/8</td>"
                              "<td class=\"left\">8 x 64 x 8, 4096 / 4096 entries</td>"));
  EXPECT_THAT(html, HasSubstr("<td>15301 (100 %)</td><td>128 (100 %)</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<td>13924 (91 %)</td><td>52 (41 %)</td></tr>"));
  // Every plan is shown on a design of 5000 LUTs and 20 block RAMs.
  EXPECT_THAT(html, HasSubstr("<td>5000 (33 %)</td><td>20 (16 %)</td></tr>"));
  EXPECT_EQ(report_test::markup_problem(html_report(result)), "");
}

TEST(DesignSection, NoTextBreaksOut) {
  const std::string page = html_report(report_test::hostile_designed_result());
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_EQ(page.find("<script>"), std::string::npos);
}

TEST(DesignSection, IsLeftOutWithoutDesigns) {
  EXPECT_EQ(design_section(report_test::fake_result()), "");
}

TEST(DesignSection, EnergyIsNotShownWhereItIsNotModelled) {
  const std::string page = html_report(report_test::designed_result());
  EXPECT_EQ(page.find("Search accuracy against energy"), std::string::npos);
  EXPECT_EQ(page.find("Energy of the shown plans by component"), std::string::npos);
}

}  // namespace
}  // namespace hwflow::report
