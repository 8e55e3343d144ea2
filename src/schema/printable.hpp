#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hwflow::schema {

/// `text` for a message on a terminal: control characters replaced, cut after 80 bytes.
[[nodiscard]] std::string printable(std::string_view text);

/// "did you mean 'x'?" for a key: one that begins with `word`, else the nearest; or empty.
[[nodiscard]] std::string key_hint(const std::string& word,
                                   const std::vector<std::string>& candidates);

}  // namespace hwflow::schema
