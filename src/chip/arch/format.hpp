#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"

namespace hwflow::chip {

/// File formats of machines, layers and mappings (docs/interchange.md).
enum class Format : std::uint8_t {
  hwflow,
  timeloop,      ///< version 0.4: `nodes` with tags
  timeloop_0_3,  ///< version 0.3 and before: `subtree` and `local`
  zigzag
};
[[nodiscard]] std::string_view name(Format format);
/// Errors  an unknown name, with the known ones; placed at --to.
[[nodiscard]] Expected<Format> format_from_name(std::string_view text);

/// A text in another format, and what that format cannot say of what was written.
struct ForeignText {
  std::string text;
  std::vector<std::string> notes;  ///< left out without changing any count
  /// Left out, and it changes counts, energies or cycles.
  Diagnostics losses;
};

}  // namespace hwflow::chip
