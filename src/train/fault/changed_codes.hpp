#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/quant/integer_plan.hpp"

namespace hwflow::train::fault {

/// Where the codes of a slot may differ from the fault-free ones: pixels, and of each the groups of
/// four channels.
class ChangedCodes {
 public:
  explicit ChangedCodes(const FeatureShape& shape)
      : channels_(shape.channels),
        words_((round_up(shape.channels, kInputGroup) / kInputGroup + 63) / 64),
        masks_(static_cast<std::size_t>(shape.height * shape.width * words_)) {}

  [[nodiscard]] bool any() const { return !pixels_.empty(); }
  /// In no order, each once.
  [[nodiscard]] std::span<const std::int64_t> pixels() const { return pixels_; }
  /// Changed groups of all pixels together.
  [[nodiscard]] std::int64_t groups() const { return groups_; }
  /// Bit g % 64 of word g / 64: group g.
  [[nodiscard]] std::span<const std::uint64_t> mask(std::int64_t pixel) const {
    return std::span(masks_).subspan(static_cast<std::size_t>(pixel * words_),
                                     static_cast<std::size_t>(words_));
  }
  template <class Visit>
  void for_each_group(std::int64_t pixel, const Visit& visit) const {
    const std::span<const std::uint64_t> words = mask(pixel);
    for (std::size_t w = 0; w < words.size(); ++w)
      for (std::uint64_t left = words[w]; left != 0; left &= left - 1)
        visit(static_cast<std::int64_t>(w) * 64 + __builtin_ctzll(left));
  }

  void mark(std::int64_t pixel, std::int64_t group);
  /// Marks what differs in `count` pixels from pixel `first` on. `now`, `golden`: of the slot.
  void compare(const integer::Workspace::Codes& now, const integer::Workspace::Codes& golden,
               std::int64_t first, std::int64_t count);
  /// Forgets the changes and writes the fault-free codes over them.
  void restore(const integer::Workspace::Codes& now, const integer::Workspace::Codes& golden);

 private:
  void mark(std::int64_t pixel, std::size_t word, std::uint64_t groups);

  std::int64_t channels_, words_;
  std::int64_t groups_ = 0;
  std::vector<std::uint64_t> masks_;
  std::vector<std::int64_t> pixels_;
};

}  // namespace hwflow::train::fault
