#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "chip/fusion/fusion_graph.hpp"

namespace hwflow::chip {

/// Layers [first, last) of a FusionGraph: a slice of a topological order, hence convex.
struct Slice {
  std::size_t first = 0, last = 0;
  [[nodiscard]] std::size_t size() const { return last - first; }
  auto operator<=>(const Slice&) const = default;
};

/// A tensor of a fused group. All widths are bits of one pixel, all channels together.
struct GroupTensor {
  std::size_t tensor = 0;               ///< of the graph
  std::optional<std::size_t> producer;  ///< layer of the group; none: it is fetched
  std::int64_t height = 1, width = 1, channels = 1;
  std::int64_t kept_bits = 0;     ///< while readers on chip need it
  std::int64_t fetched_bits = 0;  ///< from DRAM (sources)
  std::int64_t written_bits = 0;  ///< to DRAM; 0: it never leaves the chip
  /// Words of one pixel that are fetched or written: channels times the widths they are stored at.
  std::int64_t fetched_words = 0, written_words = 0;
  bool is_output = false;      ///< needed outside the group (not only read again by it)
  bool is_read_again = false;  ///< a source that the group itself has written
  /// Its one reader is the next layer and works channel by channel (pooling, depthwise,
  /// element-wise): where no halo is kept, a part of the channels at a time is enough.
  bool can_pass_parts = false;
  std::vector<std::size_t> reads;  ///< of the group
};

/// A layer of the group reads a tensor of the group.
struct GroupRead {
  std::size_t tensor = 0, layer = 0;
  const AxisMap* rows = nullptr;
  const AxisMap* columns = nullptr;
  /// Served from what is kept; false: the values come from DRAM (another GroupRead of a source
  /// says how), and this one only says how far the tensor must have come.
  bool is_kept = true;
};

struct GroupLayer {
  std::size_t layer = 0;   ///< of the graph
  std::size_t output = 0;  ///< tensor of the group
  std::int64_t height = 1, width = 1, channels = 1;
  std::int64_t weight_bits = 0, weight_words = 0;
  /// Bits of one pixel that an unfinished output takes beyond a finished one.
  std::int64_t unfinished_bits = 0;
  std::vector<std::size_t> reads;  ///< kept ones of the group
};

/// A slice of the graph to be run tile by tile, with what crosses its border.
struct Group {
  Slice slice;
  std::vector<GroupTensor> tensors;
  std::vector<GroupRead> reads;
  std::vector<GroupLayer> layers;  ///< in order
  std::int64_t batch = 1;
};

/// Bits of a layer's weights that one of so many parts of its output channels needs.
[[nodiscard]] std::int64_t weight_bits_of_part(const GroupLayer& layer, std::int64_t channel_parts);

/// Bits of one output word of a layer, all copies of it; 64 at most.
[[nodiscard]] int output_width(const Group& group, std::size_t layer);

/// Reads of the graph that the group could take from DRAM although the chip had the value: a later
/// reader of a tensor that another layer of the group reads before it.
[[nodiscard]] std::vector<std::size_t> skip_reads(const FusionGraph& graph, const Slice& slice);

/// `read_again`: those of skip_reads() that do so. The graph must outlive the group.
[[nodiscard]] Group make_group(const FusionGraph& graph, const Slice& slice,
                               const std::vector<std::size_t>& read_again = {});

}  // namespace hwflow::chip
