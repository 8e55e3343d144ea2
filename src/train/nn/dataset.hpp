#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/expected.hpp"

namespace hwflow::train {

/// Images as stored in the official files: uint8, planes (channels, height, width) per image.
struct ImageSet {
  std::string name{};  ///< "fashion-mnist", "cifar10"
  std::int64_t channels = 0, height = 0, width = 0;
  std::int64_t classes = 10;
  std::vector<std::uint8_t> pixels{};  ///< count * channels * height * width
  std::vector<std::uint8_t> labels{};  ///< count
  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

/// A data set with its official split; `test` is touched only by final measurements.
struct Dataset {
  ImageSet train{};
  ImageSet test{};
  std::vector<std::string> files{};  ///< what was read, for the report
};

struct DatasetOptions {
  std::string name = "fashion-mnist";  ///< see known_datasets()
  std::filesystem::path directory{};   ///< --data-dir; empty: look in data_root, then the system's
  std::filesystem::path data_root{};   ///< value of HWFLOW_DATA (the cli reads it), or empty
};

/// Errors  missing file (and which package or folder brings it), wrong magic, short file, label out
///         of range, image size that contradicts the header: each names the file and the offset.
[[nodiscard]] Expected<Dataset> read_dataset(const DatasetOptions& options);

/// Names and one-line descriptions for `hwflow list data`.
struct DatasetInfo {
  std::string name, description;
};
[[nodiscard]] std::vector<DatasetInfo> known_datasets();

/// The images at `indices`, in that order.
[[nodiscard]] ImageSet select(const ImageSet& images, const std::vector<std::int64_t>& indices);
/// Adds images of the same size and classes at the end.
void append(ImageSet& images, const ImageSet& more);

}  // namespace hwflow::train
