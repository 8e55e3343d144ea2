#pragma once

#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"

namespace hwflow::chip {

/// A loop nest in which every tensor has boundaries of its own, as ZigZag and AccelForge map: one
/// order of temporal loops, and for each memory and tensor how many of them stand outside.
struct UnevenNest {
  std::vector<Loop> temporal;  ///< outermost first
  struct Tile {
    std::string memory;
    Role role = Role::weights;
    std::size_t loops_above = 0;  ///< temporal loops outside of the tile
  };
  std::vector<Tile> tiles;  ///< a memory keeps what it has a tile of
  /// Spatial loops below a memory, fastest varying first.
  struct Spread {
    std::string memory;
    std::vector<Loop> x, y;
  };
  std::vector<Spread> spreads;
};

/// A machine whose levels are one for each memory and boundary, and the mapping on it.
struct EvenNest {
  Accelerator::Fields machine;
  Mapping mapping;
  /// Name of the level that keeps the tile, as UnevenNest::tiles.
  std::vector<std::string> levels;
};

/// Splits memories whose tensors have different boundaries into levels that each have the whole
/// room: counts and energies are those of the memory. "GLB" becomes "GLB-inputs", "GLB-outputs".
/// Errors  boundaries that no order of levels has: a tile inside the mesh with more loops than one
///         outside of it.
[[nodiscard]] Expected<EvenNest> to_even_nest(const Accelerator::Fields& machine,
                                              const UnevenNest& nest);

}  // namespace hwflow::chip
