#include "chip/mapper/leaf_orders.hpp"

#include <algorithm>

#include "chip/mapper/loop_orders.hpp"

namespace hwflow::chip {

LeafOrders::LeafOrders(const SearchProblem& problem, BestSoFar& best, OuterTraffic& outer_traffic)
    : p_(problem), best_(best), outer_traffic_(outer_traffic) {
  const auto& levels = problem.accelerator.levels();
  forwards_ = std::any_of(levels.begin(), levels.end(), [](const MemoryLevel& level) {
    return level.fanout.forwarding && level.fanout.instances() > 1;
  });
}

void LeafOrders::offer(const Candidate& candidate, double bound,
                       const std::vector<std::uint32_t>& picks) {
  candidate_ = candidate;
  if (!p_.accelerator.fields().counting.box_tiles) {
    if (!may_be_of_use(candidate) || tried_.contains(picks)) return;
    offer_distinct(0, bound);
    // Unless the bound cut it short, no order is left that another class could be for.
    if (best_.may_improve(bound)) remember(picks);
    return;
  }
  offer_neighbours(candidate);
  // Where loops do not turn, another order may come down to the bound.
  if (best_.may_improve(bound)) offer_all(0, bound);
}

/// Can some order move few enough bits?
bool LeafOrders::may_be_of_use(const Candidate& candidate) {
  const bool for_dram = p_.options.objective == Objective::dram;
  if (!for_dram && !p_.caps.dram_bits) return true;
  Bound least;
  least.dram_bits = outer_traffic_.least_bits(candidate);
  return may_be_within(least, p_.caps) && (!for_dram || best_.may_improve(least.dram_bits));
}

/// Forgets what was tried where it would take too much room.
void LeafOrders::remember(const std::vector<std::uint32_t>& picks) {
  constexpr std::size_t kMost = 1'000'000;
  if (tried_.size() >= kMost) tried_.clear();
  tried_.insert(picks);
}

/// Exact counting tells more orders apart than the classes do: each of them is tried.
void LeafOrders::offer_distinct(LevelIndex level, double bound) {
  if (!best_.may_improve(bound)) return;
  if (level == p_.space.level_count()) return best_.offer(candidate_);
  Decided decided = p_.model.all();
  decided.levels = (1U << (level + 1)) - 1;
  const LoopOrder before = candidate_.orders[level];
  for_each_order(candidate_, level, p_.space, p_.model, [&](const LoopOrder& order) {
    candidate_.orders[level] = order;
    ++best_.incumbent.nodes;
    const Bound own = p_.model.bound(candidate_, decided);
    if (may_be_within(own, p_.caps))
      offer_distinct(level + 1, std::max(bound, value_of(own, p_.options.objective)));
    return true;
  });
  candidate_.orders[level] = before;
}

/// Every order of the loops that turn, level by level, until one reaches the bound.
void LeafOrders::offer_all(LevelIndex level, double bound) {
  if (!best_.may_improve(bound) || best_.is_spent()) return;
  if (level == p_.space.level_count()) return offer_neighbours(candidate_);
  LoopOrder& order = candidate_.orders[level];
  const LoopOrder before = order;
  const auto idle = std::stable_partition(order.begin(), order.end(), [&](Dim dim) {
    return candidate_.bound(slot_of(level, SlotKind::temporal), dim) > 1;
  });
  std::sort(order.begin(), idle);
  do {
    offer_all(level + 1, bound);
  } while (std::next_permutation(order.begin(), idle));
  order = before;
}

/// Which tiles lie beside each other on the mesh decides what neighbours can pass on.
void LeafOrders::offer_neighbours(Candidate candidate) {
  const auto first_on = [&](SlotKind axis) {
    std::vector<Dim> dims{Dim::n};
    for (const Dim dim : {Dim::p, Dim::q, Dim::r, Dim::s})
      for (LevelIndex l = 0; forwards_ && l < p_.space.level_count(); ++l)
        if (candidate.bound(slot_of(l, axis), dim) > 1 && dims.back() != dim) dims.push_back(dim);
    return dims;
  };
  for (const Dim x : first_on(SlotKind::x))
    for (const Dim y : first_on(SlotKind::y)) {
      candidate.adjacent = {x, y};
      best_.offer(candidate);
    }
}

}  // namespace hwflow::chip
