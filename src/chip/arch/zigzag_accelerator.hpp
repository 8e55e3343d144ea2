#pragma once

#include "chip/arch/accelerator_input.hpp"

namespace hwflow::chip::zigzag {

/// Is this document an accelerator of ZigZag?
[[nodiscard]] bool is_accelerator(const schema::Value& document);

/// An accelerator with `operational_array` (or `multipliers`) and `memories` from the innermost
/// outward. Dimensions D1, D3 are columns and D2, D4 rows; a memory that does not serve a
/// dimension has an instance for each of its units.
[[nodiscard]] Expected<AcceleratorInput> read_accelerator(const Documents& documents);
[[nodiscard]] ForeignText write_accelerator(const Accelerator& accelerator);

/// I1, I2 or O: inputs, weights, outputs, as memory_operand_links has them by default.
[[nodiscard]] std::optional<Role> role_of(std::string_view memory_operand);
[[nodiscard]] std::string_view memory_operand(Role role);

}  // namespace hwflow::chip::zigzag
