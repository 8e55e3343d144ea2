#pragma once

#include <string>

#include "schema/value.hpp"

namespace hwflow::schema {

/// Block-style YAML that parse_yaml() reads back to an equal value; lists of scalars in one line.
/// Ends in a line break. Tags are written for maps in a list.
[[nodiscard]] std::string to_yaml(const Value& value);

/// JSON indented by two spaces; not-a-number and infinities become null, bytes that are no UTF-8
/// the replacement character.
[[nodiscard]] std::string to_json_text(const Value& value);

}  // namespace hwflow::schema
