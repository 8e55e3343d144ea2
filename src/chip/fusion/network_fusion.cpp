#include "chip/fusion/network_fusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "chip/fusion/least_dram.hpp"
#include "chip/fusion/single_layers.hpp"
#include "chip/fusion/slice_search.hpp"
#include "chip/fusion/slice_states.hpp"

namespace hwflow::chip {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

constexpr std::size_t kAllPlans = std::numeric_limits<std::size_t>::max();
/// Schedules that are priced side by side: the same number whatever the threads.
constexpr std::size_t kPricedTogether = 8;
/// A schedule is worth looking at when it may make the network better by this share. (DRAM traffic,
/// and where all is to be proved: by any.)
constexpr double kLeastGain = 1e-3, kRounding = 1e-13;
/// More DRAM bits than any schedule moves.
constexpr std::int64_t kNoLimit = std::int64_t{1} << 62;
/// Rounds in which groups that were not improved yet are taken to cost their bounds.
constexpr int kRoundsByBound = 1;
/// Of a time limit, what the layers by themselves may take.
constexpr double kShareOfSingles = 0.4;
constexpr PartCost kNothing{1e300, 1e300};

/// To an eighth of a power of two, so that searches for different plans ask for the same.
std::int64_t rounded_up(std::int64_t bits) {
  if (bits <= 0 || bits >= kNoLimit) return bits;
  const double eighths = std::ceil(8.0 * std::log2(static_cast<double>(bits)));
  return std::max(bits, static_cast<std::int64_t>(std::exp2(eighths / 8.0)));
}

/// Slices begin at layers with MACs; what comes before the first belongs to it.
std::int64_t separate_dram_bits(const FusionGraph& graph) {
  std::int64_t bits = 0;
  bool has_macs = false;
  for (std::size_t first = 0, l = 0; l <= graph.layers.size(); ++l) {
    const bool begins = l == graph.layers.size() || graph.layers[l].layer.op.macs() > 0;
    if (begins && (has_macs || l == graph.layers.size())) {
      bits += compulsory_traffic(make_group(graph, {first, l})).total();
      first = l;
    }
    has_macs = has_macs || begins;
  }
  return bits;
}

class Fusion {
 public:
  Fusion(const FusionGraph& graph, const FusionMachine& machine, const FusionOptions& options,
         const FusionProgress& progress, std::stop_token stop)
      : graph_(graph),
        machine_(machine),
        options_(options),
        progress_(progress),
        evaluator_(graph, machine, options.mapper, options.mappings),
        stop_(std::move(stop)),
        start_(Clock::now()),
        states_(graph.layers.size(), options.one_group ? graph.layers.size() : 1,
                options.max_group.value_or(graph.layers.size()), options.objective),
        slices_(states_.all()),
        search_(graph, machine,
                {options.objective, options.space, options.share_in_space,
                 [this] { return is_over(); }},
                evaluator_, stop_) {
    const double bit =
        std::min(evaluator_.transfer_energy_pj(1, 0), evaluator_.transfer_energy_pj(0, 1));
    rate_ = is_dram() ? 1.0 : options.objective == Objective::latency ? 0.0 : bit;
    if (!is_dram() && !proves()) share_ = kLeastGain;
  }

  Expected<NetworkFusion> run() {
    if (!options_.one_group) find_single_layers();
    look_at_slices();
    search_singles();
    search_on_path();
    improve_best();
    if (proves()) exhaust();
    return finish();
  }

 private:
  [[nodiscard]] bool is_dram() const { return options_.objective == Objective::dram; }
  [[nodiscard]] bool is_sum() const { return goal_of(options_.objective) == PartitionGoal::sum; }
  [[nodiscard]] bool proves() const { return options_.prove || options_.time_limit_seconds; }
  [[nodiscard]] bool is_over() const {
    return stop_.stop_requested() ||
           (options_.time_limit_seconds && seconds_since(start_) >= *options_.time_limit_seconds);
  }

