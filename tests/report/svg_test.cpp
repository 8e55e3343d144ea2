#include "report/svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/check.hpp"
#include "tests/report/fake_result.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

TEST(Svg, WritesWhatWasDrawn) {
  Svg svg(100, 50.5, "figure");
  svg.line({1, 2}, {3.456, 4}, "grid");
  svg.text({5, 6}, "a < b", "tick", Anchor::end, -90);
  svg.circle({7, 8}, 2, "front", "hover & more");
  // Golden, read against the SVG 1.1 recommendation: short, so that the eye can check it.
  EXPECT_EQ(
      svg.str(),
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 50.5\" role=\"img\" "
      "aria-label=\"figure\" style=\"max-width:100px;min-width:65px\">\n"
      "<line x1=\"1\" y1=\"2\" x2=\"3.46\" y2=\"4\" class=\"grid\"/>\n"
      "<text x=\"5\" y=\"6\" text-anchor=\"end\" class=\"tick\" transform=\"rotate(-90 5 6)\">"
      "a &lt; b</text>\n"
      "<circle cx=\"7\" cy=\"8\" r=\"2\" class=\"front\"><title>hover &amp; more</title>"
      "</circle>\n"
      "</svg>\n");
}

TEST(Svg, IsWellFormedWhateverTheTexts) {
  const char* hostile = report_test::kHostile;
  Svg svg(10, 10, hostile);
  svg.begin_clip({0, 0, 5, 5});
  svg.rect({0, 0, -1, 2}, hostile, hostile);
  svg.diamond({1, 1}, 1, "x", hostile);
  svg.star({1, 1}, 1, "x", hostile);
  svg.polyline({{0, 0}, {1, 1}}, "x");
  svg.end_group();
  svg.text({0, 0}, hostile, hostile);
  EXPECT_EQ(report_test::markup_problem(svg.str()), "");
  EXPECT_THAT(svg.str(), testing::Not(testing::HasSubstr("<script")));
  EXPECT_THAT(svg.str(), testing::HasSubstr("width=\"0\""));  // never negative
}

TEST(Svg, RefusesNumbersThatAreNone) {
  Svg svg(10, 10, "");
  EXPECT_THROW(svg.circle({std::nan(""), 0}, 1, "x"), InternalError);
}

TEST(Svg, CountsCharactersNotBytes) {
  EXPECT_DOUBLE_EQ(text_width("\u00b5J", 10.0), text_width("uJ", 10.0));
}

TEST(Svg, AnArrowPointsDown) {
  Svg svg(100, 50, "t");
  svg.arrow_down({20, 30}, 4, "base");
  EXPECT_THAT(svg.str(),
              testing::HasSubstr("<polygon points=\"16,26 24,26 20,34\" class=\"base\""));
}

}  // namespace
}  // namespace hwflow::report
