#include "chip/fusion/slice_search.hpp"

#include <algorithm>
#include <utility>

#include "chip/fusion/plan_bounds.hpp"

namespace hwflow::chip {
namespace {

/// A pipeline is looked at where time-shared PEs cost so much more than it must.
constexpr double kLeastGainInSpace = 1.01;

NetworkCost network_cost(const GroupEvaluator::Bound& bound) {
  return {bound.energy_pj, bound.cycles, bound.dram_bits};
}

/// Each quantity by itself.
NetworkCost least_of(const NetworkCost& a, const NetworkCost& b) {
  return {std::min(a.energy_pj, b.energy_pj), std::min(a.cycles, b.cycles),
          std::min(a.dram_bits, b.dram_bits)};
}

/// The first few of what is offered, by value.
class LeastPlans {
 public:
  explicit LeastPlans(std::size_t most) : most_(most) {}

  [[nodiscard]] bool takes(double value) const {
    return plans_.size() < most_ || value < plans_.rbegin()->first;
  }
  void offer(double value, PricedPlan&& plan) {
    plans_.emplace(value, std::move(plan));  // behind its equals
    if (plans_.size() > most_) plans_.erase(std::prev(plans_.end()));
  }
  [[nodiscard]] std::vector<PricedPlan> take() {
    std::vector<PricedPlan> plans;
    for (auto& [value, plan] : plans_) plans.push_back(std::move(plan));
    return plans;
  }

 private:
  std::size_t most_;
  std::multimap<double, PricedPlan> plans_;
};

}  // namespace

PartCost part_cost(Objective objective, const NetworkCost& cost) {
  switch (objective) {
    case Objective::dram: return {static_cast<double>(cost.dram_bits), 0.0};
    case Objective::energy: return {cost.energy_pj, 0.0};
    case Objective::latency: return {static_cast<double>(cost.cycles), 0.0};
    case Objective::edp: return {cost.energy_pj, static_cast<double>(cost.cycles)};
  }
  return {};
}

PartitionGoal goal_of(Objective objective) {
  return objective == Objective::edp ? PartitionGoal::product : PartitionGoal::sum;
}

SliceSearch::SliceSearch(const FusionGraph& graph, const FusionMachine& machine,
                         SliceSearchOptions options, GroupEvaluator& evaluator,
                         std::stop_token stop)
    : graph_(graph),
      machine_(machine),
      options_(std::move(options)),
      evaluator_(evaluator),
      stop_(std::move(stop)) {}

SlicePlans SliceSearch::least_traffic(const Slice& slice, std::int64_t below,
                                      std::int64_t floor_bits, PhaseCounts& counts) const {
  GroupSpace space(graph_, slice, machine_.room, options_.space, stop_);
  SlicePlans found;
  std::int64_t least = below;
  const auto worth = [&](std::int64_t bits) {
    return !options_.is_over() && bits < least && (found.plans.empty() || least > floor_bits);
  };
  space.visit(worth, [&](GroupPlan&& plan) {
    least = plan.traffic.total();
    found.plans.clear();
    found.plans.push_back({std::move(plan), {}, {}, {}});
  });
  counts += space.counts();
  return found;
}

SlicePlans SliceSearch::by_bound(const Slice& slice, std::int64_t below, std::size_t most,
                                 PhaseCounts& counts) const {
  GroupSpace space(graph_, slice, machine_.room, options_.space, stop_);
  PlanBounds bounds(graph_, evaluator_, slice);
  const bool has_stages = options_.share_in_space && evaluator_.has_stages(slice);
  LeastPlans kept(most);
  std::optional<NetworkCost> least;
  std::int64_t seen = 0;
  space.visit([&](std::int64_t bits) { return !options_.is_over() && bits < below; },
              [&](GroupPlan&& plan) {
                PricedPlan offered{{}, network_cost(bounds.in_time(plan)), {}, {}};
                NetworkCost& bound = offered.bound;
                if (has_stages) {
                  const NetworkCost apart = network_cost(bounds.in_space(plan));
                  offered.bound_in_space = apart;
                  // Energy goes with cycles here.
                  if (apart.cycles < bound.cycles && kept.takes(value(apart)) &&
                      evaluator_.fits_in_space(slice, plan))
                    bound = apart;
                  least = least ? least_of(*least, apart) : apart;
                }
                least = least ? least_of(*least, bound) : bound;
                ++seen;
                if (!kept.takes(value(bound))) return;
                offered.plan = std::move(plan);
                kept.offer(value(bound), std::move(offered));
              });
  counts += space.counts();
  SlicePlans found{kept.take(), true, std::nullopt};
  found.are_all = seen == static_cast<std::int64_t>(found.plans.size());
  // Of a sum those left out are no less than the last one kept.
  if (!found.are_all && goal_of(options_.objective) == PartitionGoal::product) found.least = least;
  counts.left += seen - static_cast<std::int64_t>(found.plans.size());
  return found;
}

std::vector<PricedPlan> SliceSearch::price(const Slice& slice, const PricedPlan& plan,
                                           MappingEffort effort, const Useful& useful) const {
  std::vector<PricedPlan> priced{plan};
  priced.front().cost = cost(slice, plan.plan, effort);
  if (!priced.front().cost) return {};
  if (!plan.bound_in_space || (useful && !useful(*plan.bound_in_space))) return priced;
  const NetworkCost& in_time = *priced.front().cost;
  const NetworkCost& least = *plan.bound_in_space;
  const bool is_quick = effort == MappingEffort::quick;
  if (is_quick && value(in_time) < kLeastGainInSpace * value(least)) return priced;
  if (in_time.energy_pj <= least.energy_pj && in_time.cycles <= least.cycles) return priced;
  // Shares are found with little effort: of a price in full they are no bound.
  auto shared =
      evaluator_.in_space(slice, plan.plan, is_quick ? in_time.cycles : std::int64_t{1} << 60);
  if (!shared) return priced;
  if (const auto shared_cost = cost(slice, *shared, effort))
    priced.push_back({std::move(*shared), plan.bound, plan.bound_in_space, shared_cost});
  return priced;
}

std::optional<NetworkCost> SliceSearch::cost(const Slice& slice, const GroupPlan& plan,
                                             MappingEffort effort) const {
  const auto cost = evaluator_.evaluate(slice, plan, effort);
  if (!cost) return std::nullopt;
  return NetworkCost{cost->energy_pj, cost->cycles, plan.traffic.total()};
}

}  // namespace hwflow::chip
