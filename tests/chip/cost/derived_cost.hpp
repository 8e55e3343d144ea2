#pragma once

#include "chip/cost/cost.hpp"
#include "tests/support/nest_simulator.hpp"

namespace hwflow::testing {

/// The cost that docs/model.md assigns to simulated counts, derived a second time: widths, room,
/// energy and cycles from the words that the walk saw, with nothing of src/chip/cost but the
/// result types. Capacities are not checked.
[[nodiscard]] chip::Cost derive_cost(const Layer& layer, const chip::Accelerator& accelerator,
                                     const Simulation& seen);

/// May the outputs of the layer overlap between iterations of one axis (transposed convolution)?
[[nodiscard]] bool outputs_overlap(const Layer& layer);

}  // namespace hwflow::testing
