#include "chip/fusion/network_fusion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "base/check.hpp"
#include "base/parallel.hpp"
#include "chip/fusion/least_dram.hpp"
#include "chip/fusion/partition.hpp"
#include "chip/fusion/plan_descent.hpp"

namespace hwflow::chip {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Plans of a slice that are priced when the objective is not DRAM traffic alone.
constexpr std::size_t kPlansPriced = 3;
/// A schedule is worth looking at when it may make the network better by this share. (DRAM traffic:
/// by any.)
constexpr double kLeastGain = 1e-3, kRounding = 1e-13;
/// More DRAM bits than any schedule moves.
constexpr std::int64_t kNoLimit = std::int64_t{1} << 62;
/// Sharing PEs in space is looked at where time-shared PEs take so much longer than their peak.
constexpr double kLeastGainInSpace = 1.01;
/// Share of the buffer that the tiles of a pipeline are looked for with.
constexpr double kRoomInSpace = 0.6;
/// Rounds in which groups that were not improved yet are taken to cost their bounds.
constexpr int kRoundsByBound = 1;
/// Of a time limit, what the layers by themselves may take.
constexpr double kShareOfSingles = 0.4;

/// What is known of one slice.
struct SliceState {
  Slice slice;
  std::string key;    ///< with a SliceCache
  PartCost bound;     ///< nothing cheaper
  PartCost estimate;  ///< where to look first
  std::int64_t least_bits = 0;
  bool is_searched = false;
  std::vector<FusedGroup> options;
  PhaseCounts counts;
};

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
        goal_(options.objective == Objective::edp ? PartitionGoal::product : PartitionGoal::sum) {
    const double bit =
        std::min(evaluator_.transfer_energy_pj(1, 0), evaluator_.transfer_energy_pj(0, 1));
    rate_ = is_dram() ? 1.0 : options.objective == Objective::latency ? 0.0 : bit;
  }

  Expected<NetworkFusion> run() {
    if (!options_.one_group) map_single_layers();
    list_slices();
    search_singles();
    search_by_estimate();
    if (options_.time_limit_seconds) search_by_bound();
    improve_best();
    return finish();
  }

 private:
  [[nodiscard]] bool is_dram() const { return options_.objective == Objective::dram; }
  [[nodiscard]] bool is_over() const {
    return stop_.stop_requested() ||
           (options_.time_limit_seconds && seconds_since(start_) >= *options_.time_limit_seconds);
  }

  [[nodiscard]] PartCost cost_of(double energy, std::int64_t cycles, std::int64_t bits) const {
    switch (options_.objective) {
      case Objective::dram: return {static_cast<double>(bits), 0.0};
      case Objective::energy: return {energy, 0.0};
      case Objective::latency: return {static_cast<double>(cycles), 0.0};
      case Objective::edp: return {energy, static_cast<double>(cycles)};
    }
    return {};
  }
  [[nodiscard]] double value_of(const PartCost& cost) const {
    return goal_ == PartitionGoal::sum ? cost.first : cost.first * cost.second;
  }
  [[nodiscard]] PartCost cost_of(const NetworkCost& cost) const {
    return cost_of(cost.energy_pj, cost.cycles, cost.dram_bits);
  }

