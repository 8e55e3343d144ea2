#include "study/picks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>

#include "base/check.hpp"
#include "study/budget_winners.hpp"

namespace hwflow::study {
namespace {

constexpr int kRungs = 6;          // of the ladder of margins: 1, 2, 4, ... 32
constexpr std::size_t kBlock = 8;  // plans that are confirmed at a time

/// Top-1 that a plan must have, on each split.
struct Floor {
  double search = 0.0, confirmed = 0.0;
};

class Chooser {
 public:
  Chooser(const PickInput& input, const FinishOptions& options)
      : input_(input), options_(options), confirms_(input.float_confirmation.has_value()) {
    for (std::size_t i = 0; i < input.objectives.size(); ++i) {
      if (input.objectives[i] != Objective::accuracy) costs_.push_back(i);
    }
    HWFLOW_CHECK(!costs_.empty(), "a search without a cost");
    if (!confirms_) {
      candidates_.assign(input.front.begin(), input.front.end());
    } else {
      candidates_.resize(input.evaluated.size());
      std::iota(candidates_.begin(), candidates_.end(), std::size_t{0});
    }
    std::erase_if(candidates_, [this](std::size_t i) { return !may_pick(i); });
    std::stable_sort(candidates_.begin(), candidates_.end(),
                     [this](std::size_t a, std::size_t b) { return cost(a) < cost(b); });
  }

  std::optional<std::vector<Pick>> run() && {
    for (std::size_t i = 0; i < options_.baselines.size(); ++i) add_baseline(i);
    confirm(input_.finish_baselines);
    for (const BudgetWinner& winner : input_.winners) most_accurate_within(winner);
    if (input_.by_proxy) {
      by_baselines();
      by_quarters_of_the_front();
      knee();
    } else {
      by_points();
    }
    if (stopped_) return std::nullopt;
    return std::move(picks_);
  }

 private:
  [[nodiscard]] const EvaluatedPlan& plan(std::size_t i) const { return input_.evaluated[i]; }
  [[nodiscard]] bool may_pick(std::size_t i) const {
    return !input_.may_pick || input_.may_pick(i);
  }
  [[nodiscard]] double cost(std::size_t i) const { return plan(i).objectives[costs_[0]]; }
  [[nodiscard]] std::string_view cost_name() const { return name(input_.objectives[costs_[0]]); }
  [[nodiscard]] double trusted(std::size_t i) const {
    return confirms_ ? plan(i).confirmed->top1() : plan(i).accuracy.top1();
  }
  [[nodiscard]] bool full() const { return stopped_ || chosen_ >= options_.picks; }

  /// Of accuracies, for reasons.
  [[nodiscard]] std::string accuracy_name() const {
    if (confirms_) return "confirmed accuracy";
    return input_.by_proxy ? "proxy" : "search accuracy";
  }

  /// False when stopped: then nothing may ask for confirmed accuracies any more.
  bool confirm(std::span<const std::size_t> plans) {
    if (confirms_ && !stopped_) stopped_ = !input_.confirm(plans);
    return !stopped_;
  }

  [[nodiscard]] bool is_chosen(std::size_t place) const {
    return std::any_of(picks_.begin(), picks_.end(),
                       [&](const Pick& pick) { return pick.evaluated == place; });
  }

  void add_baseline(std::size_t i) {
    const WidthPair& widths = options_.baselines[i];
    const std::size_t place = input_.finish_baselines[i];
    if (is_chosen(place)) return;
    picks_.push_back({place, fmt::format("uniform {}/{}", widths.weights, widths.inputs),
                      "baseline: the same widths everywhere", true});
  }

  void add(std::optional<std::size_t> place, std::string label, std::string reason) {
    if (!place || full() || is_chosen(*place)) return;
    picks_.push_back({*place, std::move(label), std::move(reason), false});
    ++chosen_;
  }

