#pragma once

#include "base/diagnostics.hpp"
#include "train/quant/integer_network.hpp"

namespace hwflow::train::integer {

/// Max pooling, pad, subsample, concat, reshape and stand-alone activations: codes pass through.
[[nodiscard]] bool only_moves_data(NodeKind kind);
/// Compute, add, average pooling: nodes that read through grids.
[[nodiscard]] bool is_arithmetic(NodeKind kind);
/// Softmax and reshape after the last layer do not change which class is first.
[[nodiscard]] bool keeps_the_order(NodeKind kind);

/// Everything that keeps a network from being executed in integers: node kinds and activations
/// without an integer form, missing or inconsistent grids, codes, scales, biases, normalisation.
[[nodiscard]] Diagnostics problems_of(const IntegerNetwork& network);

/// The structural part of it: what quantization cannot help.
[[nodiscard]] Diagnostics unsupported_in_integers(const Network& network);

}  // namespace hwflow::train::integer
