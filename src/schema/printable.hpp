#pragma once

#include <string>
#include <string_view>

namespace hwflow::schema {

/// `text` for a message on a terminal: control characters replaced, cut after 80 bytes.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace hwflow::schema
