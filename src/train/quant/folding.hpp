#pragma once

#include "base/expected.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// A network whose compute nodes have a bias and no BatchNorm, and the weights that make it compute
/// the same numbers in evaluation mode.
struct FoldedNetwork {
  Network network;
  WeightMap weights;
};

/// weight'[k] = weight[k] g, bias'[k] = (bias[k] - mean) g + beta with g = gamma / sqrt(var + eps).
/// Errors  tensors that are missing or do not fit the node.
/// Source  Jacob et al., CVPR 2018, section 3.2.
[[nodiscard]] Expected<FoldedNetwork> fold_batch_norm(const Network& network,
                                                      const WeightMap& weights);

}  // namespace hwflow::train
