#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "workload/network.hpp"
#include "workload/shrink.hpp"

namespace hwflow::train {

/// real = scale * code, code in [low, high]; zero point 0 always (so padding is code 0).
struct QuantizerGrid {
  double scale = 1.0;
  std::int32_t low = -128, high = 127;
  int bits = 8;  ///< width that the codes are stored in
  bool operator==(const QuantizerGrid&) const = default;
};

/// Weights of one compute node as integers: real = scales[k] * code (one scale, or one per output
/// channel). Bias in accumulator units: bias_real = bias[k] * scales[k] * input scale.
struct IntegerCompute {
  std::vector<std::int16_t> codes;  ///< OIHW (fully connected: OI), row-major
  std::vector<std::int64_t> shape;
  std::vector<double> scales;
  std::int32_t low = -128, high = 127;
  int bits = 8;
  std::vector<std::int64_t> bias;  ///< one per output channel, zeros when there is none
  bool operator==(const IntegerCompute&) const = default;
};

/// What one node of the network does in integers.
struct IntegerNode {
  std::vector<QuantizerGrid> inputs;  ///< one per input edge of arithmetic nodes, else empty
  std::optional<IntegerCompute> compute;
  bool operator==(const IntegerNode&) const = default;
};

/// A network whose every number is an integer, BatchNorm folded away. Torch-free: executed by
/// IntegerExecutor, written by the exporters. `nodes` is parallel to `network.nodes()`.
/// The image enters as real = (pixel/255 - mean) / std per channel and is rounded by the grid of
/// the first node that reads it.
struct IntegerNetwork {
  Network network;
  std::vector<IntegerNode> nodes;
  std::vector<float> input_mean, input_std;  ///< per channel, of pixels scaled to 0..1
  CompressionPlan plan;
  KeptUnits kept = {};  ///< channels of the network that it was made from; empty: all
  bool operator==(const IntegerNetwork&) const = default;
};

}  // namespace hwflow::train
