#pragma once

#include "train/nn/weighted_network.hpp"

namespace hwflow::train {

/// A network without BatchNorm and the weights that make it compute the same.
using FoldedNetwork = WeightedNetwork;

/// Folds every BatchNorm into its producer, in double precision:
///
///     w' = w * g / sqrt(v + eps),  b' = (b - m) * g / sqrt(v + eps) + beta
///
/// Nodes that had a BatchNorm get a bias. `weights` has exactly the tensors that the network needs
/// (see match_weights). In inference the results are equal to rounding.
[[nodiscard]] FoldedNetwork fold_batch_norm(const Network& network, const WeightMap& weights);

}  // namespace hwflow::train
