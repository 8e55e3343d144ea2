#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/labels.hpp"
#include "report/plan_facts.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 560.0, kHeight = 400.0;
/// Plans this far below the best accuracy say nothing about the trade and would flatten the rest:
/// they are left out, but baselines and picks stand at the bottom, with an arrow and their value.
constexpr double kArrow = 6.0;

struct Quantity {
  std::string title;
  Unit unit;
};

class FrontChart {
 public:
  FrontChart(const study::CodesignResult& result, CostAxis cost) : result_(result), cost_(cost) {}

  std::string draw() {
    if (result_.evaluated.empty()) return {};
    collect();
    const Quantity quantity = quantity_of_axis();
    choose_scales(quantity);
    Svg svg(kWidth, kHeight,
            fmt::format("{} against {}", result_.ranked_by_proxy ? "Proxy" : "Search accuracy",
                        quantity.title));
    draw_axes(svg, area_, x_, y_, fmt::format("{} ({})", quantity.title, quantity.unit.name),
              search_measure(result_) + (result_.ranked_by_proxy ? "" : " (%)"));
    draw_points(svg);
    draw_labels(svg);
    return svg.str();
  }

 private:
  double raw(std::size_t i) const {
    return cost_of(result_.evaluated[i].hardware, cost_, result_.accelerator.clock_mhz);
  }
  /// Of all images: percent, but a proxy stays the number that tables tell.
  double whole() const { return result_.ranked_by_proxy ? 1.0 : 100.0; }
  double accuracy(std::size_t i) const { return whole() * result_.evaluated[i].accuracy.top1(); }
  double error(std::size_t i) const {
    if (result_.ranked_by_proxy) return 0.0;  // it is exact
    return 100.0 * result_.evaluated[i].accuracy.standard_error();
  }
  Point at(std::size_t i) const { return {x_(raw(i) * factor_), y_(accuracy(i))}; }
  bool visible(std::size_t i) const { return y_.contains(accuracy(i)); }
  /// Where a plan that must be shown stands: on the bottom edge when it is below the window.
  Point shown_at(std::size_t i) const {
    return visible(i) ? at(i) : Point{at(i).x, area_.bottom() - kArrow};
  }
  std::string with_value(const std::string& label, std::size_t i) const {
    return visible(i) ? label : fmt::format("{}: {:.1f} %", label, accuracy(i));
  }

  Quantity quantity_of_axis() const {
    double largest = 0.0;
    for (std::size_t i = 0; i < result_.evaluated.size(); ++i) largest = std::max(largest, raw(i));
    return {std::string(name(cost_)), unit_of(cost_, largest)};
  }

  void collect() {
    for (std::size_t i = 0; i < result_.evaluated.size(); ++i) {
      if (result_.evaluated[i].on_front) continue;
      const auto& bases = result_.baselines;
      if (std::find(bases.begin(), bases.end(), i) == bases.end()) rest_.push_back(i);
    }
    for (const auto& plan : result_.plans) {
      if (!plan.baseline) picks_.push_back(plan.evaluated);
    }
  }

  void choose_scales(const Quantity& quantity) {
    factor_ = quantity.unit.factor;
    double best = 0.0, least = whole();
    double low = std::numeric_limits<double>::infinity(), high = 0.0;
    for (std::size_t i = 0; i < result_.evaluated.size(); ++i) {
      best = std::max(best, accuracy(i) + error(i));
      least = std::min(least, accuracy(i) - error(i));
      low = std::min(low, raw(i) * factor_);
      high = std::max(high, raw(i) * factor_);
    }
    least = std::max({least, best - whole() * shown_points(result_) / 100.0, 0.0});
    area_ = plot_area(kWidth, kHeight);
    y_ = Scale::linear(least, std::min(best, whole()), 6).on(area_.bottom(), area_.y);
    const bool logarithmic = low > 0.0 && high / low > 12.0;
    x_ = logarithmic ? Scale::logarithmic(low, high)
                     : Scale::linear(std::max(0.0, low - 0.05 * (high - low)),
                                     high + 0.05 * (high - low), 7);
    x_.on(area_.x, area_.right());
  }

