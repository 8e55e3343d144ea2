#pragma once

#include <string>

#include "base/random.hpp"
#include "chip/fusion/group_cost.hpp"
#include "workload/network.hpp"

namespace hwflow::chip::testing {

/// A network of 2 to `most_layers` small layers: convolutions of all kinds, pooling, residual adds,
/// concatenations, pads, subsampling, resizing to larger and smaller grids, reshapes, transposed
/// convolutions.
[[nodiscard]] Network random_network(Rng& rng, int most_layers);

[[nodiscard]] CompressionPlan random_plan(Rng& rng, const Network& network);

/// Any choice of schedule for a random slice of a graph.
struct RandomSchedule {
  Group group;
  GroupSchedule schedule;
  bool double_buffered = false;
};
[[nodiscard]] RandomSchedule random_schedule(Rng& rng, const FusionGraph& graph);

/// Everything about a case, to be printed when a test fails.
[[nodiscard]] std::string describe(const Network& network, const FusionGraph& graph,
                                   const RandomSchedule& drawn);

}  // namespace hwflow::chip::testing
