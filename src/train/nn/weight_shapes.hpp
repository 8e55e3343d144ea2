#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "workload/network.hpp"

namespace hwflow::train {

/// Shape of a compute node's weight: convolution (out, in / groups, kernel height, kernel width);
/// transposed (in, out / groups, kernel height, kernel width); fully connected (out, in).
[[nodiscard]] std::vector<std::int64_t> weight_shape(const Network& network, const Node& node);

[[nodiscard]] bool has_weight(const Node& node);
/// Channels of the node's result: sizes of bias and BatchNorm.
[[nodiscard]] std::int64_t output_channels(const Node& node);

/// Every tensor that the network needs, with its shape, under its WeightMap name.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> expected_tensors(
    const Network& network);

}  // namespace hwflow::train
