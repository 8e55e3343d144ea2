#include "chip/mapper/loop_records.hpp"

#include <cstring>

namespace hwflow::chip {
namespace {

constexpr std::size_t kFewestPlaces = 1024;

/// Trips of one level put on top of those of all outer ones.
void put_level(LoopRecord& made, LevelIndex level, std::int64_t& tile) {
  const auto bound = [&](SlotKind kind) { return made.loops[slot_of(level, kind)]; };
  LoopRecord::Level& here = made.levels[level];
  LoopRecord::Level& below = made.levels[level + 1];
  here.temporal = bound(SlotKind::temporal);
  here.spatial = bound(SlotKind::y) * bound(SlotKind::x);
  tile /= here.temporal;
  tile /= here.spatial;
  below.tile = static_cast<std::int32_t>(tile);
  below.above = here.above * here.temporal;
  if (here.temporal > 1) made.turning |= static_cast<std::uint16_t>(1U << level);
  if (here.spatial > 1) made.fanned |= static_cast<std::uint16_t>(1U << level);
}

}  // namespace

LoopRecords::LoopRecords(std::int64_t size, std::size_t level_count, std::size_t most)
    : size_(size),
      level_count_(level_count),
      slot_count_(3 * level_count),
      most_(most),
      places_(kFewestPlaces) {}

void LoopRecords::clear() {
  records_.clear();
  count_ = 0;
  places_.assign(kFewestPlaces, {});
}

/// In the bounds that count.
bool LoopRecords::equal(const DimLoops& a, const DimLoops& b) const {
  return std::memcmp(a.data(), b.data(), slot_count_ * sizeof(a[0])) == 0;
}

const LoopRecord& LoopRecords::find(const DimLoops& loops, std::uint64_t hash) {
  for (std::size_t at = hash & (places_.size() - 1); places_[at].record != nullptr;
       at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].hash == hash && equal(places_[at].record->loops, loops))
      return *places_[at].record;
  }
  return add(loops, hash);
}

const LoopRecord& LoopRecords::add(const DimLoops& loops, std::uint64_t hash) {
  LoopRecord& made = records_.emplace_back();
  made.id = static_cast<std::uint32_t>(count_++);
  std::memcpy(made.loops.data(), loops.data(), slot_count_ * sizeof(loops[0]));
  std::int64_t left = size_;
  made.even = true;
  for (std::size_t slot = 0; slot < slot_count_ && made.even; ++slot) {
    made.even = loops[slot] >= 1 && left % loops[slot] == 0;
    if (made.even) left /= loops[slot];
  }
  made.even = made.even && left == 1;
  std::int64_t tile = size_;
  made.levels[0].tile = static_cast<std::int32_t>(tile);
  for (LevelIndex level = 0; made.even && level < level_count_; ++level)
    put_level(made, level, tile);
  if (2 * count_ > places_.size()) grow();
  std::size_t at = hash & (places_.size() - 1);
  while (places_[at].record != nullptr) at = (at + 1) & (places_.size() - 1);
  places_[at] = {hash, &made};
  return made;
}

void LoopRecords::grow() {
  std::vector<Place> old(2 * places_.size());
  old.swap(places_);
  for (const Place& place : old) {
    if (place.record == nullptr) continue;
    std::size_t at = place.hash & (places_.size() - 1);
    while (places_[at].record != nullptr) at = (at + 1) & (places_.size() - 1);
    places_[at] = place;
  }
}

}  // namespace hwflow::chip
