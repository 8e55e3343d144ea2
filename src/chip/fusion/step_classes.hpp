#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "chip/fusion/block_layer.hpp"
#include "chip/fusion/schedule.hpp"

namespace hwflow::chip {

/// What every tensor and layer of a group does in one step along one axis.
struct AxisStep {
  std::vector<std::int64_t> moved;  ///< by tensor: indices that the step makes or fetches
  std::vector<std::int64_t> fresh;  ///< by tensor: of them those that no step did before
  std::vector<BlockAxis> blocks;    ///< by layer; what they say is void where nothing is made
  // The check takes the comparison that the compiler writes for a null pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  auto operator<=>(const AxisStep&) const = default;
};

struct RepeatedBlock {
  Block block;
  std::int64_t times = 1;
};
/// What a layer computes in one step: its output channels in the schedule's parts.
[[nodiscard]] std::vector<RepeatedBlock> blocks_of_layer(const FusionLayer& layer,
                                                         const GroupSchedule& schedule,
                                                         const BlockAxis& outer,
                                                         const BlockAxis& inner);

/// The steps of one axis, those alike together.
struct StepClasses {
  std::map<AxisStep, std::int64_t> counts;
  std::vector<std::size_t> of_step;  ///< places in `counts`
};

/// `halos`: what happens to those of each tensor along this axis.
[[nodiscard]] StepClasses step_classes(const FusionGraph& graph, const Group& group,
                                       const AxisPlan& plan, Axis axis,
                                       const std::vector<Halo>& halos);

}  // namespace hwflow::chip
