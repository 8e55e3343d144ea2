#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "report/html_report.hpp"
#include "report/sections.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

TEST(PageStyle, KnowsEveryClassOfThePage) {
  const std::string style(page_style());
  std::set<std::string> used;
  for (const auto& element : report_test::elements_of(html_report(report_test::fake_result()))) {
    std::istringstream classes(element.attribute("class"));
    for (std::string css; classes >> css;) used.insert(css);
  }
  EXPECT_GT(used.size(), 30U);
  used.erase("bits");  // groups the b1 to b9, which carry the colours
  for (const std::string& css : used) {
    const std::size_t at = style.find("." + css);
    EXPECT_NE(at, std::string::npos) << css;
  }
}

TEST(PageStyle, DefinesEveryColourInBothSchemes) {
  const std::string style(page_style());
  const std::size_t dark = style.find("prefers-color-scheme:dark");
  ASSERT_NE(dark, std::string::npos);
  for (std::size_t at = style.find("var(--"); at != std::string::npos;
       at = style.find("var(--", at + 1)) {
    const std::string name = style.substr(at + 4, style.find(')', at) - at - 4) + ":";
    EXPECT_LT(style.find(name), dark) << name;
    if (name != "--good:") {
      EXPECT_NE(style.find(name, dark), std::string::npos) << name;
    }
  }
}

TEST(PageStyle, HasARuleForPrint) {
  EXPECT_THAT(std::string(page_style()), testing::HasSubstr("@media print"));
}

}  // namespace
}  // namespace hwflow::report
