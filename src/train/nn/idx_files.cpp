#include "train/nn/idx_files.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/input_file.hpp"

namespace hwflow::train {
namespace {

constexpr std::uint32_t kImagesMagic = 0x803;  // unsigned bytes, three dimensions
constexpr std::uint32_t kLabelsMagic = 0x801;  // unsigned bytes, one dimension
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;

struct CloseGzip {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzipFile = std::unique_ptr<gzFile_s, CloseGzip>;

struct IdxFile {
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint8_t> bytes;
};

class IdxReader {
 public:
  IdxReader(const std::filesystem::path& path, Diagnostics& problems)
      : path_(path.string()), problems_(problems) {
    if (auto refusal = refuse_input_file(path, kMaxBytes)) {
      problems_.push_back(std::move(*refusal));
      refused_ = true;
    } else {
      file_.reset(gzopen(path.c_str(), "rb"));
    }
  }

  std::optional<IdxFile> read(std::uint32_t magic) {
    if (refused_) return std::nullopt;
    if (!file_) return refuse("cannot be opened");
    std::uint32_t found = 0;
    if (!read_number(found)) return refuse("ends within its magic number");
    if (found != magic) {
      return refuse(fmt::format("byte 0: magic number is {:#x}, expected {:#x}", found, magic));
    }
    IdxFile idx;
    std::uint64_t total = 1;
    for (std::uint32_t rank = magic & 0xFFU; rank > 0; --rank) {
      std::uint32_t size = 0;
      if (!read_number(size)) return refuse("ends within its header");
      if (size == 0 || total > kMaxBytes / size) {
        return refuse(
            fmt::format("byte {}: size {} is zero or beyond 1 GiB in all", offset_ - 4, size));
      }
      total *= size;
      idx.sizes.push_back(size);
    }
    return read_bytes(std::move(idx), total);
  }

 private:
  std::nullopt_t refuse(std::string reason) {
    int code = Z_OK;
    const char* text = file_ ? gzerror(file_.get(), &code) : "";
    if (code != Z_OK && code != Z_STREAM_END) reason += fmt::format("; zlib: {}", text);
    problems_.push_back({path_, std::move(reason), ""});
    return std::nullopt;
  }

  /// Bytes read into `out`, fewer than its size at the end of the file.
  std::size_t fill(std::span<std::uint8_t> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto want = static_cast<unsigned>(std::min<std::size_t>(out.size() - done, 1U << 24));
      const int got = gzread(file_.get(), out.data() + done, want);
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    offset_ += done;
    return done;
  }

  bool read_number(std::uint32_t& number) {
    std::array<std::uint8_t, 4> bytes{};
    if (fill(bytes) != bytes.size()) return false;
    number = 0;
    for (const std::uint8_t byte : bytes) number = (number << 8) | byte;
    return true;
  }

  /// Grows with what the file really holds: a header may promise 1 GiB.
  std::optional<IdxFile> read_bytes(IdxFile idx, std::uint64_t total) {
    constexpr std::uint64_t kStep = 1 << 24;
    while (idx.bytes.size() < total) {
      const std::size_t done = idx.bytes.size();
      idx.bytes.resize(done + std::min(kStep, total - done));
      const std::size_t got = fill(std::span(idx.bytes).subspan(done));
      if (done + got < idx.bytes.size()) {
        return refuse(fmt::format(
            "byte {}: the file ends, but its header promises {} bytes of data", offset_, total));
      }
    }
    std::array<std::uint8_t, 1> extra{};
    if (fill(extra) != 0) {
      return refuse(fmt::format("byte {}: data go on after the last element", offset_ - 1));
    }
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code != Z_OK && code != Z_STREAM_END) return refuse("is damaged at its end");
    return idx;
  }

  std::string path_;
  Diagnostics& problems_;
  GzipFile file_;
  bool refused_ = false;
  std::uint64_t offset_ = 0;
};

constexpr std::uint64_t kLabelsHeaderBytes = 8;

}  // namespace

Expected<ImageSet> read_idx_pair(const std::filesystem::path& images,
                                 const std::filesystem::path& labels, std::int64_t classes) {
  Diagnostics problems;
  std::optional<IdxFile> pixels = IdxReader(images, problems).read(kImagesMagic);
  std::optional<IdxFile> classes_of = IdxReader(labels, problems).read(kLabelsMagic);
  if (pixels && classes_of && pixels->sizes[0] != classes_of->sizes[0]) {
    problems.push_back({labels.string(),
                        fmt::format("has {} labels for the {} images of {}", classes_of->sizes[0],
                                    pixels->sizes[0], images.filename().string()),
                        ""});
  }
  if (classes_of) {
    const auto wrong = std::ranges::find_if(classes_of->bytes,
                                            [&](std::uint8_t label) { return label >= classes; });
    if (wrong != classes_of->bytes.end()) {
      const auto at = static_cast<std::uint64_t>(wrong - classes_of->bytes.begin());
      problems.push_back({labels.string(),
                          fmt::format("byte {}: label {} of image {} is not below {}",
                                      kLabelsHeaderBytes + at, *wrong, at, classes),
                          ""});
    }
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  ImageSet set;
  set.channels = 1;
  set.height = static_cast<std::int64_t>(pixels->sizes[1]);
  set.width = static_cast<std::int64_t>(pixels->sizes[2]);
  set.classes = classes;
  set.pixels = std::move(pixels->bytes);
  set.labels = std::move(classes_of->bytes);
  return set;
}

}  // namespace hwflow::train
