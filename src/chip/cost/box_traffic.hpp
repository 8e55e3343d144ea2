#pragma once

#include <functional>

#include "chip/cost/boundary.hpp"

namespace hwflow::chip {

/// Traffic of weights or inputs over a boundary when tiles are boxes (`CountingRules::box_tiles`;
/// docs/model.md, "Boxes"): the closed form of the counting that Timeloop applies.
///
/// Let the temporal loops above the child turn. When loop j steps, the box shifts by its own step
/// less one step of every loop inside it (Timeloop runs iterations 0 and 1 of each loop and
/// extrapolates). Nothing moves when the shift is zero; when it is that of the innermost relevant
/// loop, a slide along one axis by less than the box is long, the words that enter move; else the
/// whole box. Equal boxes of several instances are read once. With `forwarding`, an instance whose
/// new words equal those that a neighbour on the mesh received in the visit before takes them from
/// there, if that lowers the reads of the parent.
///
/// Requires  even tiles (every bound divides), a held child.
/// Source    Parashar et al., "Timeloop", ISPASS 2019, and the behaviour of timeloop-model v0.4.
/// Checked by  recorded timeloop-model runs (tests/chip/cost/reference_file_test.cpp).
[[nodiscard]] BoundaryTraffic box_fetch_traffic(const OperandNest& place, const Boundary& boundary);

/// Words that enter instances, forwarded ones too: those of equal boxes once, but for instances
/// behind the fan-outs of levels that `is_alone`. The same requirements.
[[nodiscard]] std::int64_t box_link_words(const OperandNest& place, const Boundary& boundary,
                                          const std::function<bool(LevelIndex)>& is_alone);

}  // namespace hwflow::chip
