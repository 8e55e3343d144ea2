#pragma once

#include <cstdint>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"
#include "workload/layer.hpp"

namespace hwflow::testing {

/// Words of one operand that crossed one boundary, counted one by one.
struct SimulatedBoundary {
  std::size_t operand = 0;
  std::size_t parent = 0, child = 0;  ///< child = level count for the compute units
  std::int64_t reads = 0, fills = 0, updates = 0, drains = 0;
  std::int64_t final_updates = 0, final_drains = 0, forwarded = 0;
  std::int64_t first_reads = 0, first_fills = 0, last_updates = 0, last_drains = 0;
  std::int64_t child_tile_words = 0;  ///< largest tile of one child
  std::int64_t child_instances = 0;   ///< children that ever had work
  /// By level from parent to child - 1: words behind its fan-out, and finished ones among them.
  std::vector<std::int64_t> link_words, link_final_words;
};

struct Simulation {
  std::vector<SimulatedBoundary> boundaries;
  std::int64_t steps = 0;       ///< of the whole array
  std::int64_t iterations = 0;  ///< innermost iterations done
};

/// Walks the loop nest of a mapping tile by tile and, inside the tiles, element by element, with
/// explicit sets of words for every instance. The semantics are those of docs/model.md; nothing
/// of the code under src/chip/cost is used. Only for layers of a few hundred iterations.
[[nodiscard]] Simulation simulate(const Layer& layer, const chip::Accelerator& accelerator,
                                  const chip::Mapping& mapping);

}  // namespace hwflow::testing
