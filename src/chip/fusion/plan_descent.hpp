#pragma once

#include <functional>
#include <optional>

#include "chip/fusion/group_evaluation.hpp"
#include "chip/fusion/slice_cache.hpp"

namespace hwflow::chip {

/// What a schedule of the slice is worth: less is better.
using WorthOf = std::function<double(const NetworkCost&)>;

struct DescentOptions {
  GroupSpaceOptions space;
  bool share_in_space = false;  ///< look at pipelines, too
  std::function<bool()> is_over;
};

/// Steepest descent from a priced schedule over the tiles next to it, one size up or down along
/// either axis, until none is better. Traffic alone does not tell tiles of equal traffic apart, and
/// blocks of some sizes fit an array far better than others.
/// `start` has a cost. All schedules are priced with MappingEffort::quick.
[[nodiscard]] PricedPlan descend(const FusionGraph& graph, const Slice& slice,
                                 const BufferRoom& buffer, const PricedPlan& start,
                                 const WorthOf& worth_of, const DescentOptions& options,
                                 GroupEvaluator& evaluator);

}  // namespace hwflow::chip
