#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "report/comparison.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_comparison.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

TEST(ComparisonPage, ShowsMachinesChartsAndTransfers) {
  const std::string page = comparison_page(report_test::fake_comparison());
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, HasSubstr("<a href=\"half/report.html\">half</a>"));
  EXPECT_THAT(page, HasSubstr("Fronts of all machines: energy"));
  EXPECT_THAT(page, HasSubstr("Fronts of all machines: latency"));
  EXPECT_THAT(page, HasSubstr("<tr><td>half</td><td>1.100</td><td>1.110</td><td>-</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>half</td><td>2.100</td><td>2.110</td><td>-</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<td colspan=\"8\" class=\"left\">none</td>"));
}

TEST(ComparisonPage, ShowsMacsWherePlansDifferInThem) {
  auto comparison = report_test::fake_comparison();
  EXPECT_THAT(comparison_page(comparison), testing::Not(HasSubstr("Fronts of all machines: MACs")));
  comparison.accelerators[1].result.evaluated[7].hardware.macs /= 2;
  EXPECT_THAT(comparison_page(comparison), HasSubstr("Fronts of all machines: MACs"));
}

TEST(ComparisonPage, UsesClassesThatTheStyleKnows) {
  const std::string style(page_style());
  for (const auto& element :
       report_test::elements_of(comparison_page(report_test::fake_comparison()))) {
    std::istringstream classes(element.attribute("class"));
    for (std::string css; classes >> css;) {
      EXPECT_NE(style.find("." + css), std::string::npos) << css;
    }
  }
}

TEST(ComparisonPage, NoTextBreaksOut) {
  const std::string page = comparison_page(report_test::hostile_comparison());
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, testing::Not(HasSubstr("<script>")));
  EXPECT_THAT(page, HasSubstr("stopped before its end"));
}

TEST(ComparisonPage, IsWrittenIntoANewFolder) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hwflow_comparison" / "new";
  std::filesystem::remove_all(folder.parent_path());
  const auto comparison = report_test::fake_comparison();
  write_comparison(comparison, folder);
  const auto text_of = [&](const char* name) {
    std::ifstream stream(folder / name, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(stream)), {});
  };
  EXPECT_EQ(text_of("index.html"), comparison_page(comparison));
  EXPECT_EQ(text_of("comparison.json"), comparison_json(comparison));
  EXPECT_EQ(text_of("comparison.csv"), comparison_csv(comparison));
  EXPECT_EQ(text_of("transfers.csv"), transfers_csv(comparison));
  std::filesystem::remove_all(folder.parent_path());
}

}  // namespace
}  // namespace hwflow::report
