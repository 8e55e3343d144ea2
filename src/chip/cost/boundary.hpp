#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/chain.hpp"
#include "chip/cost/nest.hpp"
#include "workload/operator.hpp"

namespace hwflow::chip {

/// Words of one operand that cross from a level that keeps it to the next one inward that does, or
/// to the compute units (all instances together; docs/model.md, "Traffic over a boundary").
struct BoundaryTraffic {
  std::int64_t reads = 0;    ///< at the parent, partial sums read back or accumulated included
  std::int64_t fills = 0;    ///< into the children
  std::int64_t updates = 0;  ///< at the parent (outputs)
  std::int64_t drains = 0;   ///< out of the children (outputs)
  std::int64_t final_updates = 0, final_drains = 0;  ///< those at output width
  std::int64_t forwarded = 0;                        ///< words handed on from child to child
  std::int64_t first_reads = 0, first_fills = 0;     ///< for the first tiles
  std::int64_t last_updates = 0, last_drains = 0;    ///< of the last tiles
  bool operator==(const BoundaryTraffic&) const = default;
};

/// The place of a boundary: `child` is the level count for the compute units.
struct Boundary {
  LevelIndex parent = 0;
  LevelIndex child = 0;
  /// Nothing is held in the child: every iteration moves its word (a compute unit without operand
  /// register).
  bool unheld = false;
};

/// Operand of a nest with everything that its traffic depends on.
struct OperandNest {
  const Operator& op;
  const Operand& operand;
  const Nest& nest;
  const Accelerator& accelerator;
};

[[nodiscard]] BoundaryTraffic boundary_traffic(const OperandNest& place, const Boundary& boundary);

/// Words that enter (outputs: leave) the instances behind one fan-out: what its links carry.
struct LinkWords {
  std::int64_t words = 0;
  std::int64_t final_words = 0;  ///< those of outputs that are finished
};
/// Requires  parent <= fanout_level < child.
[[nodiscard]] LinkWords link_words(const OperandNest& place, const Boundary& boundary,
                                   LevelIndex fanout_level);

/// Words of the largest tile in one instance of `level`.
[[nodiscard]] std::int64_t tile_words(const OperandNest& place, LevelIndex level);

/// Words of the whole tensor that the layer really uses.
[[nodiscard]] std::int64_t touched_words(const Operator& op, const Operand& operand);

/// The axis of an operand that `rank` describes, without loops.
[[nodiscard]] Chain rank_chain(const Rank& rank, const DimArray& bounds);

/// The chains of an operand, without loops: one for each of its axes (two where the indices of an
/// axis are all different words), then one for each dimension of more than one element that it
/// does not have.
struct OperandChains {
  struct Home {
    std::size_t chain = 0;
    int term = 0;
  };
  std::vector<Chain> chains;
  std::array<Home, kDimCount> home{};  ///< where the loops of a dimension belong
};
[[nodiscard]] OperandChains operand_chains(const DimArray& bounds, const Operand& operand,
                                           const CountingRules& rules);

/// Do two different iterations of one rank ever have the same index?
[[nodiscard]] bool collides(const Rank& rank, const DimArray& bounds);

/// Does one output word collect contributions along this dimension?
[[nodiscard]] bool accumulates(const Operator& op, Dim dim);

}  // namespace hwflow::chip