  /// Every layer on every machine that a layer by itself may use; the better one counts.
  void map_single_layers() {
    std::vector<Layer> layers;
    for (const FusionLayer& layer : graph_.layers) layers.push_back(layer.batched);
    result_.single_mappings = distinct_layers<MappingResult>(layers);
    std::vector<bool> is_mapped(result_.single_mappings.size(), false);
    std::vector<std::optional<MappingResult>> found(result_.single_mappings.size());
    MapperOptions options = options_.mapper;
    options.objective = options_.objective;
    options.threads = 1;
    if (options_.time_limit_seconds) {
      options.time_limit_seconds = kShareOfSingles * *options_.time_limit_seconds *
                                   std::min(options_.threads, static_cast<int>(found.size())) /
                                   static_cast<double>(found.size() * machine_.alone.size());
    }
    parallel_for(found.size(), options_.threads, [&](std::size_t i) {
      for (const Accelerator& machine : machine_.alone) {
        auto mapped = map_alone(result_.single_mappings[i].layer, machine, options);
        if (!mapped) continue;
        if (!found[i]) {
          found[i] = std::move(*mapped);
        } else {
          const double bound = std::min(found[i]->lower_bound, mapped->lower_bound);
          if (mapped->value < found[i]->value) found[i] = std::move(*mapped);
          found[i]->lower_bound = bound;
          found[i]->optimal = bound >= found[i]->value * (1.0 - 1e-12);
        }
      }
    });
    NetworkCost total;
    bool all = true;
    result_.single_layers_optimal = true;
    for (std::size_t i = 0; i < found.size(); ++i) {
      MappedLayer& layer = result_.single_mappings[i];
      all = all && found[i].has_value();
      if (!found[i]) continue;
      layer.result = std::move(*found[i]);
      result_.single_layers_optimal = result_.single_layers_optimal && layer.result.optimal;
      total.energy_pj += static_cast<double>(layer.count()) * layer.result.cost.energy_pj;
      total.cycles += layer.count() * layer.result.cost.cycles;
      total.dram_bits += layer.count() * layer.result.cost.dram_bits;
      for (const std::string& name : layer.names) alone_[name] = &layer.result;
    }
    if (all) result_.single_layers = total;
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

  void list_slices() {
    const std::size_t count = graph_.layers.size();
    const std::size_t most = std::min(count, options_.max_group.value_or(count));
    for (std::size_t first = 0; first < count; ++first) {
      for (std::size_t last = first + 1; last <= std::min(count, first + most); ++last) {
        if (options_.one_group && last - first < count) continue;
        SliceState state;
        state.slice = {first, last};
        slices_.push_back(std::move(state));
      }
    }
    result_.slices = static_cast<std::int64_t>(slices_.size());
    parallel_for(slices_.size(), options_.threads, [&](std::size_t i) { look_at(slices_[i]); });
  }

  void look_at(SliceState& state) {
    if (options_.slices != nullptr) {
      state.key = slice_key(graph_, state.slice);
      if (const auto known = options_.slices->find_outlook(state.key)) {
        state.bound = known->bound;
        state.estimate = known->estimate;
        state.least_bits = known->least_bits;
        return;
      }
    }
    bound(state);
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
    state.bound = cost_of(bound.energy_pj, bound.cycles, least.total());
    if (state.slice.size() == 1) state.bound = single_bound(state, state.bound);
    if (options_.one_group) {  // there is no other slice to begin with
      state.estimate = state.bound;
      return;
    }
    const auto estimate = evaluator_.estimate(state.slice, least);
    state.estimate = cost_of(estimate.energy_pj, estimate.cycles, least.total());
  }

  /// Nothing that a layer by itself can do is cheaper than the mapper or the coarse model says.
  PartCost single_bound(const SliceState& state, const PartCost& fused) const {
    const FusionLayer& layer = graph_.layers[state.slice.first];
    const auto least = evaluator_.lower_bound_alone(state.slice.first);
    if (!least) return fused;
    PartCost alone = cost_of(least->energy_pj, least->cycles, least->dram_bits);
    const auto mapped = alone_.find(layer.batched.name);
    if (goal_ == PartitionGoal::sum && mapped != alone_.end())
      alone.first = std::max(alone.first, mapped->second->lower_bound);
    return {std::min(fused.first, alone.first), std::min(fused.second, alone.second)};
  }

  /// Options of all slices; of those not searched what `guess` says of them.
  [[nodiscard]] Partition partition(std::vector<PartOption>& parts,
                                    std::vector<std::pair<std::size_t, std::size_t>>& origins,
                                    PartCost SliceState::*guess) const {
    for (std::size_t i = 0; i < slices_.size(); ++i) {
      const SliceState& state = slices_[i];
      if (!state.is_searched) {
        parts.push_back({state.slice, state.*guess});
        origins.emplace_back(i, 0);
        continue;
      }
      for (std::size_t o = 0; o < state.options.size(); ++o) {
        parts.push_back({state.slice, cost_of(state.options[o].total)});
        origins.emplace_back(i, o);
      }
    }
    return cheapest_partition(graph_.layers.size(), parts, goal_);
  }

  void search_singles() {
    std::vector<std::size_t> singles;
    for (std::size_t i = 0; i < slices_.size(); ++i)
      if (slices_[i].slice.size() == 1) singles.push_back(i);
    search_all(singles);
  }

  /// Least sums of each quantity by itself before and after every cut.
  void find_surroundings() {
    const std::size_t layers = graph_.layers.size();
    constexpr double kNone = 1e300;
    before_.assign(layers + 1, {kNone, kNone});
    after_.assign(layers + 1, {kNone, kNone});
    before_[0] = after_[layers] = {};
    // Slices are listed by their first layer, so every cut is final when it is started from.
    for (const SliceState& state : slices_) {
      PartCost& to = before_[state.slice.last];
      const PartCost& from = before_[state.slice.first];
      to.first = std::min(to.first, from.first + state.bound.first);
      to.second = std::min(to.second, from.second + state.bound.second);
    }
    for (std::size_t i = slices_.size(); i-- > 0;) {
      const SliceState& state = slices_[i];
      PartCost& to = after_[state.slice.first];
      const PartCost& from = after_[state.slice.last];
      to.first = std::min(to.first, from.first + state.bound.first);
      to.second = std::min(to.second, from.second + state.bound.second);
    }
  }

  /// Can a partition with a schedule of this slice that moves so much beat the best one known?
  /// By this share at least.
  [[nodiscard]] bool can_improve(const SliceState& state, std::int64_t bits, double share) const {
    const double more = static_cast<double>(bits - state.least_bits) * rate_;
    const PartCost& before = before_[state.slice.first];
    const PartCost& after = after_[state.slice.last];
    const PartCost sum{before.first + state.bound.first + more + after.first,
                       before.second + state.bound.second + after.second};
    return value_of(sum) < known_ * (1.0 - share);
  }

  void search_all(const std::vector<std::size_t>& unknown) {
    std::vector<std::pair<std::size_t, std::size_t>> origins;
    known_ = best_known(origins).value;
    find_surroundings();
    parallel_for(unknown.size(), options_.threads,
                 [&](std::size_t i) { search(slices_[unknown[i]]); });
    result_.slices_searched += static_cast<std::int64_t>(unknown.size());
  }

  /// Searches the slices that the cheapest partition would use until it uses none unsearched.
  void search_by_estimate() { search_on_path(&SliceState::estimate); }
  void search_by_bound() { search_on_path(&SliceState::bound); }

  void search_on_path(PartCost SliceState::*guess) {
    while (!is_over()) {
      std::vector<PartOption> parts;
      std::vector<std::pair<std::size_t, std::size_t>> origins;
      const Partition best = partition(parts, origins, guess);
      std::vector<std::size_t> unknown;
      for (const std::size_t option : best.options)
        if (!slices_[origins[option].first].is_searched) unknown.push_back(origins[option].first);
      if (unknown.empty()) return;
      search_all(unknown);
      if (progress_) progress_(result_.slices_searched, best.value, best.value);
    }
  }

  /// The search looks at few schedules of a slice, at blocks with little effort. The groups of the
  /// best partition are then improved (descend()) and priced in full, until it has none left that
  /// was not. All others are taken to cost their bounds in the first rounds, and then as much less
  /// as any was found to cost in the end.
  void improve_best() {
    if (is_dram()) return;
    PartCost hope{1.0, 1.0};
    for (int round = 0; !is_over(); ++round) {
      std::vector<std::pair<std::size_t, std::size_t>> origins;
      std::vector<FusedGroup*> quick;
      const Partition best =
          round < kRoundsByBound ? best_known(origins, {0.0, 0.0}) : best_known(origins, hope);
      for (const std::size_t option : best.options) {
        FusedGroup& group = slices_[origins[option].first].options[origins[option].second];
        if (group.effort == MappingEffort::quick) quick.push_back(&group);
      }
      if (quick.empty() && round >= kRoundsByBound) return;
      std::vector<PartCost> before;
      for (const FusedGroup* group : quick) before.push_back(cost_of(group->total));
      parallel_for(quick.size(), options_.threads, [&](std::size_t i) { improve(*quick[i]); });
      for (std::size_t i = 0; i < quick.size(); ++i) {
        const PartCost after = cost_of(quick[i]->total);
        hope.first = std::min(hope.first, after.first / before[i].first);
        if (before[i].second > 0.0)
          hope.second = std::min(hope.second, after.second / before[i].second);
      }
    }
  }

  void improve(FusedGroup& group) {
    if (!options_.space.tile) {
      const PricedPlan start{*group.plan, group.total};
      PricedPlan better = descend(
          graph_, group.slice, machine_.room, start,
          [&](const NetworkCost& cost) { return value_of(cost_of(cost)); },
          {options_.space, options_.share_in_space, [this] { return is_over(); }}, evaluator_);
      group.plan = std::move(better.plan);
      group.total = *better.cost;
      group.peak_buffer_bits = group.plan->room.total();
    }
    const FusedGroup quick = group;
    price(group, MappingEffort::full);
    if (value_of(cost_of(group.total)) <= value_of(cost_of(quick.total))) return;
    price(group, MappingEffort::quick);  // the best blocks do not always make the best group
    group.effort = MappingEffort::full;
  }

  [[nodiscard]] FusedGroup named(const Slice& slice) const {
    FusedGroup group;
    group.slice = slice;
    for (std::size_t l = slice.first; l < slice.last; ++l)
      group.layers.push_back(graph_.layers[l].layer.name);
    return group;
  }

  void search(SliceState& state) {
    if (state.slice.size() == 1 && state.options.empty()) add_alone(state);
    std::vector<PricedPlan> plans = useful_plans(state);
    std::optional<std::int64_t> least_found;
    if (!plans.empty()) least_found = plans.back().plan.traffic.total();
    const bool nothing_useful = plans.empty();
    for (PricedPlan& plan : plans) {
      FusedGroup group = named(state.slice);
      group.plan = std::move(plan.plan);
      group.total.dram_bits = group.plan->traffic.total();
      group.peak_buffer_bits = group.plan->room.total();
      if (!is_dram() && !plan.cost) continue;
      if (plan.cost) {
        group.total = *plan.cost;
        group.effort = MappingEffort::quick;
      }
      state.options.push_back(std::move(group));
    }
    keep_best(state);
    if (is_over()) return;  // what is known may not be all
    state.is_searched = true;
    if (is_dram() && !state.options.empty()) {
      state.bound = cost_of(state.options.front().total);
      if (state.slice.size() == 1) keep_below_mapper(state);
    } else if (state.options.empty() && nothing_useful) {
      // What was passed over because no partition needs it is as good as gone.
      state.bound = {1e300, 1e300};
    } else if (least_found && state.slice.size() > 1) {
      // Nothing that a partition needs moves less than the last plan.
      state.bound.first += static_cast<double>(*least_found - state.least_bits) * rate_;
    }
  }

  /// Where the mapper has not finished, a layer by itself may cost less than is known.
  void keep_below_mapper(SliceState& state) const {
    const auto alone = alone_.find(graph_.layers[state.slice.first].batched.name);
    if (alone == alone_.end() || alone->second->optimal) return;
    const double least =
        std::max(alone->second->lower_bound, static_cast<double>(state.least_bits));
    state.bound.first = std::min(state.bound.first, least);
  }

  void add_alone(SliceState& state) {
    const auto found = alone_.find(graph_.layers[state.slice.first].batched.name);
    if (found == alone_.end()) return;
    FusedGroup group = named(state.slice);
    group.alone = *found->second;
    group.total = {group.alone->cost.energy_pj, group.alone->cost.cycles,
                   group.alone->cost.dram_bits};
    if (machine_.buffer < group.alone->cost.levels.size())
      group.peak_buffer_bits = group.alone->cost.levels[machine_.buffer].occupied_bits;
    state.options.push_back(std::move(group));
  }

  /// The least traffic with which no schedule of the slice is of use any more.
  [[nodiscard]] std::int64_t useless_bits(const SliceState& state) {
    const double share = is_dram() ? kRounding : kLeastGain;
    std::int64_t useful = 0, useless = kNoLimit;
    if (can_improve(state, useful, share)) {
      while (useless - useful > 1) {
        const std::int64_t middle = useful + (useless - useful) / 2;
        (can_improve(state, middle, share) ? useful : useless) = middle;
      }
    } else {
      useless = 0;
    }
    if (useless < kNoLimit && can_improve(state, useless, kRounding)) passed_over_little_ = true;
    return useless;
  }

  /// From the cache, or by a search.
  std::vector<PricedPlan> useful_plans(SliceState& state) {
    std::int64_t below = useless_bits(state);
    if (is_dram() && !state.options.empty())
      below = std::min(below, state.options.front().total.dram_bits);
    if (options_.slices != nullptr) {
      if (auto known = options_.slices->find_plans(state.key, below)) return std::move(*known);
    }
    std::vector<PricedPlan> plans = search_plans(state, below);
    if (options_.slices != nullptr && !is_over())
      options_.slices->save_plans(state.key, is_full(plans) ? kNoLimit : below, plans);
    return plans;
  }

  /// As many plans as a search keeps: one for more traffic keeps the same.
  [[nodiscard]] bool is_full(const std::vector<PricedPlan>& plans) const {
    const auto searched = std::count_if(plans.begin(), plans.end(), [](const PricedPlan& plan) {
      return plan.plan.schedule.shares.empty();
    });
    return static_cast<std::size_t>(searched) >= plans_kept();
  }
  [[nodiscard]] std::size_t plans_kept() const { return is_dram() ? 1 : kPlansPriced; }

  /// Of what moves less than `below` bits: DRAM: the one of least traffic, if it is less than what
  /// is known. Else those that moved less than all with larger steps before them: the last few.
  std::vector<PricedPlan> search_plans(SliceState& state, std::int64_t below) {
    GroupSpace space(graph_, state.slice, machine_.room, options_.space, stop_);
    std::vector<PricedPlan> plans;
    std::optional<std::int64_t> least;
    if (is_dram() && !state.options.empty()) least = state.options.front().total.dram_bits;
    const auto worth = [&](std::int64_t bits) {
      return !is_over() && bits < below &&
             (!least || (bits < least.value() && least.value() > state.least_bits));
    };
    space.visit(worth, [&](GroupPlan&& plan) {
      least = plan.traffic.total();
      plans.push_back({std::move(plan), std::nullopt});
    });
    const std::size_t most = plans_kept();
    if (plans.size() > most)
      plans.erase(plans.begin(), plans.end() - static_cast<std::ptrdiff_t>(most));
    state.counts = space.counts();
    if (is_dram()) return plans;
    state.counts.evaluated += static_cast<std::int64_t>(plans.size());
    for (PricedPlan& plan : plans) plan.cost = quick_cost(state.slice, plan.plan);
    add_in_space(state.slice, below, plans);
    return plans;
  }

  [[nodiscard]] std::optional<NetworkCost> quick_cost(const Slice& slice, const GroupPlan& plan) {
    const auto cost = evaluator_.evaluate(slice, plan, MappingEffort::quick);
    if (!cost) return std::nullopt;
    return NetworkCost{cost->energy_pj, cost->cycles, plan.traffic.total()};
  }

  /// Schedules with the PEs shared in space, where time is to be gained by that: the last plan, and
  /// the one of least traffic in a smaller buffer, because a pipeline holds more at a time. By
  /// falling traffic, as the others.
  void add_in_space(const Slice& slice, std::int64_t below, std::vector<PricedPlan>& plans) {
    if (!options_.share_in_space || plans.empty() || !plans.back().cost) return;
    const GroupPlan last = plans.back().plan;
    const auto least = evaluator_.lower_bound(slice, last.traffic);
    if (static_cast<double>(plans.back().cost->cycles) <
        kLeastGainInSpace * static_cast<double>(least.cycles))
      return;
    if (auto shared = evaluator_.in_space(slice, last)) {
      plans.push_back({*shared, quick_cost(slice, *shared)});
      return;
    }
    if (!evaluator_.has_stages(slice)) return;
    BufferRoom smaller = machine_.room;
    smaller.feature_bits =
        static_cast<std::int64_t>(kRoomInSpace * static_cast<double>(smaller.feature_bits));
    GroupSpace space(graph_, slice, smaller, options_.space, stop_);
    std::optional<GroupPlan> best;
    space.visit(
        [&](std::int64_t bits) {
          return !is_over() && bits < (best ? best->traffic.total() : below);
        },
        [&](GroupPlan&& plan) { best = std::move(plan); });
    if (!best) return;
    auto shared = evaluator_.in_space(slice, *best);
    if (!shared) return;
    const auto place = std::find_if(plans.begin(), plans.end(), [&](const PricedPlan& plan) {
      return plan.plan.traffic.total() <= shared->traffic.total();
    });
    auto cost = quick_cost(slice, *shared);
    plans.insert(place, {std::move(*shared), std::move(cost)});
  }

  void price(FusedGroup& group, MappingEffort effort) {
    auto cost = evaluator_.evaluate(group.slice, *group.plan, effort);
    group.effort = effort;
    if (!cost) return;
    group.total.energy_pj = cost->energy_pj;
    group.total.cycles = cost->cycles;
    group.cost = std::move(*cost);
  }

  void keep_best(SliceState& state) const {
    if (goal_ == PartitionGoal::product || state.options.empty()) return;
    auto best = std::min_element(state.options.begin(), state.options.end(),
                                 [&](const FusedGroup& a, const FusedGroup& b) {
                                   return cost_of(a.total).first < cost_of(b.total).first;
                                 });
    if (best != state.options.begin()) std::swap(*best, state.options.front());
    state.options.erase(state.options.begin() + 1, state.options.end());
  }

  /// The cheapest partition into what was searched. `hope`: what prices in full may be of quick
  /// ones, but for the bound.
  [[nodiscard]] Partition best_known(std::vector<std::pair<std::size_t, std::size_t>>& origins,
                                     const PartCost& hope = {1.0, 1.0}) {
    for (SliceState& state : slices_)  // layers by themselves are always known
      if (state.slice.size() == 1 && !state.is_searched && state.options.empty()) add_alone(state);
    std::vector<PartOption> parts;
    for (std::size_t i = 0; i < slices_.size(); ++i) {
      for (std::size_t o = 0; o < slices_[i].options.size(); ++o) {
        const FusedGroup& group = slices_[i].options[o];
        PartCost cost = cost_of(group.total);
        if (group.effort == MappingEffort::quick)
          cost = {std::max(cost.first * hope.first, slices_[i].bound.first),
                  std::max(cost.second * hope.second, slices_[i].bound.second)};
        parts.push_back({slices_[i].slice, cost});
        origins.emplace_back(i, o);
      }
    }
    return cheapest_partition(graph_.layers.size(), parts, goal_);
  }

  [[nodiscard]] double lowest() const {
    std::vector<PartOption> parts;
    for (const SliceState& state : slices_)
      if (state.bound.first < 1e299) parts.push_back({state.slice, state.bound});
    const Partition best = cheapest_partition(graph_.layers.size(), parts, goal_);
    return best.options.empty() ? 0.0 : best.value;
  }

  Expected<NetworkFusion> finish() {
    std::vector<std::pair<std::size_t, std::size_t>> origins;
    const Partition best = best_known(origins);
    if (best.options.empty()) return Unexpected{why_infeasible()};
    result_.value = best.value;
    result_.lower_bound = std::min(lowest(), best.value);
    if (passed_over_little_)
      result_.lower_bound = std::min(result_.lower_bound, best.value * (1.0 - kLeastGain));
    result_.optimal = result_.lower_bound >= best.value * (1.0 - 1e-12);
    for (const std::size_t option : best.options) {
      const auto [slice, number] = origins[option];
      FusedGroup group = slices_[slice].options[number];
      if (group.plan && !group.cost)
        price(group, is_over() ? MappingEffort::quick : MappingEffort::full);
      group.value = value_of(cost_of(group.total));
      group.lower_bound = std::min(group.value, value_of(slices_[slice].bound));
      result_.total.energy_pj += group.total.energy_pj;
      result_.total.cycles += group.total.cycles;
      result_.total.dram_bits += group.total.dram_bits;
      result_.groups.push_back(std::move(group));
    }
    for (const SliceState& state : slices_) result_.counts += state.counts;
    result_.compulsory_dram_bits =
        compulsory_traffic(make_group(graph_, {0, graph_.layers.size()})).total();
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
  PartitionGoal goal_;
  double rate_ = 0.0;   ///< least that the first quantity grows by with every DRAM bit
  double known_ = 0.0;  ///< value of the best partition known
  /// Something was passed over that might gain less than kLeastGain.
  std::atomic<bool> passed_over_little_ = false;
  std::vector<PartCost> before_, after_;
  std::map<std::string, const MappingResult*> alone_;
  std::vector<SliceState> slices_;
  NetworkFusion result_;
};

}  // namespace

Expected<NetworkFusion> fuse_network(const FusionGraph& graph, const FusionMachine& machine,
                                     const FusionOptions& options, const FusionProgress& progress,
                                     std::stop_token stop) {
  return Fusion(graph, machine, options, progress, std::move(stop)).run();
}

}  // namespace hwflow::chip
