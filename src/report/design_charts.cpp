#include "report/design_charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "base/check.hpp"
#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/scale.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 560.0, kHeight = 400.0;

const study::HardwareSearchSummary& summary_of(const study::CodesignResult& result) {
  HWFLOW_CHECK(result.hardware_search.has_value(), "a result without a search for hardware");
  return *result.hardware_search;
}

struct Limits {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// Shown = raw * factor, by the unit in which `largest` reads well.
Unit unit_of_design(const study::CodesignResult& result, std::size_t objective, double largest) {
  const std::string& name = summary_of(result).objectives.at(objective);
  if (name == "latency") {
    const double per_cycle = seconds_of(1, result.accelerator.clock_mhz);
    if (per_cycle <= 0.0) return {1.0, "cycles"};
    const Unit unit = time_unit(largest * per_cycle);
    return {unit.factor * per_cycle, unit.name};
  }
  if (name == "dram") return bytes_unit(largest);
  if (name == "energy") return energy_unit(largest);
  if (name == "area") return {1e-6, "mm²"};
  return {1.0, design_cost_name(name)};
}

class PairsChart {
 public:
  PairsChart(const study::CodesignResult& result, std::size_t objective)
      : result_(result), found_(summary_of(result)), objective_(objective) {}

  std::string draw() {
    collect();
    if (least_.empty()) return {};
    choose_scales();
    Svg svg(kWidth, kHeight, "Search accuracy against " + title());
    draw_axes(svg, area_, x_, y_, fmt::format("{} ({})", title(), unit_.name),
              "search accuracy (%)");
    svg.begin_clip(area_);
    svg.line({x_(limit()), area_.y}, {x_(limit()), area_.bottom()}, "roof");
    for (const auto& [plan, pair] : least_) svg.circle(at(*pair), 3.0, "front", hover(*pair));
    for (const auto& shown : result_.plans) {
      const study::DesignPoint& point = found_.chosen.at(shown.evaluated);
      const Point place{x_(point.costs.at(objective_) * unit_.factor),
                        y_(accuracy(shown.evaluated))};
      const std::string text =
          fmt::format("{}\n{}", shown.label, found_.chosen_designs.at(shown.evaluated));
      if (shown.baseline) {
        svg.diamond(place, 5.5, "base", text);
      } else {
        svg.star(place, 9.0, "pick", text);
      }
    }
    svg.end_group();
    return svg.str();
  }

 private:
  [[nodiscard]] std::string title() const {
    return design_cost_name(found_.objectives.at(objective_));
  }
  [[nodiscard]] double accuracy(std::size_t evaluated) const {
    return 100.0 * result_.evaluated.at(evaluated).accuracy.top1();
  }
  [[nodiscard]] double limit() const { return found_.limits.at(objective_) * unit_.factor; }
  [[nodiscard]] double cost(const study::DesignPair& pair) const {
    return pair.point.costs.at(objective_);
  }
  [[nodiscard]] Point at(const study::DesignPair& pair) const {
    return {x_(cost(pair) * unit_.factor), y_(accuracy(pair.evaluated))};
  }

  void collect() {
    for (const study::DesignPair& pair : found_.pairs) {
      const auto [place, is_new] = least_.emplace(pair.evaluated, &pair);
      if (!is_new && cost(pair) < cost(*place->second)) place->second = &pair;
    }
  }

  void choose_scales() {
    Limits costs, accuracies;
    costs.add(found_.limits.at(objective_));
    for (const auto& [plan, pair] : least_) {
      costs.add(cost(*pair));
      accuracies.add(accuracy(plan));
    }
    for (const auto& shown : result_.plans) {
      costs.add(found_.chosen.at(shown.evaluated).costs.at(objective_));
      accuracies.add(accuracy(shown.evaluated));
    }
    unit_ = unit_of_design(result_, objective_, costs.high);
    area_ = plot_area(kWidth, kHeight);
    x_ = Scale::linear(0.95 * costs.low * unit_.factor, 1.05 * costs.high * unit_.factor, 7)
             .on(area_.x, area_.right());
    y_ = Scale::linear(accuracies.low, accuracies.high, 6).on(area_.bottom(), area_.y);
  }

  [[nodiscard]] std::string hover(const study::DesignPair& pair) const {
    return fmt::format("{:.2f} %\n{}\n{} {}\n{}", accuracy(pair.evaluated), pair.design, title(),
                       design_cost_text(result_, objective_, cost(pair)),
                       to_text(result_.evaluated.at(pair.evaluated).plan));
  }

