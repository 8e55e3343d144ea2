#pragma once

#include <array>
#include <cstdint>

#include "chip/mapper/count_plan.hpp"
#include "chip/mapper/loop_records.hpp"

namespace hwflow::chip {

/// The temporal loops of one level that turn, innermost first.
struct LoopRow {
  std::array<Dim, kDimCount> dims{};
  std::uint8_t count = 0;
};

/// A mapping as the fast counts read it.
struct LoopState {
  std::array<const LoopRecord*, kDimCount> loops{};
  std::array<LoopRow, kMaxMapperLevels> rows;
  std::array<Mask, kMaxMapperLevels> turning{};          ///< dimensions of the rows
  std::array<Dim, 2> adjacent{};                         ///< as in Candidate
  std::array<std::int64_t, kMaxMapperLevels> spatial{};  ///< trips over the mesh of a level
  Mask fanned = 0;                                       ///< levels with a spatial loop
  Mask adding = 0;                                       ///< those with one that adds to outputs

  [[nodiscard]] const LoopRecord::Level& at(Dim dim, LevelIndex level) const {
    return loops[index(dim)]->levels[level];
  }
  /// Calls visit(dim, level) for all temporal loops above `child`, innermost first, until it
  /// returns false.
  template <class Visit>
  void for_each_above(LevelIndex child, const Visit& visit) const {
    for (LevelIndex level = child; level-- > 0;) {
      const LoopRow& row = rows[level];
      for (std::size_t i = 0; i < row.count; ++i)
        if (!visit(row.dims[i], level)) return;
    }
  }
};

}  // namespace hwflow::chip
