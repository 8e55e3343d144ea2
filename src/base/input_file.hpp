#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/expected.hpp"

namespace hwflow {

/// Why `file` cannot be read as an input, or nothing: it is not there, is a folder, a pipe or a
/// device (which may have no end), or has more than `most_bytes`.
[[nodiscard]] std::optional<Diagnostic> refuse_input_file(const std::filesystem::path& file,
                                                          std::uint64_t most_bytes);

/// All bytes of a file. Errors  as refuse_input_file, and files that may not be read.
[[nodiscard]] Expected<std::string> read_input_file(const std::filesystem::path& file,
                                                    std::uint64_t most_bytes);

}  // namespace hwflow
