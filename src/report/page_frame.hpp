#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hwflow::report {

/// A page that needs nothing else and loads nothing. `title` and `body` are HTML.
[[nodiscard]] std::string framed_page(std::string_view title, std::string_view body);

/// Headline number and what it says, for a row of `<div class="cards">`; plain text.
[[nodiscard]] std::string card(std::string_view number, std::string_view meaning);

/// A section that names files, plain text; nothing where there are none.
[[nodiscard]] std::string files_section(const std::vector<std::string>& files);

}  // namespace hwflow::report
