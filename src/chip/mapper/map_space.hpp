#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/mapper.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Most memory levels that the mapper searches; more is refused with a message.
inline constexpr std::size_t kMaxMapperLevels = 10;
/// Largest dimension that the mapper searches; more is refused with a message.
inline constexpr std::int64_t kMaxMapperSize = std::int64_t{1} << 30;
/// With ceiling factors, where counting walks the tiles of a dimension one by one.
inline constexpr std::int64_t kMaxRaggedSize = std::int64_t{1} << 17;
inline constexpr std::size_t kMaxSlots = 3 * kMaxMapperLevels;

/// A place where every dimension may have one loop: the temporal loops of a level, or one axis of
/// the mesh below it. Slot 3 * level + kind, outermost first.
enum class SlotKind : std::uint8_t { temporal, y, x };
[[nodiscard]] constexpr std::size_t slot_of(LevelIndex level, SlotKind kind) {
  return 3 * level + static_cast<std::size_t>(kind);
}
[[nodiscard]] constexpr LevelIndex level_of(std::size_t slot) { return slot / 3; }
[[nodiscard]] constexpr SlotKind kind_of(std::size_t slot) {
  return static_cast<SlotKind>(slot % 3);
}

/// Bounds of the loops of one dimension, one per slot (1 where it has none).
using DimLoops = std::array<std::int32_t, kMaxSlots>;
inline constexpr DimLoops kNoLoops = [] {
  DimLoops chain{};
  chain.fill(1);
  return chain;
}();

/// Order of the temporal loops of one level: every dimension once, innermost first.
using LoopOrder = std::array<Dim, kDimCount>;

/// A mapping as flat arrays: what the searches change and the bounds read. Fixed size, no heap.
struct Candidate {
  std::array<DimLoops, kDimCount> chains;
  std::array<LoopOrder, kMaxMapperLevels> orders;
  /// Columns, rows: the dimension of which neighbouring units hold neighbouring tiles, the others
  /// following in the canonical order; n: all in that order. Forwarding between units depends on
  /// it.
  std::array<Dim, 2> adjacent{Dim::n, Dim::n};

  [[nodiscard]] std::int32_t bound(std::size_t slot, Dim dim) const {
    return chains[index(dim)][slot];
  }
  bool operator==(const Candidate&) const = default;
};

/// Ways to cut one dimension into loops.
struct ChainList {
  std::vector<DimLoops> chains;
  bool complete = true;  ///< false: there may be more
};

/// The legal loop nests of a layer on an accelerator (docs/mapper.md states the space).
class MapSpace {
 public:
  MapSpace(const Layer& layer, const Accelerator& accelerator, MapperOptions::Factors factors,
           MapperOptions::Axes axes = MapperOptions::Axes::any);

  [[nodiscard]] std::size_t level_count() const { return level_count_; }
  [[nodiscard]] std::size_t slot_count() const { return 3 * level_count_; }
  [[nodiscard]] std::int64_t size(Dim dim) const { return sizes_[index(dim)]; }
  [[nodiscard]] bool perfect() const { return factors_ == MapperOptions::Factors::perfect; }
  /// May `dim` have a loop with bound > 1 here?
  [[nodiscard]] bool allows(std::size_t slot, Dim dim) const { return allowed_[slot][index(dim)]; }
  /// Does a loop in this slot go with those that the dimension has? Not on a second axis of a mesh
  /// where one is all it may have.
  [[nodiscard]] bool allows_beside(std::size_t slot, const DimLoops& loops) const;
  /// Columns or rows of a spatial slot.
  [[nodiscard]] std::int64_t mesh(std::size_t slot) const { return mesh_[slot]; }
  /// Dimensions with more than one element, those with most chains first.
  [[nodiscard]] const std::vector<Dim>& dims() const { return dims_; }

  /// All ways to cut `dim` into loops, in a fixed order; empty when the constraints leave none.
  /// Their number has no limit but the size of the dimension: see first_chains().
  [[nodiscard]] std::vector<DimLoops> chains(Dim dim) const;
  /// The last ways of chains(), last one first (outermost loops largest, hence smallest tiles), at
  /// most `limit` of them. Stops early when `stopped`, asked now and then, says so.
  [[nodiscard]] ChainList first_chains(Dim dim, std::size_t limit,
                                       const std::function<bool()>& stopped = {}) const;
  /// Do the spatial bounds of all dimensions fit the meshes?
  [[nodiscard]] bool fits_mesh(const Candidate& candidate) const;
  /// Smallest bound that makes the chain of `dim` end in tiles of one element when put in `slot`,
  /// all other bounds kept; none when no bound does or the slot does not allow it.
  [[nodiscard]] std::optional<std::int32_t> closing_bound(const DimLoops& loops, Dim dim,
                                                          std::size_t slot) const;

  /// The same loops with bounds as they really turn: the least that leave the same tiles.
  [[nodiscard]] DimLoops tightened(const DimLoops& loops, Dim dim) const;

  /// Are all tiles of the dimension equally large, at every place?
  [[nodiscard]] bool is_even(const DimLoops& loops, Dim dim) const;

  /// No loops, canonical orders; not a legal mapping unless every size is 1.
  [[nodiscard]] Candidate empty() const;
  [[nodiscard]] Mapping to_mapping(const Candidate& candidate) const;
  /// None when the mapping lies outside this space (other level count, a dimension twice in one
  /// list, bounds that do not divide under perfect factors, loops where none is allowed).
  [[nodiscard]] std::optional<Candidate> from_mapping(const Mapping& mapping) const;

 private:
  class ChainWalk;

  DimArray sizes_;
  std::size_t level_count_ = 0;
  MapperOptions::Factors factors_;
  MapperOptions::Axes axes_;
  std::array<std::array<bool, kDimCount>, kMaxSlots> allowed_{};
  std::array<std::int64_t, kMaxSlots> mesh_{};
  std::vector<Dim> dims_;
};

}  // namespace hwflow::chip
