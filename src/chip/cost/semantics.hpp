#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {

/// Named bundles of counting switches: our own exact counting, and how other tools count
/// (docs/model.md, "Semantics of other tools").
enum class Semantics : std::uint8_t { exact, timeloop, timeloop_no_forwarding, zigzag, accelforge };
[[nodiscard]] std::string_view name(Semantics semantics);
[[nodiscard]] std::vector<Semantics> all_semantics();
/// Errors  an unknown name, with the nearest one.
[[nodiscard]] Expected<Semantics> semantics_from_name(std::string_view text);

/// The same machine, counted by the named rules; exact: by those of its own description.
[[nodiscard]] Accelerator with_semantics(const Accelerator& accelerator, Semantics semantics);

}  // namespace hwflow::chip
