#pragma once

#include <array>
#include <cstdint>

#include "chip/mapper/bound_model.hpp"

namespace hwflow::chip {

/// Tile sizes and spatial bounds of a (partly decided) candidate, as BoundModel reads them.
struct BoundModel::Geometry {
  const Candidate& candidate;
  Decided decided;
  /// Tile below the temporal loops of a level, and below its spatial ones; 1 where undecided.
  std::array<std::array<std::int32_t, kDimCount>, kMaxMapperLevels> below_temporal;
  std::array<std::array<std::int32_t, kDimCount>, kMaxMapperLevels> below_spatial;
  /// Are all tiles of the dimension equally large? (An instance that idles at a ragged edge keeps
  /// its words.)
  std::array<bool, kDimCount> even;

  [[nodiscard]] bool knows(Dim dim) const { return (decided.dims >> index(dim) & 1U) != 0; }
  [[nodiscard]] bool knows_order(LevelIndex level) const {
    return (decided.levels >> level & 1U) != 0;
  }
  [[nodiscard]] std::int32_t temporal(LevelIndex level, Dim dim) const {
    return candidate.bound(slot_of(level, SlotKind::temporal), dim);
  }
  [[nodiscard]] std::int32_t spatial(LevelIndex level, Dim dim) const {
    return candidate.bound(slot_of(level, SlotKind::x), dim) *
           candidate.bound(slot_of(level, SlotKind::y), dim);
  }
};

/// A boundary under count: words that cross from `parent` to `child` (the level count for MACs).
struct BoundModel::Count {
  LevelIndex parent = 0;
  LevelIndex child = 0;
  /// Levels (one bit each) whose instances count one by one; those of the others want a word once.
  std::uint32_t apart = 0;

  [[nodiscard]] bool is_apart(LevelIndex level) const { return (apart >> level & 1U) != 0; }
};

/// Bits read out of a level and written into it.
struct BoundModel::Port {
  double out = 0.0, in = 0.0;
  void add(const Port& other) {
    out += other.out;
    in += other.in;
  }
};

/// What crosses one boundary, seen from both sides.
struct BoundModel::Transfer {
  LevelIndex parent_level = 0, child_level = 0;
  Port parent_port, child;
};

/// What adds up while operands and levels are walked.
struct BoundModel::Sums {
  double energy_pj = 0.0;
  double dram_bits = 0.0;
  std::array<Port, kMaxMapperLevels> overlapped{};  ///< runs beside the computation
  std::array<Port, kMaxMapperLevels> stalling{};    ///< by child that is not double buffered
  std::array<std::array<Port, kMaxMapperLevels>, kMaxMapperLevels> stalling_parents{};
};

}  // namespace hwflow::chip
