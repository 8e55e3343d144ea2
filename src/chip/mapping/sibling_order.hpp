#pragma once

#include <optional>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"

namespace hwflow::chip {

/// Every order in which sibling levels may nest, the listed one first. Siblings follow each other
/// without a fan-out in between and keep one operand each, none the same.
[[nodiscard]] std::vector<LevelOrder> sibling_orders(const Accelerator& accelerator);

/// The same machine with its levels nested in another order of siblings. The fan-out below the last
/// of them stays there.
[[nodiscard]] Accelerator with_level_order(const Accelerator& accelerator, const LevelOrder& order);

/// The machine as a mapping nests it: the accelerator itself, or one made in `made`.
[[nodiscard]] const Accelerator& nested_as(const Mapping& mapping, const Accelerator& accelerator,
                                           std::optional<Accelerator>& made);

}  // namespace hwflow::chip
