#pragma once

#include <cstdint>

#include "chip/overlay/operand_fit.hpp"
#include "chip/overlay/product_cost.hpp"

namespace hwflow::chip {

/// An operand and the memory that it lies in.
struct PlacedOperand {
  OperandShape shape;
  OperandFit fit;
};

/// Cost of one of the products (`count` times one is not multiplied in) with the given operands
/// outside and inside; the order in the schedule is left to the caller.
[[nodiscard]] ProductCost cost_of_nest(const ProductFrame& frame, const PlacedOperand& outer,
                                       const PlacedOperand& inner, const OverlayOptions& options);

}  // namespace hwflow::chip
