#pragma once

#include "chip/fusion/network_fusion.hpp"
#include "study/codesign_result.hpp"

namespace hwflow::study {

/// The schedule of a fused network for the report: every part with its members and costs, and the
/// layers by themselves with their mappings. Energies in pJ, times in cycles, of all images.
[[nodiscard]] PlanSchedule describe_fusion(const Network& network, const chip::FusionGraph& graph,
                                           const chip::FusionMachine& machine,
                                           const chip::NetworkFusion& fusion);

}  // namespace hwflow::study
