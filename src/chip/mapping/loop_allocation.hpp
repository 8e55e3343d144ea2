#pragma once

#include <vector>

#include "base/expected.hpp"
#include "chip/mapping/uneven_nest.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Gives the temporal loops of one order to memories as ZigZag does: from the innermost memory
/// outward, each takes for its tensors the loops that fit and leave the fewest words to the
/// memories above (words of the tile times turns of the loops left). `nest` comes with `temporal`
/// and `spreads`; its tiles are filled in. Errors  a memory that is too small for the tiles below
/// it. Source  MemoryAllocator of ZigZag (Mei et al., IEEE TC 70(8), 2021), the allocation of LOMA.
[[nodiscard]] Diagnostics allocate_loops(const Layer& layer, const Accelerator::Fields& machine,
                                         UnevenNest& nest);

}  // namespace hwflow::chip
