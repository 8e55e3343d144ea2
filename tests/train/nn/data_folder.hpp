#pragma once

#include <cstdlib>
#include <filesystem>

namespace hwflow::train {

/// The folder of HWFLOW_DATA (relative ones start at the repository's root), or empty.
inline std::filesystem::path data_folder() {
  const char* value = std::getenv("HWFLOW_DATA");
  if (value == nullptr || *value == '\0') return {};
  std::filesystem::path folder = value;
  const char* source = std::getenv("HWFLOW_SOURCE_DIR");
  if (folder.is_relative() && source != nullptr) folder = std::filesystem::path(source) / folder;
  return std::filesystem::is_directory(folder) ? folder : std::filesystem::path{};
}

}  // namespace hwflow::train
