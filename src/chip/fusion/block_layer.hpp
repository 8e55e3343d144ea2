#pragma once

#include <cstdint>

#include "chip/fusion/fusion_graph.hpp"

namespace hwflow::chip {

/// Pixels and output channels that one layer computes in one go.
struct Block {
  std::int64_t rows = 1, columns = 1, channels = 1;
  auto operator<=>(const Block&) const = default;
};

/// The block as a layer of its own, its inputs lying in the buffer. Windows at the border of the
/// map are taken as if all their pixels existed: padding is charged as if it were read. A layer
/// whose channels cannot be cut (several channels a group) gets all of them.
/// `output_bits`: width of one output as the group stores it.
[[nodiscard]] Layer block_layer(const FusionLayer& layer, const Block& block, int output_bits);

/// Can a layer compute some of its output channels by themselves?
[[nodiscard]] bool has_separable_channels(const FusionLayer& layer);

}  // namespace hwflow::chip
