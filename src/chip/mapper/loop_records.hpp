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
  static constexpr std::size_t kMost = std::size_t{1} << 18;

  LoopRecords(std::int64_t size, std::size_t level_count);

  /// For find().
  [[nodiscard]] std::uint64_t hash(const DimLoops& loops) const {
    constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15;
    std::uint64_t even = 0, odd = kMix;
    std::size_t slot = 0;
    for (; slot + 1 < slot_count_; slot += 2) {
      even = even * 0xD6E8FEB86659FD93 + static_cast<std::uint32_t>(loops[slot]);
      odd = odd * 0xCA5A826395121157 + static_cast<std::uint32_t>(loops[slot + 1]);
    }
    if (slot < slot_count_)
      even = even * 0xD6E8FEB86659FD93 + static_cast<std::uint32_t>(loops[slot]);
    const std::uint64_t sum = (even ^ (odd << 1)) * kMix;
    return sum ^ (sum >> 29);
  }
  /// find() of this hash comes soon.
  void announce(std::uint64_t hash) const {
    __builtin_prefetch(&places_[hash & (places_.size() - 1)]);
  }
  /// Cost  a comparison; the first time, a few divisions.
  [[nodiscard]] const LoopRecord& find(const DimLoops& loops, std::uint64_t hash);
  /// Do two chains agree in the bounds that count?
  [[nodiscard]] bool equal(const DimLoops& a, const DimLoops& b) const {
    std::uint32_t apart = 0;
    for (std::size_t slot = 0; slot < slot_count_; ++slot)
      apart |= static_cast<std::uint32_t>(a[slot] ^ b[slot]);
    return apart == 0;
  }
  [[nodiscard]] bool full() const { return records_.size() >= kMost; }
  /// Forgets all records; those handed out are no longer there.
  void clear();

 private:
  const LoopRecord& add(const DimLoops& loops, std::uint64_t hash);
  void grow();

  struct Place {
    std::uint64_t hash = 0;
    const LoopRecord* record = nullptr;
  };
  std::int64_t size_;
  std::size_t level_count_, slot_count_;
  std::deque<LoopRecord> records_;
  std::vector<Place> places_;  ///< open addressing, at most half full
};

}  // namespace hwflow::chip
