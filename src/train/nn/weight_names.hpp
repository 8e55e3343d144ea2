#pragma once

#include <string>

#include "base/expected.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// Renames the tensors of a weight file to those of the network.
///
/// Understood beside the network's own names: a leading "module."; bn1, bn2 for the BatchNorm of
/// conv1, conv2; "downsample" or "shortcut" followed by .0 (convolution) and .1 (its BatchNorm),
/// and any other pair of neighbours in a sequence (features.3.0, features.3.1);
/// batch_normalization_k, counted over the nodes with BatchNorm; "linear", "fc", "dense",
/// "classifier" for the only fully connected layer. num_batches_tracked is left out. Errors  every
/// tensor that is missing, unused, there twice or of another shape, with `place` (the
///         file) before its name.
[[nodiscard]] Expected<WeightMap> match_weights(const Network& network, const WeightMap& source,
                                                const std::string& place);

}  // namespace hwflow::train
