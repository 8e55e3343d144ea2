#include "report/labels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hwflow::report {
namespace {

constexpr double kHeight = 13.0;

struct Direction {
  double x, y;
};
constexpr std::array<Direction, 8> kDirections{
    {{1, 0}, {0.7, -0.7}, {0.7, 0.7}, {-1, 0}, {-0.7, -0.7}, {-0.7, 0.7}, {0, -1}, {0, 1}}};

/// The box of a text that leaves `point` in a direction, `distance` away. Straight above or below,
/// it gives way to the sides of the area.
Box box_at(Point point, Direction direction, double distance, double width, const Box& area) {
  const double x = point.x + direction.x * distance;
  const double y = point.y + direction.y * distance;
  const double last = std::max(area.x, area.right() - width);
  const double left = direction.x > 0.1    ? x
                      : direction.x < -0.1 ? x - width
                                           : std::clamp(x - width / 2, area.x, last);
  return {left, y - kHeight / 2, width, kHeight};
}

}  // namespace

void Labels::avoid(Point point, double radius) {
  taken_.push_back({point.x - radius, point.y - radius, 2 * radius, 2 * radius});
}

bool Labels::place(Svg& svg, Point point, std::string_view text, std::string_view css) {
  const double width = text_width(text) + 2.0;
  for (const double distance : {11.0, 16.0, 24.0, 36.0, 52.0, 72.0}) {
    for (const Direction& direction : kDirections) {
      const Box box = box_at(point, direction, distance, width, area_);
      const bool free = std::none_of(taken_.begin(), taken_.end(),
                                     [&](const Box& taken) { return taken.overlaps(box); });
      if (!free || !area_.holds(box)) continue;
      taken_.push_back(box);
      if (distance > 20.0) {
        const double near_x = std::clamp(point.x, box.x, box.right());
        const double near_y = std::clamp(point.y, box.y, box.bottom());
        svg.line(point, {near_x, near_y}, "leader");
      }
      svg.text({box.x + 1.0, box.y + 10.0}, text, css);
      return true;
    }
  }
  return false;
}

}  // namespace hwflow::report