  void draw_points(Svg& svg) {
    svg.begin_clip(area_);
    for (const std::size_t i : rest_) svg.circle(at(i), 2.0, "seen", hover_text(result_, i));
    svg.polyline(staircase(), "front-line");
    for (const std::size_t i : result_.front) {
      error_bar(svg, i, "front-error");
      svg.circle(at(i), 3.6, "front", hover_text(result_, i));
    }
    for (const std::size_t i : result_.baselines) {
      if (visible(i)) error_bar(svg, i, "base-error");
      if (visible(i)) svg.diamond(at(i), 5.5, "base", hover_text(result_, i));
    }
    for (const std::size_t i : picks_) {
      if (visible(i)) svg.star(at(i), 9.0, "pick", hover_text(result_, i));
    }
    svg.end_group();
    draw_arrows(svg, result_.baselines, "base");
    draw_arrows(svg, picks_, "pick");
  }

  void draw_arrows(Svg& svg, const std::vector<std::size_t>& plans, std::string_view css) const {
    for (const std::size_t i : plans) {
      if (!visible(i)) svg.arrow_down(shown_at(i), kArrow, css, hover_text(result_, i));
    }
  }

  void error_bar(Svg& svg, std::size_t i, std::string_view css) const {
    if (result_.ranked_by_proxy) return;
    const double x = at(i).x;
    svg.line({x, y_(accuracy(i) - error(i))}, {x, y_(accuracy(i) + error(i))}, css);
  }

  /// The front of these two quantities alone: what a reader compares by eye.
  std::vector<Point> staircase() const {
    std::vector<std::size_t> order(result_.evaluated.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return raw(a) != raw(b) ? raw(a) < raw(b) : accuracy(a) > accuracy(b);
    });
    std::vector<Point> points;
    double best = -1.0;
    for (const std::size_t i : order) {
      if (accuracy(i) <= best) continue;
      best = accuracy(i);
      if (!points.empty()) points.push_back({at(i).x, points.back().y});
      points.push_back(at(i));
    }
    return points;
  }

  void draw_labels(Svg& svg) {
    Labels labels(area_);
    for (const std::size_t i : result_.front) labels.avoid(at(i), 4.0);
    for (const std::size_t i : result_.baselines) labels.avoid(shown_at(i), 6.0);
    for (const std::size_t i : picks_) labels.avoid(shown_at(i), 8.0);
    const std::vector<Point> stairs = staircase();
    for (std::size_t i = 1; i < stairs.size(); ++i) {  // every piece is level or upright
      const Point a = stairs[i - 1], b = stairs[i];
      labels.avoid(Box{std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x) + 1.0,
                       std::abs(a.y - b.y) + 1.0});
    }
    for (const auto& plan : result_.plans) {
      if (plan.baseline) continue;
      labels.place(svg, shown_at(plan.evaluated), with_value(plan.label, plan.evaluated),
                   "label pick-text");
    }
    for (const std::size_t i : result_.baselines) {
      const std::string widths = widths_text(common_widths(result_.evaluated[i].plan));
      labels.place(svg, shown_at(i), with_value(widths, i), "label base-text");
    }
  }

  const study::CodesignResult& result_;
  CostAxis cost_;
  std::vector<std::size_t> rest_, picks_;
  Box area_;
  Scale x_, y_;
  double factor_ = 1.0;
};

}  // namespace

std::string_view name(CostAxis axis) {
  switch (axis) {
    case CostAxis::energy: return "energy";
    case CostAxis::latency: return "latency";
    case CostAxis::dram: return "DRAM traffic";
    case CostAxis::model_size: return "model size";
    case CostAxis::macs: return "MACs";
    case CostAxis::failure_rate: return "failures";
  }
  return "";
}

double cost_of(const study::HardwareCost& hardware, CostAxis axis, double clock_mhz) {
  switch (axis) {
    case CostAxis::energy: return hardware.energy_pj;
    case CostAxis::latency: return seconds_of(hardware.cycles, clock_mhz);
    case CostAxis::dram: return static_cast<double>(hardware.dram_bits);
    case CostAxis::model_size: return static_cast<double>(hardware.model_bits);
    case CostAxis::macs: return static_cast<double>(hardware.macs);
    case CostAxis::failure_rate: return hardware.failure_rate;
  }
  return 0.0;
}

Unit unit_of(CostAxis axis, double largest) {
  switch (axis) {
    case CostAxis::energy: return energy_unit(largest);
    case CostAxis::latency: return time_unit(largest);
    case CostAxis::dram:
    case CostAxis::model_size: return bytes_unit(largest);
    case CostAxis::macs: return macs_unit(largest);
    case CostAxis::failure_rate: return {1e6, "of a million"};
  }
  return {};
}

std::string front_chart(const study::CodesignResult& result, CostAxis cost) {
  return FrontChart(result, cost).draw();
}

}  // namespace hwflow::report
