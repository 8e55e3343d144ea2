#pragma once

#include <span>

#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// A quantized network with a BatchNorm behind each convolution, for its training: batches keep
/// the deviation of every channel, so that full learning rates are stable at low widths. It
/// computes the same as `folded` in evaluation mode.
///
/// sums     per node, sums of the compute nodes (bias included) on calibration images: they become
///          running mean and variance, and the gain and shift that undo them.
/// Left as they are: fully connected layers, weights with one scale for all channels, and DoReFa's,
/// whose codes change when a channel is multiplied.
[[nodiscard]] QuantizedNetwork with_batch_norm(const QuantizedNetwork& folded,
                                               std::span<const SumStatistics> sums);

/// Folds every BatchNorm into weights, their scales and biases. Codes stay: weight and scale of a
/// channel are multiplied alike. Gains must be positive (FakeQuantizedModule keeps them so).
[[nodiscard]] QuantizedNetwork without_batch_norm(const QuantizedNetwork& normalized);

/// The sums, bias included, that every BatchNorm gives its layer: mean = shift, deviation = gain;
/// count 0 where there is none. Targets for correct_sums().
[[nodiscard]] std::vector<SumStatistics> sums_of_batch_norm(const QuantizedNetwork& normalized);

}  // namespace hwflow::train
