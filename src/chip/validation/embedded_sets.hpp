#pragma once

#include <span>

#include "chip/arch/embedded_files.hpp"

namespace hwflow::chip {

/// The files of validation/, compiled in.
[[nodiscard]] std::span<const EmbeddedFile> embedded_validation_sets();

}  // namespace hwflow::chip
