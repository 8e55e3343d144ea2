#include "chip/mapper/axis_records.hpp"

#include <algorithm>
#include <bit>

namespace hwflow::chip {
namespace {

constexpr std::size_t kFewestPlaces = 1024, kBlock = 256;
constexpr std::size_t kMostBytes = std::size_t{1} << 26;

std::size_t place_of(std::uint64_t key, std::size_t places) {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15;
  return ((key * kMix) >> 24) & (places - 1);
}

/// The values of one way to loop over an axis.
class AxisCount {
 public:
  AxisCount(const AxisPlan& axis, const OperandPlan& operand, const AxisLoops& loops)
      : axis_(axis),
        operand_(operand),
        loops_(loops),
        side_(operand.role == Role::outputs ? Side::leave : Side::enter) {}

  void run(bool first_tiles, std::int64_t* values) const {
    for (Mask rest = operand_.limited; rest != 0; rest &= rest - 1) {
      const auto level = static_cast<LevelIndex>(std::countr_zero(rest));
      values[level] = largest_tile(chain({.child = level, .summed = ~Mask{0}}));
    }
    for (std::size_t b = 0; b < operand_.boxes.size(); ++b)
      values[axis_.boxes_at + b] = different_boxes(operand_.boxes[b]);
    for (std::size_t c = 0; c < operand_.counts.size(); ++c) {
      const Chain counted = chain(operand_.counts[c]);
      std::int64_t* into = values + axis_.at(c);
      put_count(counted, into);
      if (first_tiles) into[AxisPlan::kFirst] = count_cut(counted, {0, false}, side_).whole;
      if (axis_.slides && operand_.counts[c].moves) put_kept(counted, into);
    }
  }

 private:
  void put_count(const Chain& chain, std::int64_t* values) const {
    values[AxisPlan::kWhole] = count_cut(chain, {chain.temporal_loops(), false}, side_).whole;
    if (operand_.role == Role::outputs) values[AxisPlan::kDistinct] = count_distinct(chain);
  }

  void put_kept(const Chain& chain, std::int64_t* values) const {
    const int loops = chain.temporal_loops();
    std::int64_t* still = values + AxisPlan::kStill;
    std::int64_t* steps = values + axis_.steps_at();
    still[0] = values[AxisPlan::kWhole];
    for (int turned = 0; turned < loops; ++turned) {
      steps[turned] = count_cut(chain, {loops - turned - 1, true}, side_).kept;
      still[turned + 1] = count_cut(chain, {loops - turned - 1, false}, side_).kept;
    }
  }

  [[nodiscard]] Chain chain(const WordCount& count) const {
    Chain made = axis_.chain;
    made.forwarding = count.forwarding;
    for (LevelIndex l = 0; l < count.child; ++l) {
      const bool swapped = (loops_.second_inside & bit(l)) == 0;
      for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
        add_temporal(made, swapped ? 1 - i : i, l);
      const bool summed = (count.summed & bit(l)) != 0;
      for (std::size_t i = 0; i < axis_.dim_count; ++i) add_spatial(made, i, l, summed);
    }
    return made;
  }

  void add_temporal(Chain& made, std::size_t i, LevelIndex l) const {
    if (i >= axis_.dim_count) return;
    const LoopRecord::Level& level = loops_.loops[i]->levels[l];
    if (level.temporal > 1)
      made.loops.push_back(
          {axis_.terms[i], false, false, loops_.loops[i]->inner(l), level.temporal});
  }

  /// Rows, then columns.
  void add_spatial(Chain& made, std::size_t i, LevelIndex l, bool summed) const {
    const LoopRecord& record = *loops_.loops[i];
    std::int64_t tile = record.inner(l);
    for (const SlotKind kind : {SlotKind::y, SlotKind::x}) {
      const std::int64_t trips = record.loops[slot_of(l, kind)];
      if (trips == 1) continue;
      tile /= trips;
      made.loops.push_back({axis_.terms[i], true, summed, tile, trips});
    }
  }

  /// Places along the axis where the boxes of the instances of one parent lie.
  [[nodiscard]] std::int64_t different_boxes(const Boundary& boundary) const {
    std::vector<std::int64_t> places{0};
    for (std::size_t i = 0; i < axis_.dim_count; ++i) {
      const std::int64_t pace = axis_.chain.coefficient[static_cast<std::size_t>(axis_.terms[i])];
      for (LevelIndex l = boundary.parent; l < boundary.child; ++l) {
        const LoopRecord::Level& below = loops_.loops[i]->levels[l + 1];
        const std::int64_t trips = loops_.loops[i]->levels[l].spatial;
        const std::size_t before = places.size();
        for (std::int64_t v = 1; v < trips; ++v)
          for (std::size_t p = 0; p < before; ++p)
            places.push_back(places[p] + v * pace * below.tile);
      }
    }
    std::sort(places.begin(), places.end());
    return std::unique(places.begin(), places.end()) - places.begin();
  }

  const AxisPlan& axis_;
  const OperandPlan& operand_;
  const AxisLoops& loops_;
  Side side_;
};

}  // namespace

std::uint64_t AxisLoops::key() const {
  static_assert(kMaxMapperLevels <= 12);  // numbers of records stay below 2^26
  const std::uint64_t second = loops[1] == nullptr ? 0 : loops[1]->id;
  return loops[0]->id | second << 26 | std::uint64_t{second_inside} << 52;
}

AxisRecords::AxisRecords(const AxisPlan& axis, const OperandPlan& operand, bool first_tiles,
                         std::size_t most)
    : axis_(axis),
      operand_(operand),
      first_tiles_(first_tiles),
      most_(std::min(most, kMostBytes / (axis.size * sizeof(std::int64_t)) + 1)),
      places_(kFewestPlaces) {}

void AxisRecords::clear() {
  count_ = 0;
  blocks_.clear();
  places_.assign(kFewestPlaces, {});
}

const std::int64_t* AxisRecords::find(const AxisLoops& loops) {
  const std::uint64_t key = loops.key();
  for (std::size_t at = place_of(key, places_.size()); places_[at].values != nullptr;
       at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].key == key) return places_[at].values;
  }
  return add(loops, key);
}

std::int64_t* AxisRecords::new_values() {
  if (count_ % kBlock == 0)
    blocks_.push_back(std::make_unique<std::int64_t[]>(kBlock * axis_.size));
  return blocks_.back().get() + axis_.size * (count_++ % kBlock);
}

std::int64_t* AxisRecords::add(const AxisLoops& loops, std::uint64_t key) {
  std::int64_t* values = new_values();
  AxisCount(axis_, operand_, loops).run(first_tiles_, values);
  if (2 * count_ > places_.size()) grow();
  std::size_t at = place_of(key, places_.size());
  while (places_[at].values != nullptr) at = (at + 1) & (places_.size() - 1);
  places_[at] = {key, values};
  return values;
}

void AxisRecords::grow() {
  std::vector<Place> old(2 * places_.size());
  old.swap(places_);
  for (const Place& place : old) {
    if (place.values == nullptr) continue;
    std::size_t at = place_of(place.key, places_.size());
    while (places_[at].values != nullptr) at = (at + 1) & (places_.size() - 1);
    places_[at] = place;
  }
}

}  // namespace hwflow::chip
