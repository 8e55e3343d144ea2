#include "tests/report/markup.hpp"

#include <gtest/gtest.h>

namespace hwflow::report_test {
namespace {

// The other tests lean on this checker: it must see what is broken.
TEST(Markup, AcceptsWhatIsWellFormed) {
  EXPECT_EQ(markup_problem("<!DOCTYPE html><p class=\"a\">x &lt; y<br></p><circle r=\"1\"/>"), "");
}

TEST(Markup, RefusesWhatIsNot) {
  for (const char* text :
       {"<p>", "</p>", "<p></q>", "<p a=b></p>", "<p a=\"x></p>", "a & b", "a > b",
        "<p a=\"<\"></p>", "<p a=\"1\" a=\"2\"></p>", "&nbsp;", "\x01", "< p></p>"}) {
    EXPECT_NE(markup_problem(text), "") << text;
  }
}

TEST(Markup, CountsClasses) {
  EXPECT_EQ(count_class("<a class=\"x y\"/><b class=\"y\"/><b class=\"yy\"/>", "", "y"), 2);
  EXPECT_EQ(count_class("<a class=\"x y\"/><b class=\"y\"/>", "b", "y"), 1);
}

}  // namespace
}  // namespace hwflow::report_test
