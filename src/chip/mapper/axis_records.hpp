#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "chip/mapper/count_plan.hpp"
#include "chip/mapper/loop_records.hpp"

namespace hwflow::chip {

/// What tells the ways to loop over an axis apart: numbers of the loops of its dimensions, and a
/// bit for each level where the loop of the second stands inside that of the first.
struct AxisLoops {
  std::array<const LoopRecord*, 2> loops{};
  Mask second_inside = 0;
  [[nodiscard]] std::uint64_t key() const;
};

/// Counts of one axis under the loops that were met, as AxisPlan lays them out.
class AxisRecords {
 public:
  AxisRecords(const AxisPlan& axis, const OperandPlan& operand, std::size_t level_count,
              bool first_tiles, std::size_t most);

  /// Requires  even loops. The values stay where they are until clear().
  [[nodiscard]] const std::int64_t* find(const AxisLoops& loops);
  [[nodiscard]] bool full() const { return count_ >= most_; }
  void clear();

 private:
  std::int64_t* add(const AxisLoops& loops, std::uint64_t key);
  std::int64_t* new_values();
  void count(const AxisLoops& loops, std::int64_t* values);
  void grow();

  using PartKey = std::vector<std::int32_t>;
  struct PartHash {
    std::size_t operator()(const PartKey& key) const;
  };
  using Parts = std::unordered_map<PartKey, std::vector<std::int64_t>, PartHash>;
  [[nodiscard]] PartKey part_key(const AxisLoops& loops, LevelIndex child) const;

  struct Place {
    std::uint64_t key = 0;
    std::int64_t* values = nullptr;
  };
  AxisPlan axis_;
  OperandPlan operand_;
  bool first_tiles_;
  std::size_t most_, count_ = 0;
  std::vector<std::unique_ptr<std::int64_t[]>> blocks_;
  std::vector<Place> places_;                        ///< open addressing, at most half full
  std::vector<std::vector<std::size_t>> places_of_;  ///< by child: where its values are
  std::vector<Parts> parts_;                         ///< by child: values, by the loops above it
  std::int64_t elements_;                            ///< words of all tiles of one element
};

}  // namespace hwflow::chip
