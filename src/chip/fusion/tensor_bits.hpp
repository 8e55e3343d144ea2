#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/fusion/network_fusion.hpp"

namespace hwflow::chip {

/// DRAM bits of one tensor over a whole network: a feature map, or the weights of a layer.
struct TensorBits {
  std::string name;
  bool is_weights = false;
  std::int64_t fused_bits = 0;                ///< read and written by the partition
  std::optional<std::int64_t> single_bits{};  ///< every layer by itself; none: some do not map
  std::int64_t compulsory_bits = 0;           ///< once across the border of the network
};

/// By tensor of the graph, then by layer with weights. Adds up to the totals of `fusion`. What a
/// layer by itself reads of several feature maps through one operand is shared out by their pixels.
[[nodiscard]] std::vector<TensorBits> tensor_bits(const NetworkFusion& fusion,
                                                  const FusionGraph& graph);

}  // namespace hwflow::chip
