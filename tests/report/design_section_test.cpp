#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "report/html_report.hpp"
#include "report/plan_facts.hpp"
#include "report/sections.hpp"
#include "report/terminal_table.hpp"
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
  EXPECT_EQ(page.find("<th>energy</th>"), std::string::npos);
  const auto tells_energy = [](const std::string& text) {
    return std::ranges::any_of(std::array{" pJ", " nJ", " \u00b5J", " mJ"}, [&](const char* unit) {
      return text.find(unit) != std::string::npos;
    });
  };
  EXPECT_FALSE(tells_energy(page));
  const std::string table = terminal_table(report_test::designed_result(), 3);
  EXPECT_FALSE(tells_energy(table));
  EXPECT_EQ(table.find(": energy "), std::string::npos);  // of the headline
  const std::string other = terminal_table(report_test::fake_result(), 3);
  EXPECT_TRUE(tells_energy(other));
  EXPECT_NE(other.find(": energy "), std::string::npos);
}

/// By hand: own designs take 3/4 of the cycles and half of the traffic, so what is left of the
/// saving in cycles is 1 - (1 - s) / 0.75, in traffic 1 - (1 - s) / 0.5.
TEST(DesignSection, TellsTheSavingAgainstTheBaselineOnItsOwnDesignFirst) {
  const auto result = report_test::designed_result();
  ASSERT_TRUE(result.headline.has_value());
  const auto own = headline_on_own_design(result);
  ASSERT_TRUE(own.has_value());
  EXPECT_NEAR(own->latency, 1.0 - (1.0 - result.headline->latency) / 0.75, 1e-4);
  EXPECT_NEAR(own->dram, 1.0 - (1.0 - result.headline->dram) / 0.5, 1e-4);
  EXPECT_NEAR(own->model_size, result.headline->model_size, 1e-12);
  const std::string html = headline_section(result), table = terminal_table(result, 3);
  for (const std::string& text : {html, table}) {
    const auto first = text.find("uniform 8/8 on its own"),
               second = text.find("8/8 on the reference");
    ASSERT_NE(first, std::string::npos);
    ASSERT_NE(second, std::string::npos);
    EXPECT_LT(first, second);
  }
  EXPECT_FALSE(headline_on_own_design(report_test::fake_result()).has_value());
}

/// Picks are on designs of 5000 LUTs and 20 block RAMs, baselines' own designs have twice as many.
TEST(DesignSection, TellsWhatTheDesignSaves) {
  const std::string html = headline_section(report_test::designed_result());
  EXPECT_THAT(html, HasSubstr("<th>LUTs</th><th>block RAMs</th><th>model size</th>"));
  EXPECT_THAT(html, HasSubstr("<td>50.0 % less</td><td>50.0 % less</td><td>"));
  EXPECT_EQ(headline_section(report_test::fake_result()).find("LUT"), std::string::npos);
}

}  // namespace
}  // namespace hwflow::report
