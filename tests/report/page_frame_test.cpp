#include "report/page_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

using testing::HasSubstr;

TEST(PageFrame, IsAPageThatLoadsNothing) {
  const std::string page = framed_page("a &amp; b", "<p>text</p>\n");
  EXPECT_EQ(report_test::markup_problem(page), "");
  EXPECT_THAT(page, testing::StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page, HasSubstr("<title>a &amp; b</title>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("<body>\n<p>text</p>\n</body>"));
}

TEST(PageFrame, CardsEscapeWhatTheyTell) {
  EXPECT_EQ(card("<1", "a & b"), "<div class=\"card\"><b>&lt;1</b><span>a &amp; b</span></div>\n");
}

}  // namespace
}  // namespace hwflow::report
