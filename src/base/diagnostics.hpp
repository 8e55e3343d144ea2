#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hwflow {

/// What kind of no a problem is: an input that cannot be read as meant, or one that asks for what
/// nothing can do (a layer that no mapping fits).
enum class ProblemKind : std::uint8_t { wrong_input, infeasible };

/// One thing wrong with an input, told so that its author can mend it.
struct Diagnostic {
  std::string place;   ///< file, line, key or layer: "arch.yaml:12: levels[1].capacity_bits"
  std::string reason;  ///< what is wrong: "must be >= 1, got -8"
  std::string hint;    ///< how to mend it, or empty: "did you mean 'capacity_bits'?"
  ProblemKind kind = ProblemKind::wrong_input;

  bool operator==(const Diagnostic&) const = default;
};

/// Every problem found in an input; a reader goes on after the first one.
using Diagnostics = std::vector<Diagnostic>;

/// True when every one is infeasible: the input is right, but nothing can do it.
[[nodiscard]] bool are_infeasible(const Diagnostics& diagnostics);

/// "place: reason (hint)", one line each.
[[nodiscard]] std::string to_text(const Diagnostics& diagnostics);

/// The candidate nearest to `word` by edit distance, or empty when none is near enough to help.
[[nodiscard]] std::string nearest_name(std::string_view word,
                                       const std::vector<std::string>& candidates);

/// "did you mean 'x'?", or empty when no candidate is near.
[[nodiscard]] std::string nearest_name_hint(std::string_view word,
                                            const std::vector<std::string>& candidates);

}  // namespace hwflow
