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
  explicit ChangedCodes(const FeatureShape& shape);

  [[nodiscard]] bool any() const { return !pixels_.empty(); }
  /// In no order, each once.
  [[nodiscard]] std::span<const std::int64_t> pixels() const { return pixels_; }
  template <class Visit>
  void for_each_group(std::int64_t pixel, const Visit& visit) const {
    for (std::int64_t w = 0; w < words_; ++w)
      for (std::uint64_t left = masks_[static_cast<std::size_t>(pixel * words_ + w)]; left != 0;
           left &= left - 1)
        visit(w * 64 + __builtin_ctzll(left));
  }

  /// Bit g % 64 of word g / 64: group g differs.
  void mark(std::int64_t pixel, std::span<const std::uint64_t> groups);
  void mark_group(std::int64_t pixel, std::int64_t group);
  /// Marks what differs in `count` pixels from pixel `first` on. `now`, `golden`: of the slot.
  void compare(const integer::Workspace::Codes& now, const integer::Workspace::Codes& golden,
               std::int64_t first, std::int64_t count);
  /// Forgets the changes and writes the fault-free codes over them.
  void restore(const integer::Workspace::Codes& now, const integer::Workspace::Codes& golden);

  /// Words that hold the groups of a pixel.
  [[nodiscard]] std::int64_t words() const { return words_; }
  /// Groups of all pixels, changed or not.
  [[nodiscard]] std::int64_t all_groups() const { return all_groups_; }

 private:
  std::int64_t channels_, words_, all_groups_;
  std::vector<std::uint64_t> masks_;
  std::vector<std::int64_t> pixels_;
};

/// The changed groups of a slot of bytes in the order of its pixels, as kernels read them.
class ChangedGroups {
 public:
  /// False: there are more than `most`; nothing is listed.
  bool list(const ChangedCodes& changed, const FeatureShape& shape,
            std::span<const std::uint8_t> now, std::span<const std::uint8_t> golden,
            std::int64_t most);
  [[nodiscard]] ChangedMap map() const { return {groups_.data(), first_.data()}; }

 private:
  std::vector<std::int32_t> first_;
  std::vector<ChangedGroup> groups_;
  std::vector<std::int64_t> pixels_;
};

}  // namespace hwflow::train::fault
