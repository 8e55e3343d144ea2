#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "report/charts.hpp"
#include "report/figure_frame.hpp"
#include "report/format.hpp"
#include "report/plan_facts.hpp"
#include "report/svg.hpp"

namespace hwflow::report {
namespace {

constexpr double kWidth = 560.0, kHeight = 400.0;

/// Colours are by model, so that a study of two levels shows them as one of three does.
int colour_of(study::Abstraction model) { return static_cast<int>(model); }

struct Limits {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

class LevelCurves {
 public:
  explicit LevelCurves(const study::CodesignResult& result) : result_(result) {}

  std::string draw() {
    choose_scales();
    Svg svg(kWidth, kHeight, "Hypervolume by accuracy evaluations, level by level");
    draw_axes(svg, area_, x_, y_, "accuracy evaluations", "hypervolume (normalised)");
    for (const auto& level : result_.levels) draw_level(svg, level);
    return svg.str();
  }

 private:
  void choose_scales() {
    Limits evaluations, volumes;
    for (const auto& level : result_.levels) {
      for (const auto& generation : level.generations) {
        evaluations.add(static_cast<double>(generation.evaluations));
        volumes.add(generation.hypervolume);
        if (generation.final_hypervolume) volumes.add(*generation.final_hypervolume);
      }
    }
    area_ = plot_area(kWidth, kHeight);
    x_ = Scale::linear(evaluations.low, evaluations.high, 7).on(area_.x, area_.right());
    y_ = Scale::linear(volumes.low, volumes.high, 6).on(area_.bottom(), area_.y);
  }

  void draw_level(Svg& svg, const study::LevelSummary& level) const {
    std::vector<Point> own, last;
    for (const auto& generation : level.generations) {
      const double x = x_(static_cast<double>(generation.evaluations));
      own.push_back({x, y_(generation.hypervolume)});
      if (generation.final_hypervolume) last.push_back({x, y_(*generation.final_hypervolume)});
    }
    const int colour = colour_of(level.model);
    const bool is_last = &level == &result_.levels.back();
    if (!is_last) svg.polyline(own, fmt::format("l{} own", colour));
    svg.polyline(is_last ? own : last, fmt::format("l{}", colour));
    for (std::size_t i = 0; i < level.generations.size(); ++i) {
      const auto& generation = level.generations[i];
      if (!generation.final_hypervolume && !is_last) continue;
      svg.circle(is_last ? own[i] : last[i], 3.0, fmt::format("p{}", colour),
                 hover(level, generation));
    }
  }

  static std::string hover(const study::LevelSummary& level,
                           const study::GenerationSummary& generation) {
    std::string text = fmt::format(
        "{} level, generation {}\n{} accuracy evaluations, {} schedules searched\nhypervolume "
        "{:.5f} by its own model",
        name(level.model), generation.generation, generation.evaluations,
        generation.schedules_searched, generation.hypervolume);
    if (generation.final_hypervolume) {
      text += fmt::format("\n{:.5f} by the last level's", *generation.final_hypervolume);
    }
    return text;
  }

  const study::CodesignResult& result_;
  Box area_;
  Scale x_, y_;
};

class LevelFronts {
 public:
  LevelFronts(const study::CodesignResult& result, CostAxis cost) : result_(result), cost_(cost) {}

  std::string draw() {
    choose_scales();
    Svg svg(kWidth, kHeight, fmt::format("Front of each level: {}", name(cost_)));
    draw_axes(svg, area_, x_, y_, fmt::format("{} ({})", name(cost_), unit_.name),
              search_measure(result_) + " (%)");
    svg.begin_clip(area_);
    for (const auto& level : result_.levels) draw_level(svg, level);
    svg.end_group();
    return svg.str();
  }

 private:
  [[nodiscard]] double cost(const study::LevelPlan& plan) const {
    return cost_of(plan.hardware, cost_, result_.accelerator.clock_mhz);
  }
  static double accuracy(const study::LevelPlan& plan) { return 100.0 * plan.accuracy.top1(); }
  [[nodiscard]] Point at(const study::LevelPlan& plan) const {
    return {x_(cost(plan) * unit_.factor), y_(accuracy(plan))};
  }

  void choose_scales() {
    Limits costs, accuracies;
    for (const auto& level : result_.levels) {
      for (const auto& plan : level.front) {
        costs.add(cost(plan));
        accuracies.add(accuracy(plan));
      }
    }
    unit_ = unit_of(cost_, costs.high);
    const double low = costs.low * unit_.factor, high = costs.high * unit_.factor;
    const double least = std::max(accuracies.low, accuracies.high - shown_points(result_));
    area_ = plot_area(kWidth, kHeight);
    y_ = Scale::linear(least, accuracies.high, 6).on(area_.bottom(), area_.y);
    x_ = low > 0.0 && high / low > 12.0 ? Scale::logarithmic(low, high)
                                        : Scale::linear(std::max(0.0, 0.95 * low), 1.05 * high, 7);
    x_.on(area_.x, area_.right());
  }

  void draw_level(Svg& svg, const study::LevelSummary& level) const {
    const int colour = colour_of(level.model);
    svg.polyline(staircase(level), fmt::format("l{}", colour));
    for (const auto& plan : level.front) {
      if (accuracy(plan) < y_.low()) continue;
      svg.circle(
          at(plan), 2.8, fmt::format("p{}", colour),
          fmt::format("{} level\n{:.2f} %, {} {:.4g} {}\n{}", name(level.model), accuracy(plan),
                      name(cost_), cost(plan) * unit_.factor, unit_.name, to_text(plan.plan)));
    }
  }

  /// The front of these two quantities alone.
  [[nodiscard]] std::vector<Point> staircase(const study::LevelSummary& level) const {
    std::vector<const study::LevelPlan*> order;
    for (const auto& plan : level.front) order.push_back(&plan);
    std::sort(order.begin(), order.end(), [&](const auto* a, const auto* b) {
      return cost(*a) != cost(*b) ? cost(*a) < cost(*b) : accuracy(*a) > accuracy(*b);
    });
    std::vector<Point> points;
    double best = -1.0;
    for (const auto* plan : order) {
      if (accuracy(*plan) <= best) continue;
      best = accuracy(*plan);
      if (!points.empty()) points.push_back({at(*plan).x, points.back().y});
      points.push_back(at(*plan));
    }
    return points;
  }

  const study::CodesignResult& result_;
  CostAxis cost_;
  Unit unit_;
  Box area_;
  Scale x_, y_;
};

}  // namespace

std::string level_curves_chart(const study::CodesignResult& result) {
  if (result.levels.empty()) return {};
  return LevelCurves(result).draw();
}

std::string level_fronts_chart(const study::CodesignResult& result, CostAxis cost) {
  const auto is_shown = [](const auto& level) { return !level.front.empty(); };
  if (std::none_of(result.levels.begin(), result.levels.end(), is_shown)) return {};
  return LevelFronts(result, cost).draw();
}

}  // namespace hwflow::report
