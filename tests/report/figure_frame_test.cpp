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

// 1,120 pixels wide, 58 left of the slots and 8 right of them.
TEST(LayerSlots, FillTheFigureButGetNoWiderThan64) {
  const LayerSlots few = layer_slots(std::vector<std::string_view>(10, "conv"), 20, 100);
  EXPECT_EQ(few.width, 64.0);
  EXPECT_EQ(few.area.width, 640.0);
  EXPECT_EQ(few.area.y, 20.0);
  EXPECT_EQ(few.area.height, 100.0);
  EXPECT_GT(few.figure_height, 120.0 + text_width("conv", 10.0));
  const LayerSlots many = layer_slots(std::vector<std::string_view>(100, "conv"), 20, 100);
  EXPECT_DOUBLE_EQ(many.width, 10.54);
  EXPECT_DOUBLE_EQ(many.area.right(), 1112.0);
  // Names beyond 130 pixels do not make the figure any taller.
  const auto tall = [](std::size_t letters) {
    const std::string name(letters, 'm');
    return layer_slots({name}, 0, 0).figure_height;
  };
  EXPECT_EQ(tall(200), tall(100));
}

TEST(LayerSlots, HaveNamesWhereThereIsRoom) {
  for (const std::size_t count : {std::size_t{100}, std::size_t{110}}) {
    const LayerSlots slots = layer_slots(std::vector<std::string_view>(count, "conv"), 0, 100);
    Svg svg(slots.figure_width, slots.figure_height, "");
    draw_layer_name(svg, slots, slots.area.x, "conv");
    EXPECT_EQ(report_test::count_class(svg.str(), "text", "small"), slots.width >= 10.0 ? 1 : 0);
  }
}

}  // namespace
}  // namespace hwflow::report
