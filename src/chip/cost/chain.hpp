#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace hwflow::chip {

/// A loop over one of the (at most two) dimensions of a chain.
struct ChainLoop {
  int term = 0;
  bool spatial = false;
  /// Spatial loops only: instances along the loop are counted one by one (true), or a word that
  /// several of them want counts once (false).
  bool summed = false;
  std::int64_t tile = 1;
  std::int64_t trips = 1;
};

/// One axis of an operand with all loops that move along it (docs/model.md, "Compound
/// dimensions"): word index = offset + sum of coefficient[t] * (index of dimension t).
/// An irrelevant chain holds a dimension that the operand does not have: it only multiplies.
struct Chain {
  bool relevant = true;
  std::array<std::int64_t, 2> bound{1, 1};
  std::array<std::int64_t, 2> coefficient{0, 0};
  std::int64_t offset = 0;
  std::int64_t low = 0, high = 1;  ///< words that exist: [low, high)
  bool bounding_box = false;       ///< gaps of a stride are moved and stored too
  bool whole_tiles = false;        ///< a tile that changes is fetched anew, overlap or not
  bool forwarding = false;         ///< a word that any instance of the group held counts as held
  /// Equal tiles of a group count once, others in full; only the overlap with a tile that begins
  /// before and ends in the new one is kept (docs/model.md, "Boxes").
  bool boxes = false;
  std::vector<ChainLoop> loops;  ///< outermost first

  [[nodiscard]] int temporal_loops() const;
};

/// A transition between two successive tiles as one chain sees it: its `free` outermost temporal
/// loops stand still, the next one steps (when `steps`), all others return from last to first.
struct Cut {
  int free = 0;
  bool steps = false;
};

/// Summed over all values of the free loops, of the stepping loop and of the summed instances.
struct CutCounts {
  std::int64_t whole = 0;  ///< words of the union of the tiles (A in docs/model.md)
  std::int64_t kept = 0;   ///< those of them that no instance has to move (B)
  bool operator==(const CutCounts&) const = default;
};

/// `enter` counts new tiles against old ones (fetches), `leave` old against new (drains).
enum class Side : std::uint8_t { enter, leave };

/// Cost  O(loops) for chains without clipping and ragged tiles; else as many visits as tiles lie at
///       the padding or a ragged end, each of all instances that count together.
[[nodiscard]] CutCounts count_cut(const Chain& chain, Cut cut, Side side);

/// Is some tile smaller than its like?
[[nodiscard]] bool is_ragged(const Chain& chain);

/// Distinct words ever in the tiles, summed over the `summed` instances.
[[nodiscard]] std::int64_t count_distinct(const Chain& chain);

/// Words of the largest tile of one instance.
[[nodiscard]] std::int64_t largest_tile(const Chain& chain);

}  // namespace hwflow::chip
