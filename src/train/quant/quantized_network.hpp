#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/batch_norm_folding.hpp"
#include "train/nn/normalization.hpp"
#include "train/quant/integer_network.hpp"
#include "train/quant/quantizer.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// How the weights of one compute node are rounded; bits 32 = not at all.
struct WeightQuantizer {
  int bits = kFloatBits;
  CodeRange range{-128, 127};
  std::vector<double> scales;  ///< one, or one per output channel
  bool dorefa = false;         ///< codes and scales follow from the weights (as many as `scales`)
  bool operator==(const WeightQuantizer&) const = default;
};

struct QuantizedNode {
  std::vector<QuantizerGrid> inputs;  ///< per input edge of arithmetic nodes; bits 32 = float
  WeightQuantizer weights;            ///< compute nodes
  bool operator==(const QuantizedNode&) const = default;
};

/// A network with float weights and the grids that they and the activations are rounded to: what
/// calibration makes, fine-tuning improves and a checkpoint holds. BatchNorm is folded.
/// The fake-quantized network and the integer network are both made of it.
struct QuantizedNetwork {
  Network network;  ///< compute nodes have a bias and no BatchNorm
  WeightMap weights;
  PrecisionPlan plan;
  std::vector<QuantizedNode> nodes;  ///< parallel to network.nodes()
  Normalization normalization;
  bool operator==(const QuantizedNetwork&) const = default;
};

/// Folds BatchNorm and gives every compute node a bias.
[[nodiscard]] FoldedNetwork fold_for_quantization(const Network& network, const WeightMap& weights);

/// Weight codes of node `node`; its quantizer must not be float.
[[nodiscard]] IntegerCompute weight_codes(const QuantizedNetwork& network, std::size_t node);

/// Errors  float widths (integers have none; 16 bits are the nearest), and whatever
///         IntegerExecutor refuses.
[[nodiscard]] Expected<IntegerNetwork> to_integer_network(const QuantizedNetwork& network);

/// Widens the weight scales of channels that are nearly dead (weights of about 0 beside a bias), so
/// that every bias fits 31 bits in units of its sum. Their few weights then round to 0.
void make_room_for_biases(QuantizedNetwork& network);

/// Nodes whose values cannot be negative: their readers use unsigned grids.
[[nodiscard]] std::vector<bool> non_negative_nodes(const Network& network);

/// The node whose result an edge reads, data movement looked through: readers of equal source and
/// width share a grid.
[[nodiscard]] std::vector<std::size_t> grid_sources(const Network& network);

/// Mean over rows and columns of a compute node's result per channel, when its input has the mean
/// `input` (elements as (channel, row, column)): sums are linear, so the mean image is enough.
/// `weights` in the layout of IntegerCompute::codes; without bias.
[[nodiscard]] std::vector<double> mean_outputs(const Node& node, const FeatureShape& input_shape,
                                               std::span<const double> input,
                                               std::span<const double> weights);

/// Empirical bias correction, layer after layer in integers: each bias moves by the difference of
/// the float network's mean and the integer network's mean on the same images (planes of bytes).
/// target_means: per compute node (index of network.nodes()) the float mean of its sums per
/// channel. Source  Nagel et al., "Data-free quantization through weight equalization and bias
/// correction",
///         ICCV 2019, appendix D. No effect on networks with float or 16-bit widths.
void correct_biases(QuantizedNetwork& network, std::span<const std::uint8_t> pixels,
                    std::int64_t count, const std::vector<std::vector<double>>& target_means);

}  // namespace hwflow::train
