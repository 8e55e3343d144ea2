#include "report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/check.hpp"
#include "report/format.hpp"

namespace hwflow::report {
namespace {

/// A coordinate: at most two decimals, no trailing zeros.
std::string px(double x) {
  HWFLOW_CHECK(std::isfinite(x), "a drawing needs finite numbers");
  std::string text = fmt::format("{:.2f}", x);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

/// A drawing shrinks to this share of its size at most; then its figure scrolls.
constexpr double kLeastScale = 0.65;

std::string points_text(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{},{}", px(point.x), px(point.y));
  }
  return text;
}

}  // namespace

Svg::Svg(double width, double height, std::string_view title)
    : width_(width), height_(height), title_(title) {}

void Svg::shape(std::string element, std::string_view css, std::string_view hover) {
  body_ += fmt::format("<{} class=\"{}\"", element, escape(css));
  if (hover.empty()) {
    body_ += "/>\n";
    return;
  }
  const std::string name = element.substr(0, element.find(' '));
  body_ += fmt::format("><title>{}</title></{}>\n", escape(hover), name);
}

void Svg::line(Point from, Point to, std::string_view css) {
  shape(fmt::format("line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"", px(from.x), px(from.y),
                    px(to.x), px(to.y)),
        css, {});
}

void Svg::rect(const Box& box, std::string_view css, std::string_view hover) {
  shape(fmt::format("rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", px(box.x), px(box.y),
                    px(std::max(0.0, box.width)), px(std::max(0.0, box.height))),
        css, hover);
}

void Svg::circle(Point center, double radius, std::string_view css, std::string_view hover) {
  shape(fmt::format("circle cx=\"{}\" cy=\"{}\" r=\"{}\"", px(center.x), px(center.y), px(radius)),
        css, hover);
}

void Svg::diamond(Point center, double radius, std::string_view css, std::string_view hover) {
  const auto [x, y] = center;
  shape(fmt::format(
            "polygon points=\"{}\"",
            points_text({{x, y - radius}, {x + radius, y}, {x, y + radius}, {x - radius, y}})),
        css, hover);
}

void Svg::arrow_down(Point center, double radius, std::string_view css, std::string_view hover) {
  const auto [x, y] = center;
  shape(fmt::format(
            "polygon points=\"{}\"",
            points_text({{x - radius, y - radius}, {x + radius, y - radius}, {x, y + radius}})),
        css, hover);
}

void Svg::star(Point center, double radius, std::string_view css, std::string_view hover) {
  std::vector<Point> corners;
  for (int i = 0; i < 10; ++i) {
    const double r = i % 2 == 0 ? radius : radius * 0.45;
    const double angle = std::numbers::pi * (i / 5.0 - 0.5);
    corners.push_back({center.x + r * std::cos(angle), center.y + r * std::sin(angle)});
  }
  shape(fmt::format("polygon points=\"{}\"", points_text(corners)), css, hover);
}

void Svg::polyline(const std::vector<Point>& points, std::string_view css) {
  if (points.size() < 2) return;
  shape(fmt::format("polyline points=\"{}\"", points_text(points)), css, {});
}

void Svg::text(Point at, std::string_view text, std::string_view css, Anchor anchor,
               double turn_degrees) {
  static constexpr std::array<std::string_view, 3> kAnchors{"start", "middle", "end"};
  const std::string turn = turn_degrees == 0.0 ? std::string{}
                                               : fmt::format(" transform=\"rotate({} {} {})\"",
                                                             px(turn_degrees), px(at.x), px(at.y));
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\" class=\"{}\"{}>{}</text>\n",
                       px(at.x), px(at.y), kAnchors[static_cast<std::size_t>(anchor)], escape(css),
                       turn, escape(text));
}

void Svg::begin_clip(const Box& box) {
  // A nested <svg> clips without an id, which would have to be unique in the page.
  body_ += fmt::format(
      "<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" viewBox=\"{0} {1} {2} {3}\">\n",
      px(box.x), px(box.y), px(box.width), px(box.height));
}

void Svg::end_group() { body_ += "</svg>\n"; }

std::string Svg::str() const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
      "aria-label=\"{2}\" style=\"max-width:{0}px;min-width:{3}px\">\n{4}</svg>\n",
      px(width_), px(height_), escape(title_), px(kLeastScale * width_), body_);
}

double text_width(std::string_view text, double font_size) {
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // UTF-8 continuation bytes
  });
  return 0.57 * font_size * static_cast<double>(characters);
}

}  // namespace hwflow::report
