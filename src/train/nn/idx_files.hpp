#pragma once

#include <filesystem>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"

namespace hwflow::train {

/// One pair of IDX files (images and labels), plain or gzip-compressed.
///
/// Shapes  one channel; count, height and width come from the headers.
/// Errors  missing file, wrong magic, short or damaged file, bytes after the last image, label
///         >= classes, different counts: each names the file and the offset (in decompressed
///         bytes).
/// Source  LeCun, Cortes, Burges, "The MNIST database", file formats (magic 0x803, 0x801).
[[nodiscard]] Expected<ImageSet> read_idx_pair(const std::filesystem::path& images,
                                               const std::filesystem::path& labels,
                                               std::int64_t classes);

}  // namespace hwflow::train
