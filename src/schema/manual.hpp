#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "schema/type.hpp"

/// What is made from a Type for people and tools; schema.hpp has the same for C++ types.
namespace hwflow::schema {

/// JSON Schema (draft 2020-12) that accepts what check_value() accepts.
[[nodiscard]] std::string json_schema_text(const Type& type, std::string_view title);

/// Every key, dotted: "levels[].name"; a key of one alternative has it in brackets after the path:
/// "engine.width_bits (kind: bit_parallel)".
[[nodiscard]] std::vector<std::string> list_keys(const Type& type);

/// Type, range, default and sentence of a dotted key; `levels[0].name`, `levels[].name` and
/// `levels.name` are the same. Keys below an object are listed.
/// Errors   unknown key, with the nearest known one.
[[nodiscard]] Expected<std::string> explain_key(const Type& type, std::string_view key);

/// A Markdown table: key, type, default, meaning; one row for every key.
[[nodiscard]] std::string markdown_rows(const Type& type);

/// One row of all of the above.
struct KeyInfo {
  std::string path;         ///< "levels[].name"
  std::string alternative;  ///< "kind: bit_parallel", or empty
  Type type;
  bool required = false;
  Value default_value;
  std::string sentence;
};
[[nodiscard]] std::vector<KeyInfo> flatten(const Type& type);

}  // namespace hwflow::schema
