#pragma once

#include <string>

#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {

/// JSON Schema (draft 2020-12) of accelerator files, without their key `schema`.
[[nodiscard]] std::string accelerator_json_schema();
[[nodiscard]] std::string energy_table_json_schema();
/// The page docs/formats/accelerator.md: rules and every key of both kinds of file.
[[nodiscard]] std::string accelerator_manual();

/// An accelerator as a file of its own, energies inline: parse_accelerator() reads back one of
/// equal key(), with the energy table "inline".
[[nodiscard]] std::string accelerator_to_yaml(const Accelerator& accelerator);

}  // namespace hwflow::chip
