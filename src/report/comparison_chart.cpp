#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "report/comparison.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 560.0, kHeight = 400.0;
constexpr double kAccuracyWindow = 25.0;  // points below the best that the fronts are shown down to

class ComparisonChart {
 public:
  ComparisonChart(const study::ComparisonResult& comparison, CostAxis cost)
      : comparison_(comparison), cost_(cost) {}

  std::string draw() {
    choose_scales();
    Svg svg(kWidth, kHeight, fmt::format("Fronts of all machines: {}", name(cost_)));
    draw_axes(svg, area_, x_, y_, fmt::format("{} ({})", name(cost_), unit_.name),
              "search accuracy (%)");
    svg.begin_clip(area_);
    const double least = 100.0 * (comparison_.float_search.top1() - comparison_.tolerance);
    svg.line({area_.x, y_(least)}, {area_.right(), y_(least)}, "outline");
    for (std::size_t m = 0; m < comparison_.accelerators.size(); ++m) draw_machine(svg, m);
    svg.end_group();
    return svg.str();
  }

 private:
  [[nodiscard]] double cost(const study::CodesignResult& result, std::size_t i) const {
    return cost_of(result.evaluated[i].hardware, cost_, result.accelerator.clock_mhz);
  }
  static double accuracy(const study::CodesignResult& result, std::size_t i) {
    return 100.0 * result.evaluated[i].accuracy.top1();
  }
  [[nodiscard]] Point at(const study::CodesignResult& result, std::size_t i) const {
    return {x_(cost(result, i) * unit_.factor), y_(accuracy(result, i))};
  }

  void choose_scales() {
    double low = std::numeric_limits<double>::infinity(), high = 0.0, worst = 100.0, best = 0.0;
    for (const auto& machine : comparison_.accelerators) {
      for (const std::size_t i : machine.result.front) {
        low = std::min(low, cost(machine.result, i));
        high = std::max(high, cost(machine.result, i));
        worst = std::min(worst, accuracy(machine.result, i));
        best = std::max(best, accuracy(machine.result, i));
      }
    }
    unit_ = unit_of(cost_, high);
    low *= unit_.factor;
    high *= unit_.factor;
    area_ = plot_area(kWidth, kHeight);
    y_ =
        Scale::linear(std::max(worst, best - kAccuracyWindow), best, 6).on(area_.bottom(), area_.y);
    x_ = low > 0.0 && high / low > 12.0 ? Scale::logarithmic(low, high)
                                        : Scale::linear(std::max(0.0, 0.95 * low), 1.05 * high, 7);
    x_.on(area_.x, area_.right());
  }

  void draw_machine(Svg& svg, std::size_t m) const {
    const auto& machine = comparison_.accelerators[m];
    const std::size_t colour = m % kComponentColours;
    svg.polyline(staircase(machine.result), fmt::format("m{}", colour));
    for (const std::size_t i : machine.result.front) {
      if (accuracy(machine.result, i) < y_.low()) continue;
      svg.circle(at(machine.result, i), 2.8, fmt::format("c{}", colour), hover(machine, i));
    }
    const auto best = cost_ == CostAxis::energy    ? machine.least_energy
                      : cost_ == CostAxis::latency ? machine.least_latency
                                                   : std::nullopt;
    if (!best || accuracy(machine.result, *best) < y_.low()) return;
    svg.star(at(machine.result, *best), 9.0, fmt::format("c{}", colour), hover(machine, *best));
  }

  [[nodiscard]] std::string hover(const study::ComparedAccelerator& machine, std::size_t i) const {
    return fmt::format("{}\n{:.2f} %, {} {:.4g} {}\n{}", machine.label, accuracy(machine.result, i),
                       name(cost_), cost(machine.result, i) * unit_.factor, unit_.name,
                       to_text(machine.result.evaluated[i].plan));
  }

  /// The front of these two quantities alone.
  [[nodiscard]] std::vector<Point> staircase(const study::CodesignResult& result) const {
    std::vector<std::size_t> order = result.front;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return cost(result, a) != cost(result, b) ? cost(result, a) < cost(result, b)
                                                : accuracy(result, a) > accuracy(result, b);
    });
    std::vector<Point> points;
    double best = -1.0;
    for (const std::size_t i : order) {
      if (accuracy(result, i) <= best) continue;
      best = accuracy(result, i);
      if (!points.empty()) points.push_back({at(result, i).x, points.back().y});
      points.push_back(at(result, i));
    }
    return points;
  }

  const study::ComparisonResult& comparison_;
  CostAxis cost_;
  Unit unit_;
  Box area_;
  Scale x_, y_;
};

}  // namespace

std::string comparison_chart(const study::ComparisonResult& comparison, CostAxis cost) {
  const auto is_shown = [](const auto& machine) { return !machine.result.front.empty(); };
  const auto& machines = comparison.accelerators;
  if (std::none_of(machines.begin(), machines.end(), is_shown)) return {};
  return ComparisonChart(comparison, cost).draw();
}

}  // namespace hwflow::report
