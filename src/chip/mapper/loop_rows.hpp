#pragma once

#include <array>
#include <cstdint>

#include "chip/mapper/count_plan.hpp"
#include "chip/mapper/loop_records.hpp"

namespace hwflow::chip {

/// The temporal loops of one level that turn: eight bits for each dimension, innermost first.
struct LoopRow {
  std::uint64_t dims = 0;
  std::uint32_t count = 0;
  bool operator==(const LoopRow&) const = default;
};

/// A mapping as the fast counts read it.
struct LoopState {
  std::array<const LoopRecord*, kDimCount> loops{};
  std::array<LoopRow, kMaxMapperLevels> rows;
  std::array<Mask, kMaxMapperLevels> turning{};          ///< dimensions of the rows
  std::array<Dim, 2> adjacent{};                         ///< as in Candidate
  std::array<std::int64_t, kMaxMapperLevels> spatial{};  ///< trips over the mesh of a level
  /// Dimensions that turn over the columns and over the rows of the mesh of a `fanned` level.
  std::array<Mask, kMaxMapperLevels> columns{}, mesh_rows{};
  Mask fanned = 0;  ///< levels with a spatial loop
  Mask adding = 0;  ///< those with one that adds to outputs

  [[nodiscard]] const LoopRecord::Level& at(Dim dim, LevelIndex level) const {
    return loops[index(dim)]->levels[level];
  }
  /// Calls visit(dim, level) for all temporal loops above `child`, innermost first, until it
  /// returns false.
  template <class Visit>
  void for_each_above(LevelIndex child, const Visit& visit) const {
    for (LevelIndex level = child; level-- > 0;) {
      std::uint64_t dims = rows[level].dims;
      for (std::uint32_t left = rows[level].count; left > 0; --left, dims >>= 8)
        if (!visit(static_cast<Dim>(dims & 0xFF), level)) return;
    }
  }
};

}  // namespace hwflow::chip
