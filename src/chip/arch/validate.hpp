#pragma once

#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {

/// Everything that makes these fields no accelerator; empty when they are one. Places are key paths
/// ("levels[1].capacity_bits"), so that a reader can look up the line.
[[nodiscard]] Diagnostics validate(const Accelerator::Fields& fields);

}  // namespace hwflow::chip
