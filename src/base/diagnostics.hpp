#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hwflow {

/// One thing wrong with an input, told so that its author can mend it.
struct Diagnostic {
  std::string place;   ///< file, line, key or layer: "arch.yaml:12: levels[1].capacity_bits"
  std::string reason;  ///< what is wrong: "must be >= 1, got -8"
  std::string hint;    ///< how to mend it, or empty: "did you mean 'capacity_bits'?"

  bool operator==(const Diagnostic&) const = default;
};

/// Every problem found in an input; a reader goes on after the first one.
using Diagnostics = std::vector<Diagnostic>;

/// "place: reason (hint)", one line each.
[[nodiscard]] std::string to_text(const Diagnostics& diagnostics);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to help.
[[nodiscard]] std::string nearest_name(std::string_view word,
                                       const std::vector<std::string>& candidates);

/// "did you mean 'x'?", or empty when no candidate is near.
[[nodiscard]] std::string nearest_name_hint(std::string_view word,
                                            const std::vector<std::string>& candidates);

}  // namespace hwflow