  /// The least first cost at that accuracy or more.
  [[nodiscard]] std::optional<std::size_t> cheapest_at(const Floor& floor) {
    std::vector<std::size_t> able;
    for (const std::size_t i : candidates_) {
      if (plan(i).accuracy.top1() >= floor.search) able.push_back(i);
    }
    if (full() || able.empty()) return std::nullopt;
    if (!confirms_) return able.front();
    for (std::size_t begin = 0; begin < able.size(); begin += kBlock) {
      const auto block = std::span(able).subspan(begin, std::min(kBlock, able.size() - begin));
      if (!confirm(block)) return std::nullopt;
      for (const std::size_t i : block) {
        if (trusted(i) >= floor.confirmed) return i;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] Floor below_float(double points) const {
    const auto below = [&](const train::AccuracyEstimate& accuracy) {
      return accuracy.top1() - points / 100.0;
    };
    return {below(input_.float_search),
            below(input_.float_confirmation.value_or(input_.float_search))};
  }

  void most_accurate_within(const BudgetWinner& winner) {
    const std::string budget = budget_text(winner.limits);
    add(winner.evaluated,
        fmt::format("{} within {}", input_.by_proxy ? "greatest proxy" : "most accurate", budget),
        fmt::format("best {} among {} within {}", accuracy_name(),
                    confirms_ ? fmt::format("the {} most accurate by the search",
                                            std::min<std::int64_t>(winner.within, kShortlist))
                              : fmt::format("the {} plans measured", winner.within),
                    budget));
  }

  void by_points() {
    const double tolerance = options_.tolerance_points;
    cheapest_within(tolerance);
    cheapest_as_accurate_as_float();
    by_baselines();
    cheapest_within(tolerance / 2.0);
    for (int rung = 0; rung < kRungs && options_.search_margin_points > 0.0; ++rung) {
      cheapest_within(tolerance + std::ldexp(options_.search_margin_points, rung));
      if (rung == 0) knee();
    }
    if (options_.search_margin_points <= 0.0) knee();
  }

  void by_baselines() {
    for (std::size_t i = 0; i < options_.baselines.size(); ++i) {
      if (options_.baselines[i] == options_.reference) continue;
      cheaper_than_baseline(i);
      as_accurate_as_baseline(i);
    }
  }

  void by_quarters_of_the_front() {
    std::vector<double> proxies;
    for (const std::size_t i : input_.front) proxies.push_back(plan(i).accuracy.top1());
    std::ranges::sort(proxies, std::greater{});
    for (const std::size_t quarter : {1U, 2U, 3U}) {
      const std::size_t place = quarter * proxies.size() / 4;
      if (place < proxies.size()) cheapest_of_proxy({proxies[place], proxies[place]});
    }
  }

  void cheapest_within(double points) {
    const Floor floor = below_float(points);
    if (floor.search <= 0.0) return;  // every plan is within
    add(cheapest_at(floor), fmt::format("least {} within {:g} points", cost_name(), points),
        fmt::format("least {} among plans whose {} is at most {:g} points below float", cost_name(),
                    accuracy_name(), points));
  }

  void cheapest_of_proxy(const Floor& floor) {
    add(cheapest_at(floor),
        fmt::format("least {}, proxy of {:.3f} or more", cost_name(), floor.search),
        fmt::format("least {} among plans whose proxy is at least {:.3f}", cost_name(),
                    floor.search));
  }

  void cheapest_as_accurate_as_float() {
    add(cheapest_at(below_float(0.0)), fmt::format("least {} as accurate as float", cost_name()),
        fmt::format("least {} among plans whose {} is no less than that of float", cost_name(),
                    accuracy_name()));
  }

  void cheaper_than_baseline(std::size_t which) {
    const EvaluatedPlan& baseline = plan(input_.finish_baselines[which]);
    const WidthPair& widths = options_.baselines[which];
    add(most_accurate_below(baseline.objectives),
        fmt::format("cheaper than uniform {}/{}", widths.weights, widths.inputs),
        fmt::format("best {} among plans that cost less than uniform {}/{} in every objective",
                    accuracy_name(), widths.weights, widths.inputs));
  }

  /// Of the plans that cost less in every objective.
  [[nodiscard]] std::optional<std::size_t> most_accurate_below(const std::vector<double>& bounds) {
    std::vector<std::size_t> cheaper;
    for (const std::size_t i : candidates_) {
      const bool all = std::all_of(costs_.begin(), costs_.end(), [&](std::size_t cost) {
        return plan(i).objectives[cost] < bounds[cost];
      });
      if (all) cheaper.push_back(i);
    }
    const auto by_search = [this](std::size_t a, std::size_t b) {
      return plan(a).accuracy.top1() > plan(b).accuracy.top1();
    };
    std::stable_sort(cheaper.begin(), cheaper.end(), by_search);
    cheaper.resize(std::min(cheaper.size(), kShortlist));
    if (full() || cheaper.empty() || !confirm(cheaper)) return std::nullopt;
    return *std::max_element(cheaper.begin(), cheaper.end(), [this](std::size_t a, std::size_t b) {
      return trusted(a) < trusted(b);
    });
  }

  void as_accurate_as_baseline(std::size_t which) {
    if (full()) return;
    const std::size_t place = input_.finish_baselines[which];
    const WidthPair& widths = options_.baselines[which];
    add(cheapest_at({plan(place).accuracy.top1(), trusted(place)}),
        fmt::format("least {} {} {}/{}", cost_name(),
                    input_.by_proxy ? "at the proxy of" : "as accurate as", widths.weights,
                    widths.inputs),
        fmt::format("least {} among plans whose {} is no less than that of uniform {}/{}",
                    cost_name(), accuracy_name(), widths.weights, widths.inputs));
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
      if (distance < least && may_pick(i)) {
        least = distance;
        best = i;
      }
    }
    add(best, "knee", "nearest to the ideal point of the front, every objective scaled to 0..1");
  }

  const PickInput& input_;
  const FinishOptions& options_;
  bool confirms_;
  std::vector<std::size_t> costs_;       // positions in input.objectives
  std::vector<std::size_t> candidates_;  // by rising first cost
  std::vector<Pick> picks_;
  int chosen_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::optional<std::vector<Pick>> choose_picks(const PickInput& input,
                                              const FinishOptions& options) {
  HWFLOW_CHECK(input.finish_baselines.size() == options.baselines.size(),
               "not one plan for every baseline");
  return Chooser(input, options).run();
}

}  // namespace hwflow::study
