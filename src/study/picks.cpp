#include "study/picks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

constexpr int kRungs = 6;  // of the ladder of margins: 1, 2, 4, ... 32

class Chooser {
 public:
  Chooser(const PickInput& input, const FinishOptions& options) : input_(input), options_(options) {
    for (std::size_t i = 0; i < input.objectives.size(); ++i) {
      if (input.objectives[i] != Objective::accuracy) costs_.push_back(i);
    }
    HWFLOW_CHECK(!costs_.empty(), "a search without a cost");
  }

  std::vector<Pick> run() && {
    for (std::size_t i = 0; i < options_.baselines.size(); ++i) add_baseline(i);
    const double tolerance = options_.tolerance_points;
    cheapest_within(tolerance);
    for (std::size_t i = 0; i < options_.baselines.size(); ++i) {
      if (options_.baselines[i] == options_.reference) continue;
      cheaper_than_baseline(i);
      as_accurate_as_baseline(i);
    }
    for (int rung = 0; rung < kRungs && options_.search_margin_points > 0.0; ++rung) {
      cheapest_within(tolerance + std::ldexp(options_.search_margin_points, rung));
      if (rung == 0) knee();
    }
    if (options_.search_margin_points <= 0.0) knee();
    return std::move(picks_);
  }

 private:
  [[nodiscard]] const EvaluatedPlan& plan(std::size_t i) const { return input_.evaluated[i]; }

  void add_baseline(std::size_t i) {
    const WidthPair& widths = options_.baselines[i];
    const std::size_t place = input_.finish_baselines[i];
    const bool repeated = std::any_of(picks_.begin(), picks_.end(),
                                      [&](const Pick& pick) { return pick.evaluated == place; });
    if (repeated) return;
    picks_.push_back({place, fmt::format("uniform {}/{}", widths.weights, widths.inputs),
                      "baseline: the same widths everywhere", true});
  }

  void add(std::optional<std::size_t> place, std::string label, std::string reason) {
    if (!place || chosen_ >= options_.picks) return;
    const bool repeated = std::any_of(picks_.begin(), picks_.end(),
                                      [&](const Pick& pick) { return pick.evaluated == *place; });
    if (repeated) return;
    picks_.push_back({*place, std::move(label), std::move(reason), false});
    ++chosen_;
  }

  void cheapest_within(double points) {
    const double floor = input_.float_accuracy.top1() - points / 100.0;
    std::optional<std::size_t> best;
    for (const std::size_t i : input_.front) {
      if (plan(i).accuracy.top1() < floor) continue;
      if (!best || plan(i).objectives[costs_[0]] < plan(*best).objectives[costs_[0]]) best = i;
    }
    const std::string_view cost = name(input_.objectives[costs_[0]]);
    add(best, fmt::format("least {} within {:g} points", cost, points),
        fmt::format("least {} among plans whose search accuracy is at most {:g} points below float",
                    cost, points));
  }

  void cheaper_than_baseline(std::size_t which) {
    const EvaluatedPlan& baseline = plan(input_.finish_baselines[which]);
    std::optional<std::size_t> best;
    for (const std::size_t i : input_.front) {
      const bool cheaper = std::all_of(costs_.begin(), costs_.end(), [&](std::size_t cost) {
        return plan(i).objectives[cost] < baseline.objectives[cost];
      });
      if (cheaper && (!best || plan(i).accuracy.top1() > plan(*best).accuracy.top1())) best = i;
    }
    const WidthPair& widths = options_.baselines[which];
    add(best, fmt::format("cheaper than uniform {}/{}", widths.weights, widths.inputs),
        fmt::format("most accurate plan on the search split that costs less than uniform {}/{} in "
                    "every objective",
                    widths.weights, widths.inputs));
  }

  void as_accurate_as_baseline(std::size_t which) {
    const EvaluatedPlan& baseline = plan(input_.finish_baselines[which]);
    std::optional<std::size_t> best;
    for (const std::size_t i : input_.front) {
      if (plan(i).accuracy.top1() < baseline.accuracy.top1()) continue;
      if (!best || plan(i).objectives[costs_[0]] < plan(*best).objectives[costs_[0]]) best = i;
    }
    const std::string_view cost = name(input_.objectives[costs_[0]]);
    const WidthPair& widths = options_.baselines[which];
    add(best, fmt::format("least {} as accurate as {}/{}", cost, widths.weights, widths.inputs),
        fmt::format("least {} among plans no less accurate than uniform {}/{} on the search split",
                    cost, widths.weights, widths.inputs));
  }

  void knee() {
    const std::size_t dimensions = input_.objectives.size();
    std::vector<double> low(dimensions, std::numeric_limits<double>::infinity());
    std::vector<double> high(dimensions, -std::numeric_limits<double>::infinity());
    for (const std::size_t i : input_.front) {
      for (std::size_t k = 0; k < dimensions; ++k) {
        low[k] = std::min(low[k], plan(i).objectives[k]);
        high[k] = std::max(high[k], plan(i).objectives[k]);
      }
    }
    std::optional<std::size_t> best;
    double least = std::numeric_limits<double>::infinity();
    for (const std::size_t i : input_.front) {
      double distance = 0.0;
      for (std::size_t k = 0; k < dimensions; ++k) {
        const double range = high[k] - low[k];
        if (range > 0.0) distance += std::pow((plan(i).objectives[k] - low[k]) / range, 2);
      }
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    add(best, "knee", "nearest to the ideal point of the front, every objective scaled to 0..1");
  }

  const PickInput& input_;
  const FinishOptions& options_;
  std::vector<std::size_t> costs_;  // positions in input.objectives
  std::vector<Pick> picks_;
  int chosen_ = 0;
};

}  // namespace

std::vector<Pick> choose_picks(const PickInput& input, const FinishOptions& options) {
  HWFLOW_CHECK(input.finish_baselines.size() == options.baselines.size(),
               "not one plan for every baseline");
  return Chooser(input, options).run();
}

}  // namespace hwflow::study
