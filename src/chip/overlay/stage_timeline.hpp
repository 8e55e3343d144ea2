#pragma once

#include <cstdint>

namespace hwflow::chip {

/// Three stages that work at the same time, each in order, handing on regions and result buffers.
///
/// The fetch stage brings `first` outer stripes (the second one and later ones after the first
/// inner piece), then in every pass `groups` inner pieces; with them, spread evenly, the outer
/// stripes of the next pass. The execute stage computes a result tile in `steps` steps; a tile
/// wants an outer stripe, a step an inner piece. An inner piece serves a tile of every outer stripe
/// that stays (steps = 1), or one step (one outer stripe stays). The result stage writes a tile.
struct StageTimeline {
  std::int64_t passes = 1;
  std::int64_t groups = 1;            ///< inner pieces of a pass; a multiple of `steps`
  std::int64_t first = 1, block = 1;  ///< outer stripes of the first pass and of the others
  std::int64_t outer_cycles = 0;      ///< to fetch one outer stripe
  std::int64_t inner_cycles = 0;      ///< to fetch one inner piece
  std::int64_t steps = 1;             ///< of one result tile; with more than one, first = block = 1
  std::int64_t step_cycles = 1;       ///< to execute one step
  std::int64_t result_cycles = 1;     ///< to write one result tile

  [[nodiscard]] std::int64_t tiles() const {
    return groups / steps * (first + (passes - 1) * block);
  }
};

/// Cycles from the start of the first fetch to the end of the last result: the longest chain of
/// instructions that wait for each other.
///
/// With the short pass first, and two regions or more for either operand, no stage ever waits for a
/// region or a result buffer that would make the whole later; so a chain is a run of fetches, then
/// of steps, then of results, and its length is linear between the few places tried here.
/// Cost        O(1).
/// Checked by  tests/support/overlay_simulator, with the regions and buffers.
[[nodiscard]] std::int64_t makespan(const StageTimeline& line);

}  // namespace hwflow::chip
