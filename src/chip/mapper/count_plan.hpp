#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/boundary.hpp"
#include "chip/cost/chain.hpp"
#include "chip/cost/widths.hpp"
#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// Levels or dimensions, one bit each.
using Mask = std::uint32_t;
[[nodiscard]] constexpr Mask bit(std::size_t i) { return Mask{1} << i; }
[[nodiscard]] constexpr Mask below(std::size_t i) { return bit(i) - 1; }

/// Which words are added up over the iterations above a child: docs/model.md, section 3.
struct WordCount {
  LevelIndex child = 0;
  Mask summed = 0;          ///< levels of which instances count one by one
  bool forwarding = false;  ///< a word that any instance of the group held counts as held
  bool moves = false;       ///< words may be kept from turn to turn
  bool operator==(const WordCount&) const = default;
};

/// An axis of an operand of which counts are kept in tables: two dimensions share it, or padding or
/// gaps of a stride make tiles differ. The values of one way to loop over it (`size` of them):
/// largest tile by level, different boxes by boundary that counts them, then for each count
/// kWhole, kFirst, kDistinct, and of slides what is kept when the innermost 0, 1, ... temporal
/// loops have turned and nothing steps, or the next one does.
struct AxisPlan {
  std::size_t operand = 0;
  Chain chain;
  std::array<Dim, 2> dims{};
  std::array<int, 2> terms{};
  std::size_t dim_count = 0;
  bool slides = false;   ///< two dimensions: neighbouring tiles may share words
  bool ordered = false;  ///< the order of the loops of both dimensions matters
  std::size_t most_loops = 0;
  std::size_t boxes_at = 0, counts_at = 0, stride = 0, size = 0;

  static constexpr std::size_t kWhole = 0, kFirst = 1, kDistinct = 2, kStill = 3;
  [[nodiscard]] std::size_t at(std::size_t count) const { return counts_at + count * stride; }
  [[nodiscard]] std::size_t steps_at() const { return kStill + most_loops + 1; }
};

/// What the links of one fan-out of a boundary carry.
struct LinkPlan {
  std::size_t count = 0;
  double hop_pj_per_bit = 0.0;
  Mask unmerged = 0;  ///< an accumulating spatial loop here makes what the links carry unfinished
};

/// Traffic from one level to the next that keeps the operand.
struct BoundaryPlan {
  BoundaryPlan(const Widths& of_links, const Widths& of_parent, const Widths& of_child)
      : links_widths(of_links), above(of_parent), below(of_child) {}

  std::size_t operand = 0;
  Boundary place;
  bool to_units = false;
  bool boxes = false;      ///< counted as boxes (CountingRules::box_tiles)
  std::size_t number = 0;  ///< among those of the operand that are
  /// Inputs and weights: new words of a parent's group and of every instance. Outputs: `group` is
  /// what arrives at the parent, `events` what any instance sends.
  std::size_t group = 0, each = 0, events = 0;
  bool forwards = false;
  std::size_t forwarded = 0;  ///< as `group`, with words handed on from instance to instance
  Mask outside = 0, inside = 0, apart = 0;  ///< levels where sums of outputs stay unfinished
  Widths links_widths, above, below;
  double parent_read_pj = 0, parent_write_pj = 0, child_read_pj = 0, child_write_pj = 0;  ///< a bit
  double drain_pj = 0;
  std::vector<LinkPlan> links;
};

/// How one operand is counted.
struct OperandPlan {
  Role role = Role::inputs;
  std::int64_t constant = 1;  ///< words of all plain dimensions, and of axes without loops
  std::int64_t base = 1;      ///< those of axes without loops
  Mask plain = 0;             ///< dimensions along which successive tiles share no word
  std::vector<Dim> simple;    ///< plain, unpadded, dense: counts are products of bounds
  std::vector<Dim> irrelevant;
  std::vector<std::size_t> axes;                  ///< those with tables
  Mask sliding = 0;                               ///< dimensions of the axes that slide
  std::array<std::uint8_t, kDimCount> axis_of{};  ///< position in `axes` of a sliding dimension
  std::vector<WordCount> counts;
  std::vector<std::size_t> counts_at;  ///< of each count, by axis: where its values are
  std::vector<std::size_t> steps_at;   ///< by axis; 0: it does not slide
  std::vector<Boundary> boxes;         ///< boundaries that count boxes
  Mask limited = 0;                    ///< levels of limited size that keep the operand
};

/// All that is known of the counts of a layer on an accelerator before the mapping is.
struct CountPlan {
  CountPlan(const Layer& layer, const Accelerator& accelerator, const MapSpace& space);

  bool covered = true;  ///< false: only evaluate() knows how to count this pair
  std::vector<OperandPlan> operands;
  std::vector<AxisPlan> axes;
  std::vector<BoundaryPlan> boundaries;  ///< operand by operand, from the outermost inward
  bool first_tiles = false;              ///< the time of first and last tiles matters
  Mask meshes = 0;                       ///< levels with more than one instance below
  Mask accumulating = 0;                 ///< dimensions that add to one output word
  Mask output_dims = 0;                  ///< dimensions of the outputs
};

}  // namespace hwflow::chip
