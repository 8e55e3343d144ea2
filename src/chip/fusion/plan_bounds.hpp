#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "chip/fusion/group_evaluation.hpp"
#include "chip/fusion/step_classes.hpp"

namespace hwflow::chip {

/// What schedules of one slice cost at least: every block by what no mapping of it goes below, and
/// the words that the schedule moves. No mapper is asked.
/// Checked by  the prices of all schedules of random groups.
class PlanBounds {
 public:
  /// What is given must outlive the bounds.
  PlanBounds(const FusionGraph& graph, const GroupEvaluator& evaluator, const Slice& slice);

  /// Of the layers on the whole array one after the other.
  [[nodiscard]] GroupEvaluator::Bound in_time(const GroupPlan& plan);
  /// Of the layers side by side, whatever their shares: one stage after the other does all its
  /// blocks with the columns that it has.
  [[nodiscard]] GroupEvaluator::Bound in_space(const GroupPlan& plan);

 private:
  using Computing = GroupEvaluator::Computing;
  /// What the computing of a schedule depends on.
  struct Tiling {
    std::vector<std::size_t> read_again;
    Axis outer = Axis::rows;
    std::int64_t rows = 1, columns = 1, channel_parts = 1;
    std::vector<HaloPolicy> halos;  ///< those of sources do not count
    // NOLINTNEXTLINE(modernize-use-nullptr): as in block_layer.hpp
    auto operator<=>(const Tiling&) const = default;
  };
  using AxisKey = std::tuple<std::vector<std::size_t>, Axis, std::int64_t, std::vector<Halo>>;
  struct BlockKey {
    std::size_t layer = 0;
    Block block;
    int output_bits = 0;  ///< of a tensor that is read again from DRAM fewer copies are kept
    // NOLINTNEXTLINE(modernize-use-nullptr): as in block_layer.hpp
    auto operator<=>(const BlockKey&) const = default;
  };
  [[nodiscard]] GroupEvaluator::Bound with_transfers(const GroupPlan& plan,
                                                     const Computing& computing);
  [[nodiscard]] Tiling tiling_of(const GroupSchedule& schedule);
  [[nodiscard]] const Computing& computing(const GroupSchedule& schedule);
  /// Calls visit(layer of the group, block, how often) for all that the layers compute.
  template <class Visit>
  void visit_blocks(const GroupSchedule& schedule, const Visit& visit);
  [[nodiscard]] std::int64_t longest_stage(const GroupSchedule& schedule);
  [[nodiscard]] Computing compute(const GroupSchedule& schedule);
  [[nodiscard]] const Group& group(const std::vector<std::size_t>& read_again);
  [[nodiscard]] const StepClasses& classes(const GroupSchedule& schedule, Axis axis);
  [[nodiscard]] const Computing& least(const Group& members, std::size_t layer, const Block& block);

  const FusionGraph& graph_;
  const GroupEvaluator& evaluator_;
  Slice slice_;
  std::map<std::vector<std::size_t>, Group> groups_;
  std::map<AxisKey, StepClasses> classes_;
  std::map<BlockKey, Computing> blocks_;
  std::map<Tiling, Computing> computing_;
  /// [columns - 1] of each block; of the longest stage of each tiling.
  std::map<BlockKey, std::vector<std::int64_t>> by_columns_;
  std::map<Tiling, std::int64_t> longest_stages_;
};

}  // namespace hwflow::chip
