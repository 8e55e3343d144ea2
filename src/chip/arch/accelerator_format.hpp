#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "schema/value.hpp"

namespace hwflow::chip {

/// JSON Schema (draft 2020-12) of accelerator files, without their key `schema`.
[[nodiscard]] std::string accelerator_json_schema();
[[nodiscard]] std::string energy_table_json_schema();
/// Type, range, default and meaning of a dotted key of an accelerator or energy table file.
/// Errors   unknown key, with the nearest known one.
[[nodiscard]] Expected<std::string> explain_accelerator_key(std::string_view key);
[[nodiscard]] Expected<std::string> explain_energy_table_key(std::string_view key);
/// The page docs/formats/accelerator.md: rules and every key of both kinds of file.
[[nodiscard]] std::string accelerator_manual();

/// An accelerator as a file of its own, energies inline: parse_accelerator() reads back one of
/// equal key(), with the energy table "inline".
[[nodiscard]] std::string accelerator_to_yaml(const Accelerator& accelerator);

/// As load_accelerator(), changed by settings such as "levels[1].capacity_bits=65536" first.
/// Errors  of a setting, placed at "--set SETTING", or of what the file then says.
[[nodiscard]] Expected<Accelerator> load_accelerator(const std::string& name_or_file,
                                                     std::span<const std::string> settings);

/// An accelerator of a document that is read already. Errors  as parse_accelerator().
[[nodiscard]] Expected<Accelerator> accelerator_from_value(const schema::Value& document,
                                                           const std::string& origin);

}  // namespace hwflow::chip
