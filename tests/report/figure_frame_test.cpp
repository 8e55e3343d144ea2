#include "report/figure_frame.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

TEST(FigureFrame, TickTextsOfTheLowerAxisNeverTouch) {
  const Box area = plot_area(300, 200);
  Scale x, y = Scale::linear(0, 1, 4).on(area.bottom(), area.y);
  x = Scale::linear(1'000'000, 1'000'010, 10).on(area.x, area.right());  // long texts, many ticks
  Svg svg(300, 200, "");
  draw_axes(svg, area, x, y, "x", "y");
  double free_from = 0.0;
  int texts = 0;
  for (const auto& element : report_test::elements_of(svg.str())) {
    if (element.name != "text" || element.attribute("text-anchor") != "middle" ||
        element.attribute("class") != "tick") {
      continue;
    }
    const double half = text_width("1000000") / 2, at = std::stod(element.attribute("x"));
    EXPECT_GE(at - half, free_from);
    free_from = at + half;
    ++texts;
  }
  EXPECT_GE(texts, 3);
}

TEST(FigureFrame, AreaLeavesRoomForTheMargins) {
  const Box area = plot_area(100, 80, {10, 20, 5, 15});
  EXPECT_EQ(area.x, 10);
  EXPECT_EQ(area.right(), 80);
  EXPECT_EQ(area.y, 5);
  EXPECT_EQ(area.bottom(), 65);
}

}  // namespace
}  // namespace hwflow::report