  const study::CodesignResult& result_;
  const study::HardwareSearchSummary& found_;
  std::size_t objective_;
  std::map<std::size_t, const study::DesignPair*> least_;  // by plan
  Unit unit_;
  Box area_;
  Scale x_, y_;
};

/// One bar a layer over its widths.
void draw_bars(Svg& svg, const Box& area, const std::vector<double>& values, const Unit& unit,
               const std::string& title, const study::PlanDetails& plan) {
  double largest = 0.0;
  for (const double value : values) largest = std::max(largest, value);
  const Scale y = Scale::linear(0.0, largest * unit.factor, 4).on(area.bottom(), area.y);
  draw_y_axis(svg, area, y, fmt::format("{} ({})", title, unit.name));
  const double cell = area.width / static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double top = y(values[i] * unit.factor);
    svg.rect({area.x + static_cast<double>(i) * cell, top, cell - 1.0, area.bottom() - top}, "c0",
             fmt::format("{}: {} {:.4g} {}", plan.layers[i].name, title, values[i] * unit.factor,
                         unit.name));
  }
}

}  // namespace

std::string design_cost_name(const std::string& objective) {
  if (objective == "dram") return "DRAM traffic";
  if (objective == "lut") return "LUTs";
  if (objective == "bram") return "block RAMs";
  return objective;
}

std::string design_cost_text(const study::CodesignResult& result, std::size_t objective,
                             double cost) {
  const Unit unit = unit_of_design(result, objective, cost);
  const std::string& name = summary_of(result).objectives.at(objective);
  if (name == "lut" || name == "bram") return fmt::format("{:.0f}", cost);
  return fmt::format("{:.3g} {}", cost * unit.factor, unit.name);
}

std::string pairs_chart(const study::CodesignResult& result, std::size_t objective) {
  return PairsChart(result, objective).draw();
}

std::string pair_curve_chart(const study::CodesignResult& result, CurveAxis axis) {
  const auto& curve = summary_of(result).curve;
  if (curve.empty()) return {};
  const auto along = [&](const study::PairGeneration& generation) {
    return axis == CurveAxis::seconds ? generation.seconds
                                      : static_cast<double>(generation.evaluations);
  };
  Limits xs, volumes;
  for (const auto& generation : curve) {
    xs.add(along(generation));
    volumes.add(generation.hypervolume);
  }
  const std::string title =
      axis == CurveAxis::seconds ? "seconds of the search" : "accuracy evaluations";
  const Box area = plot_area(kWidth, kHeight);
  const Scale x = Scale::linear(xs.low, xs.high, 7).on(area.x, area.right());
  const Scale y = Scale::linear(volumes.low, volumes.high, 6).on(area.bottom(), area.y);
  Svg svg(kWidth, kHeight, "Hypervolume of pairs by " + title);
  draw_axes(svg, area, x, y, title, "hypervolume (share of the box)");
  std::vector<Point> points;
  for (const auto& generation : curve)
    points.push_back({x(along(generation)), y(generation.hypervolume)});
  svg.polyline(points, "front-line");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& generation = curve[i];
    svg.circle(points[i], 3.0, "front",
               fmt::format("generation {}\nhypervolume {:.5f}\n{} plans, {} measured\n{:.1f} s, of "
                           "these {:.1f} s for designs\n{} pairs",
                           generation.generation, generation.hypervolume, generation.considered,
                           generation.evaluations, generation.seconds, generation.hardware_seconds,
                           generation.pairs));
  }
  return svg.str();
}

std::string layer_costs_chart(const study::CodesignResult& result, std::size_t plan) {
  constexpr double kWide = 1080.0, kBars = 110.0, kLeft = 66.0;
  const study::PlanDetails& shown = result.plans.at(plan);
  if (shown.layers.empty()) return {};
  std::vector<double> seconds, bits;
  double most_seconds = 0.0, most_bits = 0.0;
  const bool has_clock = result.accelerator.clock_mhz > 0.0;
  for (const auto& layer : shown.layers) {
    seconds.push_back(has_clock ? seconds_of(layer.cycles, result.accelerator.clock_mhz)
                                : static_cast<double>(layer.cycles));
    bits.push_back(static_cast<double>(layer.dram_bits));
    most_seconds = std::max(most_seconds, seconds.back());
    most_bits = std::max(most_bits, bits.back());
  }
  Svg svg(kWide, 2.0 * kBars + 84.0, "Widths, latency and DRAM traffic by layer of " + shown.label);
  const double width = kWide - kLeft - 8.0;
  const double cell = width / static_cast<double>(shown.layers.size());
  for (std::size_t i = 0; i < shown.layers.size(); ++i) {
    const auto& layer = shown.layers[i];
    const double left = kLeft + static_cast<double>(i) * cell;
    draw_width_cell(svg, {left, 4.0}, cell, layer.weight_bits, layer.name, "weights");
    draw_width_cell(svg, {left, 20.0}, cell, layer.input_bits, layer.name, "inputs");
  }
  svg.text({kLeft - 8.0, 16.0}, "w", "tick", Anchor::end);
  svg.text({kLeft - 8.0, 32.0}, "in", "tick", Anchor::end);
  draw_bars(svg, {kLeft, 48.0, width, kBars - 8.0}, seconds,
            has_clock ? time_unit(most_seconds) : Unit{1.0, "cycles"}, "latency", shown);
  draw_bars(svg, {kLeft, 60.0 + kBars, width, kBars - 8.0}, bits, bytes_unit(most_bits),
            "DRAM traffic", shown);
  return svg.str();
}

}  // namespace hwflow::report