  [[nodiscard]] double value_of(const NetworkCost& cost) const {
    return states_.value_of(states_.cost_of(cost));
  }
  [[nodiscard]] PartCost cost_of(const NetworkCost& cost) const { return states_.cost_of(cost); }

  void find_single_layers() {
    MapperOptions options = options_.mapper;
    options.objective = options_.objective;
    std::optional<double> seconds = options_.time_limit_seconds;
    if (seconds) *seconds *= kShareOfSingles;
    singles_ = map_single_layers(
        graph_, machine_, options,
        [this](const Layer& layer, const Accelerator& on, const MapperOptions& limits) {
          return map_alone(layer, on, limits);
        },
        seconds, options_.threads);
    result_.single_layer_seconds = seconds_since(start_);
  }

  [[nodiscard]] Expected<MappingResult> map_alone(const Layer& layer, const Accelerator& machine,
                                                  const MapperOptions& options) const {
    if (options_.map_alone) return options_.map_alone(layer, machine, options, stop_);
    return map_by_itself(
        layer, machine, machine_.buffer, options,
        [this](const Layer& one, const Accelerator& on, const MapperOptions& limits) {
          return options_.mappings == nullptr ? map_layer(one, on, limits, stop_)
                                              : options_.mappings->map(one, on, limits);
        });
  }

  void look_at_slices() {
    result_.slices = static_cast<std::int64_t>(slices_.size());
    parallel_for(slices_.size(), options_.threads, [&](std::size_t i) { look_at(slices_[i]); });
    for (SliceState& state : slices_)
      if (state.slice.size() == 1) add_alone(state);
  }

  void look_at(SliceState& state) {
    if (options_.slices != nullptr) {
      state.key = slice_key(graph_, state.slice);
      if (const auto known = options_.slices->find_outlook(state.key)) {
        state.bound = state.bound_at_least = known->bound;
        state.estimate = known->estimate;
        state.least_bits = known->least_bits;
        return;
      }
    }
    bound(state);
    state.bound_at_least = state.bound;
    if (options_.slices != nullptr)
      options_.slices->save_outlook(state.key, {state.bound, state.estimate, state.least_bits});
  }

  void bound(SliceState& state) {
    const GroupTraffic least = compulsory_traffic(make_group(graph_, state.slice));
    state.least_bits = least.total();
    if (state.slice.size() == 1) {  // the mapper counts the words of gaps differently
      const auto coarse = evaluate_coarse(graph_.layers[state.slice.first].batched, machine_.whole);
      if (coarse) state.least_bits = std::min(state.least_bits, coarse->dram_bits);
    }
    if (is_dram()) {
      state.bound = state.estimate = {static_cast<double>(state.least_bits), 0.0};
      return;
    }
    const auto bound = evaluator_.lower_bound(state.slice, least);
    state.bound = cost_of(NetworkCost{bound.energy_pj, bound.cycles, least.total()});
    if (state.slice.size() == 1) state.bound = single_bound(state, state.bound);
    if (options_.one_group) {  // there is no other slice to begin with
      state.estimate = state.bound;
      return;
    }
    const auto estimate = evaluator_.estimate(state.slice, least);
    state.estimate = cost_of(NetworkCost{estimate.energy_pj, estimate.cycles, least.total()});
  }

  /// Nothing that a layer by itself can do is cheaper than the mapper or the coarse model says.
  PartCost single_bound(const SliceState& state, const PartCost& fused) const {
    const FusionLayer& layer = graph_.layers[state.slice.first];
    const auto least = evaluator_.lower_bound_alone(state.slice.first);
    if (!least) return fused;
    PartCost alone = cost_of(NetworkCost{least->energy_pj, least->cycles, least->dram_bits});
    const auto mapped = singles_.by_name.find(layer.batched.name);
    if (is_sum() && mapped != singles_.by_name.end())
      alone.first = std::max(alone.first, mapped->second->lower_bound);
    return {std::min(fused.first, alone.first), std::min(fused.second, alone.second)};
  }

  void search_singles() {
    std::vector<std::size_t> singles;
    for (std::size_t i = 0; i < slices_.size(); ++i)
      if (slices_[i].slice.size() == 1) singles.push_back(i);
    search_all(singles);
  }

