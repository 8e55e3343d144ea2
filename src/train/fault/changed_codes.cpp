#include "train/fault/changed_codes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace hwflow::train::fault {
namespace {

/// Bit i: group first + i of the pixel differs. T: one code.
template <class T>
std::uint64_t differing_groups(const T* now, const T* golden, std::int64_t channels,
                               std::int64_t first) {
  std::uint64_t differ = 0;
  const std::int64_t groups = std::min<std::int64_t>(64, (channels + 3) / 4 - first);
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::int64_t c = 4 * (first + g);
    const auto bytes =
        static_cast<std::size_t>(std::min<std::int64_t>(4, channels - c)) * sizeof(T);
    if (std::memcmp(now + c, golden + c, bytes) != 0) differ |= std::uint64_t{1} << g;
  }
  return differ;
}

/// The same of whole groups of bytes.
std::uint64_t differing_words(const std::uint8_t* now, const std::uint8_t* golden,
                              std::int64_t groups) {
  std::uint64_t differ = 0;
  for (std::int64_t g = 0; g < groups; ++g) {
    std::uint32_t a = 0, b = 0;
    std::memcpy(&a, now + 4 * g, 4);
    std::memcpy(&b, golden + 4 * g, 4);
    differ |= static_cast<std::uint64_t>(a != b) << g;
  }
  return differ;
}

template <class T>
void copy_pixels(std::span<const std::int64_t> pixels, std::int64_t channels,
                 std::span<const T> from, std::span<T> to) {
  if (8 * std::ssize(pixels) * channels > std::ssize(from)) {
    std::ranges::copy(from, to.begin());
    return;
  }
  for (const std::int64_t pixel : pixels)
    std::copy_n(from.data() + pixel * channels, channels, to.data() + pixel * channels);
}

}  // namespace

void ChangedCodes::mark(std::int64_t pixel, std::size_t word, std::uint64_t groups) {
  if (groups == 0) return;
  const auto at = static_cast<std::size_t>(pixel * words_);
  const auto words = std::span(masks_).subspan(at, static_cast<std::size_t>(words_));
  if (std::ranges::all_of(words, [](std::uint64_t w) { return w == 0; })) pixels_.push_back(pixel);
  groups_ += std::popcount(groups & ~words[word]);
  words[word] |= groups;
}

void ChangedCodes::mark(std::int64_t pixel, std::int64_t group) {
  mark(pixel, static_cast<std::size_t>(group / 64), std::uint64_t{1} << (group % 64));
}

void ChangedCodes::compare(const integer::Workspace::Codes& now,
                           const integer::Workspace::Codes& golden, std::int64_t first,
                           std::int64_t count) {
  const bool whole = now.wide.empty() && channels_ % 4 == 0 && words_ == 1;
  for (std::int64_t pixel = first; pixel < first + count; ++pixel) {
    const std::int64_t at = pixel * channels_;
    if (whole) {
      mark(pixel, 0,
           differing_words(now.narrow.data() + at, golden.narrow.data() + at, channels_ / 4));
      continue;
    }
    for (std::int64_t w = 0; w < words_; ++w) {
      const std::uint64_t differ =
          now.wide.empty()
              ? differing_groups(now.narrow.data() + at, golden.narrow.data() + at, channels_,
                                 64 * w)
              : differing_groups(now.wide.data() + at, golden.wide.data() + at, channels_, 64 * w);
      mark(pixel, static_cast<std::size_t>(w), differ);
    }
  }
}

void ChangedCodes::restore(const integer::Workspace::Codes& now,
                           const integer::Workspace::Codes& golden) {
  if (now.wide.empty())
    copy_pixels<std::uint8_t>(pixels_, channels_, golden.narrow, now.narrow);
  else
    copy_pixels<std::int32_t>(pixels_, channels_, golden.wide, now.wide);
  for (const std::int64_t pixel : pixels_)
    std::fill_n(masks_.begin() + pixel * words_, words_, std::uint64_t{0});
  pixels_.clear();
  groups_ = 0;
}

}  // namespace hwflow::train::fault
