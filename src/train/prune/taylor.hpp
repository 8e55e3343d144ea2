#pragma once

#include <cstdint>

#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "train/prune/criteria.hpp"

namespace hwflow::train {

/// The mean over batches of (dL / dz)^2, where z = 1 multiplies a channel right after its layer
/// (and BatchNorm, in inference mode): what the loss would change, squared, were the channel taken
/// out, to first order.
///
///     dL/dz = gain dL/dgain + shift dL/dshift    with BatchNorm
///     dL/dz = sum of w dL/dw + bias dL/dbias     without
///
/// images   read in order, in batches of batch_size; the last one may be smaller.
/// Source   Molchanov et al., "Importance estimation for neural network pruning", CVPR 2019, eq. 8.
[[nodiscard]] ChannelScores taylor_scores(const Network& network, const WeightMap& weights,
                                          const ImageSet& images,
                                          const Normalization& normalization,
                                          std::int64_t batch_size);

}  // namespace hwflow::train
