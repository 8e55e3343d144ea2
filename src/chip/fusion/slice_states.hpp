#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "chip/fusion/network_fusion.hpp"
#include "chip/fusion/partition.hpp"
#include "chip/fusion/slice_search.hpp"

namespace hwflow::chip {

/// What is known of one slice while a network is fused.
struct SliceState {
  Slice slice;
  std::string key;    ///< with a SliceCache
  PartCost bound;     ///< nothing that a partition needs is cheaper
  PartCost estimate;  ///< where to look first
  std::int64_t least_bits = 0;
  PartCost bound_at_least;  ///< of a schedule that moves `least_bits`; more bits cost more
  bool is_searched = false;
  bool is_exhausted = false;  ///< no schedule that was not priced is of use
  std::vector<FusedGroup> options;
  std::vector<PricedPlan> waiting;  ///< kept by their bounds, not priced yet
  PhaseCounts counts;
};

/// All slices of a network, and the partitions that follow from what is known of them.
class SliceStates {
 public:
  /// Slices of `layers` layers that hold at least `fewest` and at most `most`, by their first.
  SliceStates(std::size_t layers, std::size_t fewest, std::size_t most, Objective objective);

  [[nodiscard]] std::vector<SliceState>& all() noexcept { return slices_; }
  [[nodiscard]] const std::vector<SliceState>& all() const noexcept { return slices_; }
  [[nodiscard]] PartCost cost_of(const NetworkCost& cost) const {
    return part_cost(objective_, cost);
  }
  [[nodiscard]] double value_of(const PartCost& cost) const {
    return chip::value_of(cost, goal_of(objective_));
  }

  /// An option of a slice.
  struct Choice {
    std::size_t slice = 0, option = 0;
  };
  struct Choices {
    double value = 0.0;
    std::vector<Choice> parts;  ///< empty: there is no partition
  };
  /// The cheapest partition into options. `hope`: what prices in full may be of quick ones, but for
  /// the bound.
  [[nodiscard]] Choices best_known(const PartCost& hope = {1.0, 1.0}) const;

  struct OpenSlices {
    double value = 0.0;
    std::vector<std::size_t> slices;
  };
  /// Slices on the cheapest partition that are not done, those not done costing what `guess` says.
  [[nodiscard]] OpenSlices open_on_path(bool SliceState::*is_done,
                                        PartCost SliceState::*guess) const;

  /// The cheapest partition by bounds.
  [[nodiscard]] double lowest() const;

  /// Takes note of the best partition known and of the least sums around every slice.
  void look_around();
  /// Value of the best partition when look_around() was called.
  [[nodiscard]] double known() const noexcept { return known_; }
  /// Could a partition with a schedule of the slice that costs so much beat it, by this share?
  [[nodiscard]] bool can_improve(const Slice& slice, const PartCost& cost, double share) const;

  /// Leaves the best option alone where a sum is asked for.
  void keep_best(SliceState& state) const;

 private:
  std::size_t layers_;
  Objective objective_;
  std::vector<SliceState> slices_;
  double known_ = 0.0;
  std::vector<PartCost> before_, after_;  ///< by cut: least sums of each quantity by itself
};

}  // namespace hwflow::chip
