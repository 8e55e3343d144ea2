#pragma once

#include <cstdint>
#include <span>

#include "chip/fusion/axis_plan.hpp"

namespace hwflow::chip {

/// Indices of a layer's output along one axis that it computes in one go, and how far the windows
/// of the first and the last one reach beyond the map.
struct BlockAxis {
  std::int64_t size = 1;
  std::int64_t spacing = 1;  ///< from one index to the next
  /// Inputs that do not exist, before and behind those that do, out of all that lie between the
  /// first tap of the first window and the last tap of the last.
  std::int64_t padding_before = 0, padding_behind = 0;
  /// Further indices computed in vain, for a loop bound with better factors. Their windows read
  /// nothing that the others do not read.
  std::int64_t idle = 0;
  // The check takes the comparison that the compiler writes for a null pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  auto operator<=>(const BlockAxis&) const = default;
};

/// Pixels and output channels that one layer computes in one go.
struct Block {
  BlockAxis rows, columns;
  std::int64_t channels = 1;
  // The check takes the comparison that the compiler writes for a null pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  auto operator<=>(const Block&) const = default;
};

/// The block with idle rows and columns up to sizes without prime factors above 7: perfect factors
/// of an awkward size are poor, and computing a few outputs in vain may cost less.
[[nodiscard]] Block with_idle(Block block);

/// `indices` of the layer's output, ascending, at least one. Where the gaps between them differ
/// they are taken side by side, and all their windows as if they lay on the map.
[[nodiscard]] BlockAxis block_axis(const FusionLayer& layer, Axis axis,
                                   std::span<const std::int64_t> indices);

/// The block as a layer of its own, its inputs lying in the buffer, padding not among them. A layer
/// whose channels cannot be cut (several channels a group) gets all of them. Transposed
/// convolutions read one input for every `stride` outputs (docs/fusion.md, "Limits").
/// `output_bits`: width of one output as the group stores it.
[[nodiscard]] Layer block_layer(const FusionLayer& layer, const Block& block, int output_bits);

/// The same loop nest in the middle of a map, where every window is whole, that of idle outputs
/// too: equal for all blocks of a size, and every mapping of it runs block_layer().
[[nodiscard]] Layer whole_block_layer(const FusionLayer& layer, const Block& block,
                                      int output_bits);

/// Can a layer compute some of its output channels by themselves?
[[nodiscard]] bool has_separable_channels(const FusionLayer& layer);

}  // namespace hwflow::chip
