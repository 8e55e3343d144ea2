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
#include "workload/shrink.hpp"
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
  CompressionPlan plan;
  std::vector<QuantizedNode> nodes;  ///< parallel to network.nodes()
  Normalization normalization;
  KeptUnits kept = {};  ///< channels of the network that it was made from; empty: all
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
/// The same for one layer; true when a scale changed.
bool widen_scales(std::vector<double>& scales, std::span<const float> bias, double input_scale);

/// Nodes whose values cannot be negative: their readers use unsigned grids.
[[nodiscard]] std::vector<bool> non_negative_nodes(const Network& network);

/// The node whose result an edge reads, data movement looked through: readers of equal source and
/// width share a grid.
[[nodiscard]] std::vector<std::size_t> grid_sources(const Network& network);

/// Sums of a compute node, bias included, over images and pixels, per output channel.
struct SumStatistics {
  std::vector<double> sum, squares;
  std::int64_t count = 0;  ///< of values per channel
};

/// Sums of every compute node when the integers run `count` images (planes of bytes), as real
/// numbers. Nothing (count 0) for networks with float or 16-bit widths.
[[nodiscard]] std::vector<SumStatistics> sums_of_integers(const QuantizedNetwork& network,
                                                          std::span<const std::uint8_t> pixels,
                                                          std::int64_t count);

/// What BatchNorm would estimate anew after rounding, layer after layer in integers: the scale of
/// each channel's weights is multiplied by the ratio of the deviations of the float network's sums
/// and the integer network's own on the same images (planes of bytes), and the bias moves by the
/// difference of their means. Codes stay: weights are multiplied with their scales. One scale for
/// all channels takes the ratio of their total variances. DoReFa, whose scales follow from the
/// weights, gets biases only. No effect on networks with float or 16-bit widths.
/// targets  per compute node (index of network.nodes()) the float network's sums; count 0: the node
///          is left as it is.
/// Source   means: Nagel et al., "Data-free quantization through weight equalization and bias
///          correction", ICCV 2019, appendix D.
void correct_sums(QuantizedNetwork& network, std::span<const std::uint8_t> pixels,
                  std::int64_t count, const std::vector<SumStatistics>& targets);

}  // namespace hwflow::train
