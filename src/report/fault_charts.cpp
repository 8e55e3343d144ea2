#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/fault_page.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kCell = 34.0, kRow = 17.0;
/// The darker a cell, the more fails: the first bound that a rate does not exceed.
constexpr std::array kBounds{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6};

int darkness(double rate) {
  return 1 + static_cast<int>(std::ranges::lower_bound(kBounds, rate) - kBounds.begin());
}

std::string column_name(const FaultMap& map) { return map.column.empty() ? "bit" : map.column; }

void draw_cell(Svg& svg, const Box& box, const FaultMap& map, std::size_t row, int bit,
               const FaultRate& rate) {
  const std::string place = fmt::format("{}, {} {}", map.layers[row], column_name(map), bit);
  if (rate.faults == 0) {
    svg.line({box.x + box.width / 2 - 3.0, box.y + box.height / 2},
             {box.x + box.width / 2 + 3.0, box.y + box.height / 2}, "grid");
    return;
  }
  const std::string hover =
      fmt::format("{}: {} of {} faults, masked {}", place, fault_rate_text(rate), rate.faults,
                  percent_text(rate.masked));
  if (rate.rate <= 0.0) return svg.rect(box, "grid-cell", hover);
  const int dark = darkness(rate.rate);
  svg.rect(box, fmt::format("bits b{}", dark), hover);
  const double percent = 100.0 * rate.rate;
  svg.text({box.x + box.width / 2, box.y + 12.0},
           percent < 0.01 ? std::string("<.01")
                          : fmt::format("{:.{}f}", percent,
                                        percent < 1    ? 2
                                        : percent < 10 ? 1
                                                       : 0),
           dark >= 5 ? "cell dark" : "cell", Anchor::middle);
}

}  // namespace

std::string fault_map_chart(const FaultMap& map) {
  double left = 40.0;
  for (const std::string& layer : map.layers) left = std::max(left, 12.0 + text_width(layer));
  const double top = 34.0;
  const double width = std::max(left + kCell * map.bits + 10.0, left + 400.0);
  Svg svg(width, top + kRow * static_cast<double>(map.layers.size()) + 6.0,
          "Failures of " + map.site + " by layer and bit");
  svg.text({left, 12.0},
           fmt::format("% of inferences whose class changed, by {}",
                       map.column.empty() ? "bit (0: least significant)" : map.column),
           "axis");
  for (int bit = 0; bit < map.bits; ++bit)
    svg.text({left + kCell * (bit + 0.5), 28.0}, fmt::format("{}", bit), "tick", Anchor::middle);
  for (std::size_t row = 0; row < map.layers.size(); ++row) {
    const double y = top + kRow * static_cast<double>(row);
    svg.text({left - 6.0, y + 12.0}, map.layers[row], "tick", Anchor::end);
    for (int bit = 0; bit < map.bits; ++bit) {
      const auto& cell =
          map.cells[row * static_cast<std::size_t>(map.bits) + static_cast<std::size_t>(bit)];
      if (cell)
        draw_cell(svg, {left + kCell * bit + 0.5, y + 0.5, kCell - 1.0, kRow - 1.0}, map, row, bit,
                  *cell);
    }
  }
  return svg.str();
}

std::string fault_curve_chart(const std::vector<FaultPoint>& curve) {
  if (curve.empty()) return {};
  constexpr double kWidth = 640.0, kHeight = 360.0;
  double least_rate = 1.0, most_rate = 0.0, least = 1.0;
  for (const FaultPoint& point : curve) {
    least_rate = std::min(least_rate, point.bit_rate);
    most_rate = std::max(most_rate, point.bit_rate);
    for (const double share : {point.rate.rate, point.rate.low, point.rate.high})
      if (share > 0.0) least = std::min(least, share);
  }
  const Box area = plot_area(kWidth, kHeight);
  const Scale x = Scale::logarithmic(least_rate / 1.5, most_rate * 1.5).on(area.x, area.right());
  const Scale y = Scale::logarithmic(std::min(least / 1.5, 0.5), 1.0).on(area.bottom(), area.y);
  Svg svg(kWidth, kHeight, "Failures over the rate of disturbed bits");
  draw_axes(svg, area, x, y, "probability that a bit is disturbed",
            "share of inferences whose class changed");
  // Where nothing failed there is no share to draw, only a bound of it: an arrow down from there.
  const auto height = [&](double share) { return y(std::max(share, y.low())); };
  std::vector<Point> line;
  const auto end_line = [&] {
    if (line.size() > 1) svg.polyline(line, "front-line");
    line.clear();
  };
  for (const FaultPoint& point : curve) {
    const double at = x(point.bit_rate);
    if (point.rate.rate > 0.0) {
      svg.line({at, height(point.rate.low)}, {at, height(point.rate.high)}, "front-error");
      line.push_back({at, height(point.rate.rate)});
      continue;
    }
    end_line();
    const double top = height(point.rate.high), tip = std::min(top + 18.0, area.bottom());
    svg.line({at - 5.0, top}, {at + 5.0, top}, "front-error");
    svg.line({at, top}, {at, tip}, "front-error");
    svg.line({at - 4.0, tip - 5.0}, {at, tip}, "front-error");
    svg.line({at + 4.0, tip - 5.0}, {at, tip}, "front-error");
  }
  end_line();
  for (const FaultPoint& point : curve) {
    const std::string hover = fmt::format("bit rate {:g}: {}, {} inferences", point.bit_rate,
                                          fault_rate_text(point.rate), point.rate.inferences);
    const double at = x(point.bit_rate);
    if (point.rate.rate > 0.0)
      svg.circle({at, height(point.rate.rate)}, 4.0, "front", hover);
    else
      svg.text({at + 8.0, height(point.rate.high) + 4.0},
               fmt::format("none failed: below {}", percent_text(point.rate.high, 2)), "tick");
  }
  return svg.str();
}

}  // namespace hwflow::report
