#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/expected.hpp"

namespace hwflow::chip {

/// A data file of accelerators/, compiled in.
struct EmbeddedFile {
  std::string_view name;  ///< without folder and ".yaml"
  std::string_view text;
};
[[nodiscard]] std::span<const EmbeddedFile> embedded_accelerators();
[[nodiscard]] std::span<const EmbeddedFile> embedded_energy_tables();

/// A file and how messages name it.
struct NamedText {
  std::string text;
  std::string origin;
};
[[nodiscard]] NamedText named_text(const EmbeddedFile& file);
/// A built-in name, or a file when the name has a dot or a slash.
/// Errors  no such name (`kind`: "accelerator"), with the nearest one; a file that cannot be read.
[[nodiscard]] Expected<NamedText> find_text(std::span<const EmbeddedFile> built_in,
                                            const std::string& name_or_file, std::string_view kind);

}  // namespace hwflow::chip
