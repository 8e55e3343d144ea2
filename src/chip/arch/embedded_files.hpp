#pragma once

#include <span>
#include <string_view>

namespace hwflow::chip {

/// A data file of accelerators/, compiled in.
struct EmbeddedFile {
  std::string_view name;  ///< without folder and ".yaml"
  std::string_view text;
};
[[nodiscard]] std::span<const EmbeddedFile> embedded_accelerators();
[[nodiscard]] std::span<const EmbeddedFile> embedded_energy_tables();

}  // namespace hwflow::chip
