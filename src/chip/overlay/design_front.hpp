#pragma once

#include <cstdint>
#include <vector>

#include "chip/overlay/cost_table.hpp"
#include "chip/overlay/overlay_search.hpp"

namespace hwflow::chip {

/// Indices into `totals` (a table of all designs under `rules` rules) that nothing dominates in the
/// objectives, of equal ones the first; in ascending order of LUTs, block RAMs, cycles, DRAM bits.
/// Checked by  tests/chip/overlay/design_front_test.cpp, against all pairs.
[[nodiscard]] std::vector<std::uint32_t> front_of(const CostTable& totals,
                                                  const DesignList& designs, std::size_t rules,
                                                  const OverlayObjectives& objectives);

}  // namespace hwflow::chip
