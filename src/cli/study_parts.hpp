#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"

namespace hwflow::cli {

/// A part of a study that is not for a command.
struct OtherSearch {
  std::string_view block, key;  ///< of the file: block.key
  const char* reason;
  const char* hint;
};

/// Those of `others` that the study or its settings have. What cannot be read is told by who reads
/// the study.
[[nodiscard]] Diagnostics refuse_other_searches(const std::filesystem::path& file,
                                                const std::vector<std::string>& settings,
                                                std::span<const OtherSearch> others);

/// Whether the study or its settings have block.key; true where it cannot be read.
[[nodiscard]] bool has_part(const std::filesystem::path& file,
                            const std::vector<std::string>& settings, std::string_view block,
                            std::string_view key);

/// Whether a file is a study, and not a network: a YAML file with the key `study`.
[[nodiscard]] bool is_study(const std::string& file);

}  // namespace hwflow::cli
