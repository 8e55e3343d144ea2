#pragma once

#include "workload/shrink.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// The tensors of a network without those of the channels that were removed from it: rows of
/// weights, biases, BatchNorm, and the columns that read removed channels.
///
/// weights   as the network's expected_tensors(); BatchNorm folded or not.
[[nodiscard]] WeightMap shrink_weights(const Network& network, const ShrunkNetwork& shrunk,
                                       const WeightMap& weights);

}  // namespace hwflow::train
