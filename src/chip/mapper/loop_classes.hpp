#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapper/map_space.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// A set of dimensions, one bit each.
using DimSet = std::uint8_t;
[[nodiscard]] constexpr DimSet set_of(Dim dim) { return static_cast<DimSet>(1U << index(dim)); }

/// Of a set of levels, one bit each.
[[nodiscard]] constexpr bool has_bit(std::uint32_t levels, LevelIndex level) {
  return ((levels >> level) & 1U) != 0;
}

/// A boundary whose child holds tiles of one operand: where loop orders decide what moves.
struct HeldBoundary {
  std::size_t operand = 0;
  LevelIndex parent = 0;
  LevelIndex child = 0;  ///< the level count for registers at the compute units
};

/// A temporal loop: its dimension and the level it stands at.
struct LoopPlace {
  Dim dim = Dim::n;
  LevelIndex level = 0;
  bool operator==(const LoopPlace&) const = default;
};

/// What a class of loop orders means for one boundary.
struct BoundaryOrder {
  /// Per dimension that the operand does not have: the levels (bits) whose loops bring its tiles
  /// round again. All other levels turn inside the innermost loop that changes the tile.
  std::array<std::uint16_t, kDimCount> repeats{};
  /// The loops along one sliding axis that stand inside every loop along another axis of the
  /// operand, innermost first: words of the tile before are kept when they step.
  std::vector<LoopPlace> run;
  /// Does a loop that leaves the tile as it is stand inside all of these? Then no neighbour has
  /// just received what a step brings in (forwarding of boxes).
  bool still_inside = false;
  bool operator==(const BoundaryOrder&) const = default;
};

/// Loop orders that cost alike, one order of every level with it (docs/mapper.md, "Classes").
struct LoopClass {
  std::vector<LoopOrder> orders;  ///< per level, innermost first
  std::vector<DimSet> absent;     ///< per level: dimensions that have no loop there
  std::vector<BoundaryOrder> boundaries;
};

/// Which classes there are for a layer on an accelerator. Every mapping belongs to a class whose
/// formula counts no more than the mapping moves, and the best order of its loops to one that
/// counts exactly that.
class LoopClasses {
 public:
  LoopClasses(const Layer& layer, const Accelerator& accelerator);
  [[nodiscard]] const std::vector<HeldBoundary>& boundaries() const { return boundaries_; }
  [[nodiscard]] std::vector<LoopClass> all() const;
  /// None when there are more than `most` before those that others cover are left out, or when
  /// `stopped`, asked now and then, says so. Remembered for all layers that are alike in this.
  [[nodiscard]] std::optional<std::vector<LoopClass>> at_most(
      std::size_t most, const std::function<bool()>& stopped) const;

  /// How an operand depends on a dimension.
  struct Relevance {
    bool relevant = false;
    int sliding_axis = -1;  ///< rank that two dimensions of more than one element share
  };
  [[nodiscard]] const Relevance& relevance(std::size_t operand, Dim dim) const {
    return relevance_[operand][index(dim)];
  }

 private:
  class Enumeration;
  /// Equal keys: the same classes.
  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::optional<std::vector<LoopClass>> find(
      std::size_t most, const std::function<bool()>& stopped) const;
  std::size_t levels_ = 0;
  std::vector<Dim> dims_;  ///< of more than one element
  std::vector<std::array<Relevance, kDimCount>> relevance_;
  std::vector<HeldBoundary> boundaries_;
};

}  // namespace hwflow::chip