  void search_all(const std::vector<std::size_t>& unknown) {
    states_.look_around();
    parallel_for(unknown.size(), options_.threads,
                 [&](std::size_t i) { search(slices_[unknown[i]]); });
    result_.slices_searched += static_cast<std::int64_t>(unknown.size());
  }

  /// Searches the slices that the cheapest partition would use, as it is estimated, until it uses
  /// none unsearched.
  void search_on_path() {
    while (!is_over()) {
      const auto open = states_.open_on_path(&SliceState::is_searched, &SliceState::estimate);
      if (open.slices.empty()) return;
      search_all(open.slices);
      if (progress_) progress_(result_.slices_searched, open.value, open.value);
    }
  }

  /// The search prices few schedules of a slice, with blocks mapped with little effort. For the
  /// slices of the best partition those that wait are priced, too, and the best one in full, until
  /// the partition has none left where that was not done. All other slices are taken to cost their
  /// bounds in the first rounds, and then as much less as any was found to cost in the end.
  void improve_best() {
    if (is_dram()) return;
    PartCost hope{1.0, 1.0};
    for (int round = 0; !is_over(); ++round) {
      const auto best =
          round < kRoundsByBound ? states_.best_known({0.0, 0.0}) : states_.best_known(hope);
      bool is_done = true;
      for (const auto& [slice, number] : best.parts) {
        SliceState& state = slices_[slice];
        if (state.options[number].effort != MappingEffort::quick) continue;
        is_done = false;
        const PartCost before = cost_of(state.options[number].total);
        const PartCost after = improve(state, number);
        hope.first = std::min(hope.first, after.first / before.first);
        if (before.second > 0.0) hope.second = std::min(hope.second, after.second / before.second);
      }
      if (is_done && round >= kRoundsByBound) return;
    }
  }

  /// Prices what waits and may be better than the option, then the best of all in full, in its
  /// place.
  PartCost improve(SliceState& state, std::size_t number) {
    FusedGroup best = state.options[number];
    const auto better = [&](const NetworkCost& cost) {
      return value_of(cost) < value_of(best.total);
    };
    price_waiting(state.slice, std::exchange(state.waiting, {}), MappingEffort::quick, better,
                  [&](PricedPlan&& plan) {
                    FusedGroup group = group_of(state.slice, std::move(plan), MappingEffort::quick);
                    if (!is_sum()) state.options.push_back(group);
                    if (better(group.total)) best = std::move(group);
                  });
    FusedGroup full = best;
    price(full, MappingEffort::full);
    if (value_of(full.total) > value_of(best.total)) {
      full = best;  // the best blocks do not always make the best group
      price(full, MappingEffort::quick);
      full.effort = MappingEffort::full;
    }
    state.options[number] = full;
    return cost_of(full.total);
  }

  /// Prices those of `plans`, by rising bound, that are `useful`, some at a time.
  void price_waiting(const Slice& slice, const std::vector<PricedPlan>& plans, MappingEffort effort,
                     const std::function<bool(const NetworkCost&)>& useful,
                     const std::function<void(PricedPlan&&)>& found) {
    for (std::size_t next = 0; next < plans.size() && !is_over();) {
      std::vector<std::size_t> together;
      for (; next < plans.size() && together.size() < kPricedTogether; ++next)
        if (useful(plans[next].bound)) together.push_back(next);
      std::vector<std::vector<PricedPlan>> priced(together.size());
      parallel_for(together.size(), options_.threads, [&](std::size_t i) {
        if (!is_over()) priced[i] = search_.price(slice, plans[together[i]], effort, useful);
      });
      result_.counts.evaluated += static_cast<std::int64_t>(together.size());
      for (auto& some : priced)
        for (PricedPlan& plan : some) found(std::move(plan));
    }
  }

