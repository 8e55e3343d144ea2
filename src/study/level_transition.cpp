#include <algorithm>
#include <chrono>

#include "study/search_ledger.hpp"

/// What SearchLedger does with plans that are known at one level when another one prices them.
namespace hwflow::study {
namespace {

using pareto::Objectives;

/// A bound that is added up in another order than the cost may be above it by its rounding.
HardwareCost below_rounding(HardwareCost bound) {
  bound.energy_pj *= 1.0 - 1e-12;
  return bound;
}

bool is_dominated(const Objectives& point, const std::vector<Objectives>& by) {
  return std::any_of(by.begin(), by.end(),
                     [&](const Objectives& other) { return pareto::dominates(other, point); });
}

}  // namespace

std::int64_t SearchLedger::price_undominated(const Level& level,
                                             std::map<std::size_t, HardwareCost>& costs,
                                             const Indices& plans, const HardwareModel& coarser) {
  std::vector<Objectives> priced;
  for (const auto& [plan, cost] : costs) priced.push_back(objectives_of(plan, cost));
  const auto bound_of = [&](std::size_t plan) {
    const HardwareCost bound = level.hardware->lower_bound(plans_[plan].plan, coarser);
    return objectives_of(plan, below_rounding(bound));
  };
  std::vector<Objectives> least;
  for (const std::size_t plan : plans) least.push_back(bound_of(plan));
  std::int64_t left_out = 0;
  // The most promising first: what they cost shows that others are of no use, and what their layers
  // cost brings the bounds of others nearer.
  for (const std::vector<std::size_t>& rank : pareto::non_dominated_sort(least).fronts) {
    Indices wanted;
    for (const std::size_t i : rank) {
      if (!is_dominated(bound_of(plans[i]), priced)) wanted.push_back(plans[i]);
    }
    left_out += static_cast<std::int64_t>(rank.size() - wanted.size());
    if (!price_into(costs, *level.hardware, wanted)) return left_out;
    for (const std::size_t plan : wanted) priced.push_back(objectives_of(plan, costs.at(plan)));
  }
  return left_out;
}

void SearchLedger::adopt_known_plans() {
  Level& level = levels_.back();
  Level& before = levels_[levels_.size() - 2];
  evaluator_.announce("pricing what the level before found");
  if (!price(level, front_of(before.costs, plans_.size()))) return;
  Indices rest;
  for (std::size_t plan = 0; plan < plans_.size(); ++plan) {
    if (!level.costs.contains(plan)) rest.push_back(plan);
  }
  if (level.summary.model != Abstraction::fine) {
    static_cast<void>(price(level, rest));
    return;
  }
  std::map<std::size_t, HardwareCost> prepared;
  if (!price_into(prepared, *before.hardware, rest)) return;
  level.summary.skipped = price_undominated(level, level.costs, rest, *before.hardware);
}

/// `costs`: by the last level's model, of whatever it was asked for; more are added.
void SearchLedger::compare(Level& level, std::map<std::size_t, HardwareCost>& costs,
                           const HardwareModel& coarser) {
  const Level& last = levels_.back();
  std::map<std::size_t, HardwareCost> so_far;  // of plans that this generation knows
  std::size_t before = 0;
  for (std::size_t g = 0; g < level.known.size(); ++g) {
    const std::size_t end = level.known[g];
    Indices fresh;
    for (std::size_t plan = before; plan < end; ++plan) {
      const auto known = costs.find(plan);
      if (known != costs.end()) {
        so_far.insert(*known);
      } else {
        fresh.push_back(plan);
      }
    }
    static_cast<void>(price_undominated(last, so_far, fresh, coarser));
    if (!alive()) return;
    costs.insert(so_far.begin(), so_far.end());
    level.summary.generations[g].final_hypervolume =
        volume_of(front_of(so_far, end), so_far, last.normalisers);
    before = end;
  }
}

void SearchLedger::compare_levels() {
  if (!alive()) return;
  const double mapping_before = evaluator_.mapping_seconds();
  const std::int64_t searches_before = models_.fine.schedules_searched();
  Level& last = levels_.back();
  for (GenerationSummary& generation : last.summary.generations) {
    generation.final_hypervolume = generation.hypervolume;
  }
  if (levels_.size() > 1 && study_.search.compare_levels) {
    evaluator_.announce("pricing what the coarser levels found");
    Indices all;
    for (std::size_t plan = 0; plan < plans_.size(); ++plan) all.push_back(plan);
    HardwareModel& coarser = *levels_[levels_.size() - 2].hardware;
    std::map<std::size_t, HardwareCost> prepared, costs = last.costs;
    if (!price_into(prepared, coarser, all)) return;
    for (std::size_t i = 0; i + 1 < levels_.size(); ++i) compare(levels_[i], costs, coarser);
  }
  comparing_seconds_ = evaluator_.mapping_seconds() - mapping_before;
  comparing_searches_ = models_.fine.schedules_searched() - searches_before;
}

}  // namespace hwflow::study
