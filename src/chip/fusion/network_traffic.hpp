#pragma once

#include <optional>
#include <vector>

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::chip {

/// What passes through the levels of FusionMachine::inner, buffer first.
using TrafficByLevel = std::vector<LevelTraffic>;

/// None: a group that was not priced.
[[nodiscard]] std::optional<TrafficByLevel> level_traffic(const FusedGroup& group,
                                                          const FusionGraph& graph,
                                                          const FusionMachine& machine);

/// Of the whole partition. None: some group was not priced.
[[nodiscard]] std::optional<TrafficByLevel> fused_traffic(const NetworkFusion& fusion,
                                                          const FusionGraph& graph,
                                                          const FusionMachine& machine);

/// Of every layer by itself. None: some layer has no mapping.
[[nodiscard]] std::optional<TrafficByLevel> single_layer_traffic(const NetworkFusion& fusion,
                                                                 const FusionMachine& machine);

}  // namespace hwflow::chip
