#pragma once

#include <optional>
#include <string_view>

#include "chip/arch/accelerator_input.hpp"
#include "chip/arch/foreign_map.hpp"

namespace hwflow::chip::timeloop {

/// Weights, Inputs or Outputs. Errors (as empty)  another name.
[[nodiscard]] std::optional<Role> role_of(std::string_view data_space);
[[nodiscard]] std::string_view data_space(Role role);

/// An architecture of Timeloop 0.3 or 0.4, its constraints on what a level keeps, and an energy
/// reference table where one of the documents has it; energies of the table eyeriss-isca16
/// otherwise. Timeloop counts words: every level gets the word size of the outermost one.
[[nodiscard]] Expected<AcceleratorInput> read_architecture(const Documents& documents);

/// Architecture and energy reference table. `format`: timeloop or timeloop_0_3.
[[nodiscard]] ForeignText write_architecture(const Accelerator& accelerator, Format format);

}  // namespace hwflow::chip::timeloop
