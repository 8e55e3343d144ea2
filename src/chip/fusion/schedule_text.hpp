#pragma once

#include <string>

#include "chip/fusion/group.hpp"
#include "chip/fusion/schedule.hpp"

namespace hwflow::chip {

/// "4 x 28, 2 parts": rows and columns of the last layer's output, parts of its channels.
[[nodiscard]] std::string tile_text(const GroupSchedule& schedule);

/// "halos retained, bands of rows, weights: 3 of 4 stay, 1 read again": all choices but the tile.
[[nodiscard]] std::string policies_text(const FusionGraph& graph, const Slice& slice,
                                        const GroupSchedule& schedule);

}  // namespace hwflow::chip