  /// Goes on until no schedule that was not priced in full could make the partition better: the
  /// cheapest partition in which all slices but those exhausted cost their bounds has none of them.
  void exhaust() {
    if (is_dram()) return;
    while (!is_over()) {
      states_.look_around();
      const auto open = states_.open_on_path(&SliceState::is_exhausted, &SliceState::bound);
      if (open.slices.empty()) {
        result_.is_best_as_mapped = true;
        return;
      }
      for (const std::size_t i : open.slices) exhaust(slices_[i]);
      if (progress_) progress_(result_.slices_searched, states_.known(), open.value);
    }
  }

  void exhaust(SliceState& state) {
    if (!state.is_searched) ++result_.slices_searched;
    const std::int64_t below = useless_bits(state, kRounding);
    state.counts = {.evaluated = state.counts.evaluated};  // all are looked at again
    SlicePlans all = search_.by_bound(state.slice, below, kAllPlans, state.counts);
    if (is_over()) return;
    keep_bound(state, all);
    const auto useful = [&](const NetworkCost& bound) {
      const PartCost cost = cost_of(bound);
      return states_.can_improve(state.slice, cost, kRounding) &&
             std::none_of(state.options.begin(), state.options.end(), [&](const FusedGroup& known) {
               const PartCost best = cost_of(known.total);
               return best.first <= cost.first && best.second <= cost.second;
             });
    };
    price_waiting(state.slice, all.plans, MappingEffort::full, useful, [&](PricedPlan&& plan) {
      state.options.push_back(group_of(state.slice, std::move(plan), MappingEffort::full));
      states_.keep_best(state);
    });
    if (is_over()) return;
    state.is_searched = state.is_exhausted = true;
    state.waiting.clear();
  }

  [[nodiscard]] FusedGroup named(const Slice& slice) const {
    FusedGroup group;
    group.slice = slice;
    for (std::size_t l = slice.first; l < slice.last; ++l)
      group.layers.push_back(graph_.layers[l].layer.name);
    return group;
  }

  [[nodiscard]] FusedGroup group_of(const Slice& slice, PricedPlan&& plan,
                                    std::optional<MappingEffort> effort) const {
    FusedGroup group = named(slice);
    group.plan = std::move(plan.plan);
    group.total.dram_bits = group.plan->traffic.total();
    if (plan.cost) group.total = *plan.cost;
    group.peak_buffer_bits = group.plan->room.total();
    group.effort = effort;
    return group;
  }

  void search(SliceState& state) {
    SlicePlans found = useful_plans(state);
    if (!is_over()) {  // else what is known may not be all
      state.is_searched = true;
      if (!is_dram()) keep_bound(state, found);
    }
    for (PricedPlan& plan : found.plans) {
      if (!is_dram() && !plan.cost) {
        state.waiting.push_back(std::move(plan));
        continue;
      }
      const auto effort = is_dram() ? std::nullopt : std::optional(MappingEffort::quick);
      state.options.push_back(group_of(state.slice, std::move(plan), effort));
    }
    states_.keep_best(state);
    if (!is_dram() || !state.is_searched) return;
    // What was passed over because no partition needs it is as good as gone.
    state.bound = state.options.empty() ? kNothing : cost_of(state.options.front().total);
    if (state.slice.size() == 1 && !state.options.empty()) keep_below_mapper(state);
  }

  /// Nothing that a partition needs costs less than the least bound of the plans.
  void keep_bound(SliceState& state, const SlicePlans& found) const {
    PartCost least = found.least ? cost_of(*found.least) : kNothing;
    for (const PricedPlan& plan : found.plans) {
      const PartCost bound = cost_of(plan.bound);
      least = {std::min(least.first, bound.first), std::min(least.second, bound.second)};
    }
    if (state.slice.size() == 1) least = single_bound(state, least);
    state.bound = {std::max(state.bound.first, least.first),
                   std::max(state.bound.second, least.second)};
  }

  /// Where the mapper has not finished, a layer by itself may cost less than is known.
  void keep_below_mapper(SliceState& state) const {
    const auto alone = singles_.by_name.find(graph_.layers[state.slice.first].batched.name);
    if (alone == singles_.by_name.end() || alone->second->optimal) return;
    const double least =
        std::max(alone->second->lower_bound, static_cast<double>(state.least_bits));
    state.bound.first = std::min(state.bound.first, least);
  }

