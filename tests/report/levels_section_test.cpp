#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html_report.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

TEST(LevelsSection, HasARowPerLevelAndAFrontPerCost) {
  const auto result = report_test::leveled_result();
  const std::string html = levels_section(result);
  // 33 + 27 g evaluations after generation g: 114 at the coarse level, then 4 x 27.
  EXPECT_THAT(html, HasSubstr("<tr><td>coarse</td><td>1.0e21</td><td>3</td><td>114</td>"
                              "<td>333</td><td>0</td><td>0</td><td>46.0 s</td>"));
  EXPECT_THAT(html, HasSubstr("<tr><td>fine</td><td>4.0e12</td><td>3</td><td>108</td>"
                              "<td>331</td><td>120</td><td>820</td>"));
  EXPECT_THAT(html, HasSubstr("Front of each level: energy"));
  EXPECT_THAT(html, HasSubstr("Front of each level: latency"));
  EXPECT_EQ(html.find("Front of each level: model size"), std::string::npos);
  EXPECT_EQ(report_test::markup_problem(html_report(result)), "");
}

TEST(LevelsSection, IsLeftOutForOneLevel) {
  auto result = report_test::leveled_result();
  result.levels.erase(result.levels.begin(), result.levels.begin() + 2);
  EXPECT_EQ(levels_section(result), "");
  EXPECT_EQ(levels_section(report_test::fake_result()), "");
}

}  // namespace
}  // namespace hwflow::report
