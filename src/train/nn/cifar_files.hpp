#pragma once

#include <filesystem>
#include <vector>

#include "base/expected.hpp"
#include "train/nn/dataset.hpp"

namespace hwflow::train {

/// The official CIFAR-10 binary batches of a folder.
///
/// data_batch_N.bin (N = 1..5) and test_batch.bin; where one of them is absent, a part of it under
/// a longer name (data_batch_N_*.bin, test_batch_*.bin; whole records) takes its place.
/// Errors  no training or no test batch, two parts of the same batch, a file that is empty or not a
///         whole number of records, label >= 10: each names the file and the offset.
/// Source  Krizhevsky, "Learning multiple layers of features from tiny images", 2009; a record is a
///         label byte and 3 planes of 32 x 32.
[[nodiscard]] Expected<Dataset> read_cifar10_folder(const std::filesystem::path& folder);

}  // namespace hwflow::train
