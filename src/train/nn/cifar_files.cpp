#include "train/nn/cifar_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/input_file.hpp"

namespace hwflow::train {
namespace {

constexpr std::size_t kImageBytes = std::size_t{3} * 32 * 32;
constexpr std::size_t kRecordBytes = 1 + kImageBytes;
constexpr int kClasses = 10;

/// Files called `stem`.bin or `stem`_*.bin: the former if there, else the latter, sorted.
std::vector<std::filesystem::path> files_of_batch(const std::filesystem::path& folder,
                                                  const std::string& stem) {
  std::vector<std::filesystem::path> parts;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".bin")) continue;
    if (file == stem + ".bin") return {entry.path()};
    if (file.starts_with(stem + "_")) parts.push_back(entry.path());
  }
  std::ranges::sort(parts);
  return parts;
}

ImageSet empty_set() {
  ImageSet set;
  set.name = "cifar10";
  set.channels = 3;
  set.height = set.width = 32;
  set.classes = kClasses;
  return set;
}

void append_record(const std::string& bytes, std::size_t start, const std::string& file,
                   ImageSet& set, Diagnostics& problems) {
  const auto label = static_cast<std::uint8_t>(bytes[start]);
  if (label >= kClasses) {
    problems.push_back({file,
                        fmt::format("byte {}: label {} of record {} is not below {}", start, label,
                                    start / kRecordBytes, kClasses),
                        ""});
    return;
  }
  set.labels.push_back(label);
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(start) + 1;
  set.pixels.insert(set.pixels.end(), first, first + static_cast<std::ptrdiff_t>(kImageBytes));
}

void append_file(const std::filesystem::path& path, ImageSet& set, Diagnostics& problems) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
  const std::string file = path.string();
  const Expected<std::string> read = read_input_file(path, kMostBytes);
  if (!read) {
    problems.insert(problems.end(), read.error().begin(), read.error().end());
    return;
  }
  const std::string& bytes = *read;
  if (bytes.empty()) {
    problems.push_back({file, "is empty", ""});
    return;
  }
  if (bytes.size() % kRecordBytes != 0) {
    problems.push_back(
        {file,
         fmt::format("byte {}: the last record is cut short; {} bytes are no "
                     "multiple of {}",
                     bytes.size() / kRecordBytes * kRecordBytes, bytes.size(), kRecordBytes),
         ""});
    return;
  }
  const std::size_t before = problems.size();
  for (std::size_t start = 0; start < bytes.size() && problems.size() == before;
       start += kRecordBytes) {
    append_record(bytes, start, file, set, problems);
  }
}

/// Reads the batch into `set`; says whether there was a file for it.
bool read_batch(const std::filesystem::path& folder, const std::string& stem, ImageSet& set,
                std::vector<std::string>& files, Diagnostics& problems) {
  const std::vector<std::filesystem::path> found = files_of_batch(folder, stem);
  if (found.size() > 1) {
    problems.push_back(
        {found[1].string(),
         fmt::format("is a second part of {} beside {}", stem, found[0].filename().string()),
         "keep one: they may hold the same images"});
    return true;
  }
  for (const std::filesystem::path& file : found) {
    append_file(file, set, problems);
    files.push_back(file.string());
  }
  return !found.empty();
}

}  // namespace

Expected<Dataset> read_cifar10_folder(const std::filesystem::path& folder) {
  Dataset dataset{.train = empty_set(), .test = empty_set(), .files = {}};
  Diagnostics problems;
  bool has_training = false;
  for (int batch = 1; batch <= 5; ++batch) {
    has_training |= read_batch(folder, fmt::format("data_batch_{}", batch), dataset.train,
                               dataset.files, problems);
  }
  if (!has_training) {
    problems.push_back({folder.string(), "holds no training batch",
                        "data_batch_1.bin to data_batch_5.bin of the binary version of CIFAR-10"});
  }
  if (!read_batch(folder, "test_batch", dataset.test, dataset.files, problems)) {
    problems.push_back({folder.string(), "holds no test batch",
                        "test_batch.bin of the binary version of CIFAR-10"});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return dataset;
}

}  // namespace hwflow::train
