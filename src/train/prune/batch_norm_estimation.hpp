#pragma once

#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// The weights with the means and variances of every BatchNorm as these images have them, layer
/// after layer: each layer reads what the normalised layers before it make. A variance is unbiased,
/// as running ones are.
///
/// images  all go through the network at once; as in training (augmented_sample()) is best.
[[nodiscard]] WeightMap estimate_batch_norm(const Network& network, const WeightMap& weights,
                                            const ImageSet& images,
                                            const Normalization& normalization);

}  // namespace hwflow::train
