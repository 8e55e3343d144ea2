#include "report/labels.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.hpp"
#include "tests/report/markup.hpp"

namespace hwflow::report {
namespace {

/// The boxes of all texts of a drawing, from their attributes.
std::vector<Box> boxes_of(const Svg& svg, const std::vector<std::string>& texts) {
  std::vector<Box> boxes;
  for (const auto& element : report_test::elements_of(svg.str())) {
    if (element.name != "text") continue;
    const std::string& text = texts[boxes.size()];
    boxes.push_back({std::stod(element.attribute("x")), std::stod(element.attribute("y")) - 10.0,
                     text_width(text), 12.0});
  }
  return boxes;
}

TEST(Labels, NeverOverlapEachOtherOrAPointOrTheEdge) {
  Rng rng(5);
  const Box area{0, 0, 400, 300};
  for (int trial = 0; trial < 100; ++trial) {
    Svg svg(400, 300, "");
    Labels labels(area);
    std::vector<Point> points;
    for (int i = 0; i < 30; ++i) points.push_back({400 * rng.uniform(), 300 * rng.uniform()});
    for (const Point& point : points) labels.avoid(point, 4.0);
    std::vector<std::string> placed;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::string text = "label " + std::string(i % 9, 'x');
      if (labels.place(svg, points[i], text, "label")) placed.push_back(text);
    }
    const auto boxes = boxes_of(svg, placed);
    ASSERT_EQ(boxes.size(), placed.size());
    ASSERT_GT(boxes.size(), 5U);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      ASSERT_TRUE(area.holds(boxes[i])) << trial;
      for (std::size_t j = 0; j < i; ++j) ASSERT_FALSE(boxes[i].overlaps(boxes[j])) << trial;
      for (const Point& point : points) {
        ASSERT_FALSE(boxes[i].overlaps({point.x - 4, point.y - 4, 8, 8})) << trial;
      }
    }
  }
}

TEST(Labels, ATextAboveAPointGivesWayToTheEdge) {
  Svg svg(400, 300, "");
  Labels labels(Box{0, 0, 400, 300});
  labels.avoid(Box{30, 0, 370, 300});  // nothing but a strip of 30 pixels is free
  labels.avoid({5, 200}, 4.0);
  EXPECT_TRUE(
      labels.place(svg, {5, 200}, "abc", "label"));  // 20.8 wide: centred at 5 it sticks out
}

TEST(Labels, SaysWhenThereIsNoRoom) {
  Svg svg(400, 300, "");
  Labels labels(Box{0, 0, 20, 20});
  EXPECT_FALSE(labels.place(svg, {10, 10}, "too long for this", "label"));
}

}  // namespace
}  // namespace hwflow::report
