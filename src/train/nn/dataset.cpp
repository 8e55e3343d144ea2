#include "train/nn/dataset.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "base/check.hpp"
#include "train/nn/cifar_files.hpp"
#include "train/nn/idx_files.hpp"

namespace hwflow::train {
namespace {

using Path = std::filesystem::path;

constexpr std::int64_t kFashionMnistClasses = 10;
// Debian's package dataset-fashion-mnist installs here.
constexpr const char* kSystemFashionMnist = "/usr/share/datasets/fashion-mnist";

/// The file, or the file with .gz; none when neither exists.
std::optional<Path> plain_or_gzip(const Path& folder, const std::string& file) {
  for (const Path& path : {folder / file, folder / (file + ".gz")}) {
    if (std::filesystem::is_regular_file(path)) return path;
  }
  return std::nullopt;
}

Expected<ImageSet> read_fashion_part(const Path& folder, const std::string& stem,
                                     std::vector<std::string>& files) {
  const std::array<std::string, 2> names{stem + "-images-idx3-ubyte", stem + "-labels-idx1-ubyte"};
  std::vector<Path> paths;
  Diagnostics problems;
  for (const std::string& file : names) {
    if (const auto path = plain_or_gzip(folder, file)) {
      paths.push_back(*path);
      files.push_back(path->string());
    } else {
      problems.push_back({(folder / file).string(), "is missing, plain and with .gz",
                          "Debian's package dataset-fashion-mnist brings it"});
    }
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  Expected<ImageSet> set = read_idx_pair(paths[0], paths[1], kFashionMnistClasses);
  if (set) set->name = "fashion-mnist";
  return set;
}

Expected<Dataset> read_fashion_mnist(const Path& folder) {
  Dataset dataset;
  Diagnostics problems;
  Expected<ImageSet> train = read_fashion_part(folder, "train", dataset.files);
  Expected<ImageSet> test = read_fashion_part(folder, "t10k", dataset.files);
  for (const Expected<ImageSet>* part : {&train, &test}) {
    if (!*part) problems.insert(problems.end(), part->error().begin(), part->error().end());
  }
  if (problems.empty() && (train->height != test->height || train->width != test->width)) {
    problems.push_back({folder.string(), "training and test images differ in size", ""});
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  dataset.train = std::move(*train);
  dataset.test = std::move(*test);
  return dataset;
}

struct Row {
  const char* name;
  const char* description;
  std::vector<std::string> folders;  ///< below --data-dir or HWFLOW_DATA
  const char* marker;                ///< start of a file name that tells the folder
  const char* system_folder;         ///< or null
  const char* hint;
  Expected<Dataset> (*read)(const Path&);
};

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows{
      {"fashion-mnist",
       "60,000 + 10,000 grey images of clothing, 28 x 28, 10 classes (IDX files)",
       {"fashion-mnist"},
       "t10k-images",
       kSystemFashionMnist,
       "install Debian's package dataset-fashion-mnist, or name its folder with --data-dir",
       read_fashion_mnist},
      {"cifar10",
       "50,000 + 10,000 colour images, 32 x 32, 10 classes (binary batches)",
       {"cifar10", "cifar-10-batches-bin"},
       "test_batch",
       nullptr,
       "name the folder of the binary batches with --data-dir or the variable HWFLOW_DATA",
       read_cifar10_folder},
  };
  return kRows;
}

bool holds(const Path& folder, const std::string& marker) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with(marker)) return true;
  }
  return false;
}

std::optional<Path> find_below(const Path& root, const Row& row) {
  if (root.empty()) return std::nullopt;
  if (holds(root, row.marker)) return root;
  for (const std::string& folder : row.folders) {
    if (holds(root / folder, row.marker)) return root / folder;
  }
  return std::nullopt;
}

/// Where the data set lies; an explicit folder is never replaced by another.
Expected<Path> find_folder(const Row& row, const DatasetOptions& options) {
  if (!options.directory.empty()) {
    if (const auto found = find_below(options.directory, row)) return *found;
    return Unexpected{Diagnostics{
        {options.directory.string(), fmt::format("holds no {} files", row.name), row.hint}}};
  }
  if (const auto found = find_below(options.data_root, row)) return *found;
  if (row.system_folder != nullptr && holds(row.system_folder, row.marker)) {
    return Path(row.system_folder);
  }
  return Unexpected{Diagnostics{{row.name, "no folder holds this data set", row.hint}}};
}

}  // namespace

Expected<Dataset> read_dataset(const DatasetOptions& options) {
  std::vector<std::string> names;
  for (const Row& row : rows()) {
    names.emplace_back(row.name);
    if (options.name != row.name) continue;
    const Expected<Path> folder = find_folder(row, options);
    if (!folder) return Unexpected{folder.error()};
    return row.read(folder.value());
  }
  std::string hint = nearest_name_hint(options.name, names);
  if (std::filesystem::is_directory(options.name)) {
    hint = "folders of image files are not read; convert them to IDX files or CIFAR-10 batches";
  }
  if (hint.empty()) hint = "known data sets: fashion-mnist, cifar10";
  return Unexpected{Diagnostics{{options.name, "is not a data set that we know", hint}}};
}

std::vector<DatasetInfo> known_datasets() {
  std::vector<DatasetInfo> infos;
  for (const Row& row : rows()) infos.push_back({row.name, row.description});
  return infos;
}

ImageSet select(const ImageSet& images, const std::vector<std::int64_t>& indices) {
  ImageSet chosen = images;
  chosen.pixels.clear();
  chosen.labels.clear();
  const std::int64_t size = images.channels * images.height * images.width;
  chosen.pixels.reserve(indices.size() * static_cast<std::size_t>(size));
  for (const std::int64_t i : indices) {
    HWFLOW_CHECK(i >= 0 && i < images.count(), "image index out of range");
    const auto first = images.pixels.begin() + i * size;
    chosen.pixels.insert(chosen.pixels.end(), first, first + size);
    chosen.labels.push_back(images.labels[static_cast<std::size_t>(i)]);
  }
  return chosen;
}

void append(ImageSet& images, const ImageSet& more) {
  HWFLOW_CHECK(images.channels == more.channels && images.height == more.height &&
                   images.width == more.width && images.classes == more.classes,
               "images of another kind");
  images.pixels.insert(images.pixels.end(), more.pixels.begin(), more.pixels.end());
  images.labels.insert(images.labels.end(), more.labels.begin(), more.labels.end());
}

}  // namespace hwflow::train
