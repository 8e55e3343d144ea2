#include "train/fault/changed_codes.hpp"

#include <algorithm>
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

ChangedCodes::ChangedCodes(const FeatureShape& shape)
    : channels_(shape.channels),
      words_((shape.channels + 255) / 256),
      all_groups_(shape.height * shape.width *
                  (round_up(shape.channels, kInputGroup) / kInputGroup)),
      masks_(static_cast<std::size_t>(shape.height * shape.width * words_)) {
  pixels_.reserve(static_cast<std::size_t>(shape.height * shape.width));
}

void ChangedCodes::mark(std::int64_t pixel, std::span<const std::uint64_t> groups) {
  std::uint64_t before = 0, added = 0;
  std::uint64_t* words = masks_.data() + pixel * words_;
  for (std::int64_t w = 0; w < words_; ++w) {
    before |= words[w];
    added |= groups[static_cast<std::size_t>(w)];
    words[w] |= groups[static_cast<std::size_t>(w)];
  }
  if (before == 0 && added != 0) pixels_.push_back(pixel);
}

void ChangedCodes::mark_group(std::int64_t pixel, std::int64_t group) {
  std::uint64_t* words = masks_.data() + pixel * words_;
  if (std::all_of(words, words + words_, [](std::uint64_t w) { return w == 0; }))
    pixels_.push_back(pixel);
  words[group / 64] |= std::uint64_t{1} << (group % 64);
}

void ChangedCodes::compare(const integer::Workspace::Codes& now,
                           const integer::Workspace::Codes& golden, std::int64_t first,
                           std::int64_t count) {
  const bool whole = now.wide.empty() && channels_ % 4 == 0 && words_ == 1;
  std::vector<std::uint64_t> differ(static_cast<std::size_t>(words_));
  for (std::int64_t pixel = first; pixel < first + count; ++pixel) {
    const std::int64_t at = pixel * channels_;
    if (whole)
      differ[0] = differing_words(now.narrow.data() + at, golden.narrow.data() + at, channels_ / 4);
    for (std::int64_t w = 0; !whole && w < words_; ++w)
      differ[static_cast<std::size_t>(w)] =
          now.wide.empty()
              ? differing_groups(now.narrow.data() + at, golden.narrow.data() + at, channels_,
                                 64 * w)
              : differing_groups(now.wide.data() + at, golden.wide.data() + at, channels_, 64 * w);
    mark(pixel, differ);
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
}

bool ChangedGroups::list(const ChangedCodes& changed, const FeatureShape& shape,
                         std::span<const std::uint8_t> now, std::span<const std::uint8_t> golden,
                         std::int64_t most) {
  // Each changed pixel has a group at least.
  if (std::ssize(changed.pixels()) > most) return false;
  pixels_.assign(changed.pixels().begin(), changed.pixels().end());
  std::ranges::sort(pixels_);
  first_.resize(static_cast<std::size_t>(shape.height * shape.width + 1));
  groups_.clear();
  std::size_t pixel = 0;
  for (const std::int64_t next : pixels_) {
    while (pixel <= static_cast<std::size_t>(next))
      first_[pixel++] = static_cast<std::int32_t>(groups_.size());
    changed.for_each_group(next, [&](std::int64_t group) {
      ChangedGroup entry{static_cast<std::int32_t>(next % shape.width),
                         static_cast<std::int32_t>(group), 0, 0};
      const std::int64_t at = next * shape.channels + group * kInputGroup;
      const auto bytes =
          static_cast<std::size_t>(std::min(kInputGroup, shape.channels - group * kInputGroup));
      std::memcpy(&entry.now, now.data() + at, bytes);
      std::memcpy(&entry.before, golden.data() + at, bytes);
      groups_.push_back(entry);
    });
    if (std::ssize(groups_) > most) return false;
  }
  while (pixel < first_.size()) first_[pixel++] = static_cast<std::int32_t>(groups_.size());
  return true;
}

}  // namespace hwflow::train::fault
