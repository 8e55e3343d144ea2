#pragma once

#include <map>
#include <optional>
#include <string>

#include "chip/arch/foreign_map.hpp"
#include "schema/value.hpp"

namespace hwflow::chip::timeloop {

/// Energies of one component, in pJ for one access of its whole width, one computation, or one
/// cycle of leakage.
struct ActionEnergies {
  std::optional<double> read, write, update, compute, leak;
};

/// Accelergy's energy reference table, by component name without path and range.
/// Several entries of one action (idle, random, repeated data): the dearest, as Timeloop takes it.
[[nodiscard]] std::map<std::string, ActionEnergies> read_energy_reference(
    const schema::Value& table, Findings& findings);

}  // namespace hwflow::chip::timeloop
