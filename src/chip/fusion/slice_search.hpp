#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "chip/fusion/group_evaluation.hpp"
#include "chip/fusion/group_search.hpp"
#include "chip/fusion/slice_cache.hpp"

namespace hwflow::chip {

/// What a partition adds up of a part, and how the sums are judged.
[[nodiscard]] PartCost part_cost(Objective objective, const NetworkCost& cost);
[[nodiscard]] PartitionGoal goal_of(Objective objective);

/// How the schedules of slices are looked for.
struct SliceSearchOptions {
  Objective objective = Objective::dram;
  GroupSpaceOptions space;
  bool share_in_space = false;
  std::function<bool()> is_over;
};

/// The schedules of one slice after another, phase by phase. Thread-safe.
class SliceSearch {
 public:
  SliceSearch(const FusionGraph& graph, const FusionMachine& machine, SliceSearchOptions options,
              GroupEvaluator& evaluator, std::stop_token stop);

  /// Objective dram: the schedule of least traffic, if it is less than `below` bits.
  /// `floor_bits`: none moves less.
  [[nodiscard]] SlicePlans least_traffic(const Slice& slice, std::int64_t below,
                                         std::int64_t floor_bits, PhaseCounts& counts) const;

  /// The `most` schedules of least bound among those that move less than `below` bits, without
  /// prices. Of equal ones the first in the order of GroupSpace.
  [[nodiscard]] SlicePlans by_bound(const Slice& slice, std::int64_t below, std::size_t most,
                                    PhaseCounts& counts) const;

  /// Is what costs so much at least of use?
  using Useful = std::function<bool(const NetworkCost&)>;
  /// The schedule with its price, and, where its layers may share the array in space and that could
  /// be `useful`, a pipeline of it; with little effort only where it could gain a little. Empty: a
  /// block has no mapping.
  [[nodiscard]] std::vector<PricedPlan> price(const Slice& slice, const PricedPlan& plan,
                                              MappingEffort effort,
                                              const Useful& useful = {}) const;

  [[nodiscard]] std::optional<NetworkCost> cost(const Slice& slice, const GroupPlan& plan,
                                                MappingEffort effort) const;

 private:
  [[nodiscard]] double value(const NetworkCost& cost) const {
    return value_of(part_cost(options_.objective, cost), goal_of(options_.objective));
  }

  const FusionGraph& graph_;
  const FusionMachine& machine_;
  SliceSearchOptions options_;
  GroupEvaluator& evaluator_;
  std::stop_token stop_;
};

}  // namespace hwflow::chip
