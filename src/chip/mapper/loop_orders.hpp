#pragma once

#include <functional>
#include <vector>

#include "chip/mapper/bound_model.hpp"
#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// The loop orders of one level that can differ in some count, for candidates whose loops are all
/// decided: of orders that are equal in every count only one is kept (docs/mapper.md, "Loop
/// orders", has the proof). Calls `visit` for each order, in a fixed sequence, until it returns
/// false.
void for_each_order(const Candidate& candidate, LevelIndex level, const MapSpace& space,
                    const BoundModel& model, const std::function<bool(const LoopOrder&)>& visit);

}  // namespace hwflow::chip