  void add_alone(SliceState& state) {
    const auto found = singles_.by_name.find(graph_.layers[state.slice.first].batched.name);
    if (found == singles_.by_name.end()) return;
    FusedGroup group = named(state.slice);
    group.alone = *found->second;
    group.total = {group.alone->cost.energy_pj, group.alone->cost.cycles,
                   group.alone->cost.dram_bits};
    if (machine_.buffer < group.alone->cost.levels.size())
      group.peak_buffer_bits = group.alone->cost.levels[machine_.buffer].occupied_bits;
    state.options.push_back(std::move(group));
  }

  /// The least traffic with which no schedule of the slice is of use any more.
  [[nodiscard]] std::int64_t useless_bits(const SliceState& state, double share) {
    const auto improves = [&](std::int64_t bits, double gain) {
      PartCost cost = state.bound;
      const double more = static_cast<double>(bits - state.least_bits) * rate_;
      cost.first = std::max(cost.first, state.bound_at_least.first + more);
      return states_.can_improve(state.slice, cost, gain);
    };
    std::int64_t useful = 0, useless = kNoLimit;
    if (improves(useful, share)) {
      while (useless - useful > 1) {
        const std::int64_t middle = useful + (useless - useful) / 2;
        (improves(middle, share) ? useful : useless) = middle;
      }
    } else {
      useless = 0;
    }
    if (useless < kNoLimit && improves(useless, kRounding)) passed_over_little_ = true;
    return useless;
  }

  /// From the cache, or by a search; the first few priced.
  SlicePlans useful_plans(SliceState& state) {
    std::int64_t below = useless_bits(state, share_);
    if (!is_dram())
      below = rounded_up(below);
    else if (!state.options.empty())
      below = std::min(below, state.options.front().total.dram_bits);
    if (options_.slices != nullptr) {
      if (auto known = options_.slices->find_plans(state.key, below)) {
        if (!is_dram()) price_first(state, *known);  // others were priced first of more
        return std::move(*known);
      }
    }
    SlicePlans found =
        is_dram() ? search_.least_traffic(state.slice, below, state.least_bits, state.counts)
                  : search_.by_bound(state.slice, below, options_.plans_kept, state.counts);
    if (!is_dram()) price_first(state, found);
    if (options_.slices != nullptr && !is_over()) {
      const bool is_least = is_dram() && !found.plans.empty();
      options_.slices->save_plans(state.key, is_least ? kNoLimit : below, found);
    }
    return found;
  }

  /// Until the first few have a price. Schedules without one are left out.
  void price_first(SliceState& state, SlicePlans& found) const {
    std::vector<PricedPlan> plans;
    std::size_t priced = 0;
    for (PricedPlan& plan : found.plans) {
      if (plan.cost || priced >= options_.plans_priced || is_over()) {
        if (plan.cost && plan.plan.schedule.shares.empty()) ++priced;
        plans.push_back(std::move(plan));
        continue;
      }
      ++state.counts.evaluated;
      auto some = search_.price(state.slice, plan, MappingEffort::quick);
      if (!some.empty()) ++priced;
      for (PricedPlan& one : some) plans.push_back(std::move(one));
    }
    found.plans = std::move(plans);
  }

  void price(FusedGroup& group, MappingEffort effort) {
    auto cost = evaluator_.evaluate(group.slice, *group.plan, effort);
    group.effort = effort;
    if (!cost) return;
    group.total.energy_pj = cost->energy_pj;
    group.total.cycles = cost->cycles;
    group.cost = std::move(*cost);
  }

