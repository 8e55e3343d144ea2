#pragma once

#include <string_view>

#include "schema/value.hpp"

namespace hwflow::schema {

/// What an unquoted YAML text means. Source  YAML 1.2.2, section 10.3.2, "Core schema".
[[nodiscard]] Value resolve_plain_scalar(std::string_view text);

}  // namespace hwflow::schema
