#include "report/flip_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/page_frame.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

std::string cards(const FlipReport& report) {
  std::string html =
      card(percent_text(report.clean_accuracy, 2),
           fmt::format("accuracy without flips, of {} images", count_text(report.images)));
  if (!report.flips.empty()) {
    html += card(percent_text(report.flips.back().accuracy, 2),
                 fmt::format("after {} of {} bits", count_text(std::ssize(report.flips)),
                             count_text(report.population)));
    if (!report.target.empty())
      html += card(percent_text(report.flips.back().moved, 2), "are taken for " + report.target);
  }
  double random = 0.0;
  for (const std::vector<double>& run : report.random)
    random += run.empty() ? report.clean_accuracy : run.back();
  if (!report.random.empty())
    html += card(percent_text(random / static_cast<double>(report.random.size()), 2),
                 fmt::format("after as many random flips, the mean of {}", report.random.size()));
  return "<div class=\"cards\">\n" + html + "</div>\n";
}

std::string table(const FlipReport& report) {
  const bool targeted = !report.target.empty();
  std::string html = fmt::format(
      "<div class=\"scroll\"><table>\n<tr><th class=\"left\">flip</th><th class=\"left\">layer</th>"
      "<th>element</th><th>bit</th><th>code before</th><th>after</th><th>loss</th>"
      "<th>accuracy</th>{}</tr>\n",
      targeted ? "<th>taken for the target</th>" : "");
  for (std::size_t i = 0; i < report.flips.size(); ++i) {
    const FlipRow& row = report.flips[i];
    html += fmt::format(
        "<tr><td class=\"left\">{}</td><td class=\"left\">{}</td><td>{}</td><td>{}</td><td>{}</td>"
        "<td>{}</td><td>{:.4f}</td><td>{}</td>{}</tr>\n",
        i + 1, escape(row.layer), row.element, row.bit, row.before, row.after, row.loss,
        percent_text(row.accuracy, 2),
        targeted ? "<td>" + percent_text(row.moved, 2) + "</td>" : std::string());
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string flip_curve_chart(const FlipReport& report) {
  constexpr double kWidth = 640.0, kHeight = 360.0;
  const double most = std::max(1.0, static_cast<double>(report.flips.size()));
  const Box area = plot_area(kWidth, kHeight);
  const Scale x = Scale::linear(0.0, most, 8).on(area.x, area.right());
  const Scale y = Scale::linear(0.0, 100.0, 5).on(area.bottom(), area.y);
  Svg svg(kWidth, kHeight, "Accuracy over flipped bits");
  draw_axes(svg, area, x, y, "flipped bits", "accuracy (%)");
  const auto at = [&](std::size_t flips, double accuracy) {
    return Point{x(static_cast<double>(flips)), y(100.0 * accuracy)};
  };
  const Point start = at(0, report.clean_accuracy);
  for (const std::vector<double>& run : report.random) {
    std::vector<Point> line{start};
    for (std::size_t i = 0; i < run.size(); ++i) line.push_back(at(i + 1, run[i]));
    svg.polyline(line, "outline");
  }
  std::vector<Point> line{start};
  for (const FlipRow& row : report.flips) line.push_back(at(line.size(), row.accuracy));
  svg.polyline(line, "front-line");
  svg.circle(start, 3.0, "front", "no flip: " + percent_text(report.clean_accuracy, 2));
  for (std::size_t i = 0; i < report.flips.size(); ++i) {
    const FlipRow& row = report.flips[i];
    svg.circle(line[i + 1], 3.0, "front",
               fmt::format("flip {}: {}\n{}, element {}, bit {}: {} to {}", i + 1,
                           percent_text(row.accuracy, 2), row.layer, row.element, row.bit,
                           row.before, row.after));
  }
  return svg.str();
}

std::string flip_page(const FlipReport& report) {
  const std::string title = escape(report.network.empty() ? "network" : report.network);
  std::string page = fmt::format(
      "<h1>{}: flipped bits of weights</h1>\n<p class=\"soft\">{} on {} &middot; seed {} &middot; "
      "hwflow {}</p>\n",
      title, escape(report.model), escape(report.data), report.seed, escape(report.version));
  page += cards(report);
  page += fmt::format("<p class=\"soft\">{}</p>\n", escape(report.conditions));
  page += "<h2>Accuracy</h2>\n<figure>\n" + flip_curve_chart(report) +
          "<figcaption>Points: the attack, flip by flip. Dashed: as many flips drawn at random."
          "</figcaption></figure>\n";
  if (!report.flips.empty()) page += "<h2>Flips</h2>\n" + table(report);
  page += files_section(report.files);
  return framed_page(title + " - hwflow attack", page);
}

}  // namespace hwflow::report