  Expected<NetworkFusion> finish() {
    const auto best = states_.best_known();
    if (best.parts.empty()) return Unexpected{why_infeasible()};
    result_.value = best.value;
    // Bounds are about what could beat the best partition: it may be below all of them.
    result_.lower_bound = std::min(states_.lowest(), best.value);
    if (passed_over_little_)
      result_.lower_bound = std::min(result_.lower_bound, best.value * (1.0 - kLeastGain));
    result_.optimal = result_.lower_bound >= best.value * (1.0 - 1e-12);
    for (const auto& [slice, number] : best.parts) {
      FusedGroup group = slices_[slice].options[number];
      if (group.plan && !group.cost)
        price(group, group.effort.value_or(is_over() ? MappingEffort::quick : MappingEffort::full));
      group.value = value_of(group.total);
      group.lower_bound = std::min(group.value, states_.value_of(slices_[slice].bound));
      result_.total.energy_pj += group.total.energy_pj;
      result_.total.cycles += group.total.cycles;
      result_.total.dram_bits += group.total.dram_bits;
      result_.groups.push_back(std::move(group));
    }
    for (const SliceState& state : slices_) result_.counts += state.counts;
    result_.single_layers = singles_.total;
    result_.single_layers_optimal = singles_.all_optimal;
    result_.single_mappings = singles_.mappings;
    result_.compulsory_dram_bits =
        compulsory_traffic(make_group(graph_, {0, graph_.layers.size()})).total();
    result_.separate_dram_bits = separate_dram_bits(graph_);
    result_.seconds = seconds_since(start_);
    return std::move(result_);
  }

  /// Why all layers together have no schedule.
  [[nodiscard]] Diagnostic why_no_group() const {
    const Slice all{0, graph_.layers.size()};
    Diagnostic problem{graph_.name, "no block mapping was found for its schedules as one group",
                       "give the mapper more evaluations", ProblemKind::infeasible};
    const PhaseCounts& counts = slices_.empty() ? PhaseCounts{} : slices_.front().counts;
    if (is_over()) {
      problem.reason = "the search ended before it found a schedule of all layers as one group";
      problem.hint = "give it more time";
    } else if (counts.too_large + counts.weights_large > 0 && counts.evaluated == 0) {
      const BufferRoom needed = sufficient_room(graph_, all, machine_.room, options_.space);
      problem.reason = fmt::format("{} layers do not fit as one group", all.size());
      const auto say = [&](const char* what, std::int64_t bits, std::int64_t has) {
        if (bits > has)
          problem.reason += fmt::format("; {} need {} bits, the buffer has {}", what, bits, has);
      };
      say(needed.weight_bits ? "feature maps" : "feature maps and weights", needed.feature_bits,
          machine_.room.feature_bits);
      if (needed.weight_bits) say("weights", *needed.weight_bits, *machine_.room.weight_bits);
      problem.hint = "give the buffer that room, make the tile smaller, or form several groups";
    }
    return problem;
  }

  [[nodiscard]] Diagnostics why_infeasible() const {
    if (options_.one_group) return {why_no_group()};
    Diagnostics problems;
    for (const SliceState& state : slices_) {
      if (state.slice.size() != 1 || !state.options.empty()) continue;
      problems.push_back({graph_.layers[state.slice.first].layer.name,
                          "has no mapping by itself and fits into no group that was searched",
                          "give the buffer more room", ProblemKind::infeasible});
    }
    return problems;
  }

  const FusionGraph& graph_;
  const FusionMachine& machine_;
  const FusionOptions& options_;
  const FusionProgress& progress_;
  GroupEvaluator evaluator_;
  std::stop_token stop_;
  Clock::time_point start_;
  SliceStates states_;
  std::vector<SliceState>& slices_;
  SliceSearch search_;
  double rate_ = 0.0;         ///< least that the first quantity grows by with every DRAM bit
  double share_ = kRounding;  ///< by which a schedule must be able to make the network better
  /// Something was passed over that might gain less than kLeastGain.
  std::atomic<bool> passed_over_little_ = false;
  SingleLayers singles_;
  NetworkFusion result_;
};

}  // namespace

Expected<NetworkFusion> fuse_network(const FusionGraph& graph, const FusionMachine& machine,
                                     const FusionOptions& options, const FusionProgress& progress,
                                     std::stop_token stop) {
  return Fusion(graph, machine, options, progress, std::move(stop)).run();
}

}  // namespace hwflow::chip
