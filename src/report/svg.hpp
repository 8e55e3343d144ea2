#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hwflow::report {

struct Point {
  double x = 0.0, y = 0.0;
};
/// Pixels; y grows downward.
struct Box {
  double x = 0.0, y = 0.0, width = 0.0, height = 0.0;
  [[nodiscard]] double right() const { return x + width; }
  [[nodiscard]] double bottom() const { return y + height; }
  [[nodiscard]] bool overlaps(const Box& other) const {
    return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
  }
  [[nodiscard]] bool holds(const Box& other) const {
    return x <= other.x && y <= other.y && right() >= other.right() && bottom() >= other.bottom();
  }
};

enum class Anchor { start, middle, end };

/// An SVG drawing as text. Looks come from CSS classes of the page, so that light, dark and print
/// are one drawing; every text is escaped here.
/// Errors   numbers that are not finite are our bug (InternalError).
class Svg {
 public:
  /// `title` names the figure for screen readers.
  Svg(double width, double height, std::string_view title);

  void line(Point from, Point to, std::string_view css);
  void rect(const Box& box, std::string_view css, std::string_view hover = {});
  void circle(Point center, double radius, std::string_view css, std::string_view hover = {});
  /// A square on its corner.
  void diamond(Point center, double radius, std::string_view css, std::string_view hover = {});
  /// A triangle that points down; its tip is `radius` below the centre.
  void arrow_down(Point center, double radius, std::string_view css, std::string_view hover = {});
  void star(Point center, double radius, std::string_view css, std::string_view hover = {});
  void polyline(const std::vector<Point>& points, std::string_view css);
  void text(Point at, std::string_view text, std::string_view css, Anchor anchor = Anchor::start,
            double turn_degrees = 0.0);
  /// From here to end_group(), only what lies in the box is seen.
  void begin_clip(const Box& box);
  void end_group();

  [[nodiscard]] std::string str() const;

 private:
  void shape(std::string element, std::string_view css, std::string_view hover);
  double width_, height_;
  std::string title_, body_;
};

/// Rough width of a text in pixels at a font size; for placing labels.
[[nodiscard]] double text_width(std::string_view text, double font_size = 11.0);

}  // namespace hwflow::report
