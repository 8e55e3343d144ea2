#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "chip/mapper/map_space.hpp"

namespace hwflow::chip {

/// One way to cut a dimension into loops, with what counting needs of it. Products and tiles mean
/// something only when the loops are `even`. Laid out so that few lines of cache are touched.
struct alignas(64) LoopRecord {
  /// Seen from a level: the loops at it, and what stands above it.
  struct Level {
    std::int32_t temporal = 1;  ///< trips of the temporal loop of this level
    std::int32_t spatial = 1;   ///< trips over the mesh below this level
    std::int32_t above = 1;     ///< product of the temporal trips of outer levels
    std::int32_t tile = 1;      ///< elements below all loops of outer levels
  };
  bool even = false;          ///< bounds multiply to the size
  std::uint16_t turning = 0;  ///< levels with a temporal loop, one bit each
  std::uint16_t fanned = 0;   ///< levels with a spatial loop
  std::uint32_t id = 0;       ///< differs from that of all other records of its table
  std::array<Level, kMaxMapperLevels + 1> levels;  ///< the last one: the compute units
  DimLoops loops = kNoLoops;

  /// Elements below the temporal loop of a level.
  [[nodiscard]] std::int64_t inner(LevelIndex level) const {
    return std::int64_t{levels[level].spatial} * levels[level + 1].tile;
  }
};

/// The loops of one dimension that were met, each with its record; found by comparing all bounds.
class LoopRecords {
 public:
  LoopRecords(std::int64_t size, std::size_t level_count, std::size_t most);

  /// For find().
  [[nodiscard]] std::uint64_t hash(const DimLoops& loops) const {
    std::uint64_t sum = 0;
    for (std::size_t slot = 0; slot < slot_count_; ++slot)
      sum += static_cast<std::uint32_t>(loops[slot]) * kFactors[slot];
    return sum ^ (sum >> 32);
  }
  /// find() of this hash comes soon: fetches where it will look, then (asked again) what it will
  /// find there.
  void announce(std::uint64_t hash) const {
    __builtin_prefetch(&places_[hash & (places_.size() - 1)]);
  }
  void announce_record(std::uint64_t hash) const {
    constexpr std::size_t kLine = 64;
    const LoopRecord* record = places_[hash & (places_.size() - 1)].record;
    if (record == nullptr) return;
    const auto* at = reinterpret_cast<const char*>(record);
    for (std::size_t line = 0; line < sizeof(LoopRecord); line += kLine)
      __builtin_prefetch(at + line);
  }
  /// Cost  a comparison; the first time, a few divisions.
  [[nodiscard]] const LoopRecord& find(const DimLoops& loops, std::uint64_t hash);
  /// Are all bounds of two chains equal, those that do not count included?
  [[nodiscard]] static bool identical(const DimLoops& a, const DimLoops& b) {
    std::uint32_t apart = 0;
    for (std::size_t slot = 0; slot < kMaxSlots; ++slot)
      apart |= static_cast<std::uint32_t>(a[slot] ^ b[slot]);
    return apart == 0;
  }
  [[nodiscard]] bool full() const { return count_ >= most_; }
  /// Forgets all records; those handed out are no longer there.
  void clear();

 private:
  [[nodiscard]] bool equal(const DimLoops& a, const DimLoops& b) const;
  const LoopRecord& add(const DimLoops& loops, std::uint64_t hash);
  void grow();

  /// Odd numbers without a pattern.
  static constexpr std::array<std::uint64_t, kMaxSlots> kFactors = [] {
    std::array<std::uint64_t, kMaxSlots> factors{};
    std::uint64_t state = 0x9E3779B97F4A7C15;
    for (std::uint64_t& factor : factors) {
      state = state * 6364136223846793005 + 1442695040888963407;
      factor = (state ^ (state >> 29)) | 1;
    }
    return factors;
  }();

  struct Place {
    std::uint64_t hash = 0;
    const LoopRecord* record = nullptr;
  };
  std::int64_t size_;
  std::size_t level_count_, slot_count_, most_, count_ = 0;
  std::deque<LoopRecord> records_;
  std::vector<Place> places_;  ///< open addressing, at most half full
};

}  // namespace hwflow::chip
