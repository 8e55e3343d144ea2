#pragma once

#include <functional>
#include <optional>

#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// How layers are mapped: map_layer(), or a cache in front of it.
using MapLayer =
    std::function<Expected<MappingResult>(const Layer&, const Accelerator&, const MapperOptions&)>;

/// A mapping of least DRAM traffic, in two searches (docs/fusion.md, "Layers by themselves"): the
/// loops above `buffer` and its tiles decide the traffic, so they are searched for on the levels
/// down to the buffer alone; the tile is then mapped from the buffer inward for the least EDP. The
/// certificate is that of the first search, in which partial sums never need more room or traffic
/// than finished outputs; where they do in the end, the result is not proved.
/// `buffer`: a level that has one instance. `options`: limits; their objective is not read.
/// Returns  none where that does not decide it: some role bypasses all levels down to the buffer,
///          tiles are boxes, or the two parts do not fit together (widths of partial sums,
///          dimensions that the buffer does not allow). Then map_layer() is to be asked.
/// Checked by  map_layer() with objective dram.
[[nodiscard]] std::optional<MappingResult> map_least_dram(const Layer& layer,
                                                          const Accelerator& accelerator,
                                                          LevelIndex buffer,
                                                          const MapperOptions& options,
                                                          const MapLayer& map);

/// A layer as it runs best by itself: map_least_dram() where that is asked for and proves it, else
/// the better of it and of `map` with the options.
[[nodiscard]] Expected<MappingResult> map_by_itself(const Layer& layer,
                                                    const Accelerator& accelerator,
                                                    LevelIndex buffer, const MapperOptions& options,
                                                    const MapLayer& map);

}  // namespace hwflow::chip
