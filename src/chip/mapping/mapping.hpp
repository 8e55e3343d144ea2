#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// A loop of a mapping; bound >= 1.
struct Loop {
  Dim dim = Dim::n;
  std::int64_t bound = 1;
  bool operator==(const Loop&) const = default;
};

/// The loops of one memory level: temporal ones above the tiles of the next level inward, then the
/// spatial ones that spread these tiles over the fan-out below the level.
struct LevelLoops {
  std::vector<Loop> temporal;   ///< outermost first
  std::vector<Loop> spatial_x;  ///< fastest varying (neighbouring columns) first
  std::vector<Loop> spatial_y;
  bool operator==(const LevelLoops&) const = default;
};

/// Levels of an accelerator from the outermost inwards: a permutation.
using LevelOrder = std::vector<LevelIndex>;

/// All tiling, order and spatial choices for one layer on one accelerator. Bypass is a property of
/// the levels.
///
/// Tile sizes, from DRAM inward: a loop of bound b over a tile of t elements of its dimension makes
/// tiles of ceil(t / b); the last one may be smaller (ragged) and, when ceil(t/ceil(t/b)) < b, the
/// loop runs only that often. Below the innermost level one element of every dimension is left.
struct Mapping {
  std::vector<LevelLoops> levels;  ///< as they nest
  /// How sibling levels nest (chip/mapping/sibling_order.hpp); empty: as the accelerator lists
  /// them.
  LevelOrder level_order;
  bool operator==(const Mapping&) const = default;
};

/// Tile of every dimension below each position: `below_temporal[l]` after the temporal loops of
/// level l, `below_spatial[l]` after its spatial loops (what one instance of level l+1 sees).
struct TileSizes {
  std::vector<DimArray> below_temporal;
  std::vector<DimArray> below_spatial;
};
[[nodiscard]] TileSizes tile_sizes(const Layer& layer, const Mapping& mapping);

/// Is the mapping well-formed for the accelerator and layer: level count, innermost tile of one
/// element, spatial bounds within the mesh, dimensions where the accelerator allows them?
/// (Capacity is the cost model's business.) All problems at once.
[[nodiscard]] Diagnostics check(const Mapping& mapping, const Layer& layer,
                                const Accelerator& accelerator);

/// Readable loop nest, one line a loop, with the tiles kept at each level.
[[nodiscard]] std::string to_loop_nest(const Mapping& mapping, const Layer& layer,
                                       const Accelerator& accelerator);

/// One line that parses back: "DRAM: k4 p2 | GLB: c8 ; x q14 y r3 c4 | ...".
[[nodiscard]] std::string to_text(const Mapping& mapping, const Accelerator& accelerator);
[[nodiscard]] Expected<Mapping> mapping_from_text(const std::string& text,
                                                  const Accelerator& accelerator);

}  // namespace hwflow::chip
