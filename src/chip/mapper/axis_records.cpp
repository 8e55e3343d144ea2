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

/// Words of all tiles of one element.
std::int64_t words_of_elements(Chain chain) {
  for (const int term : {0, 1}) {
    const std::int64_t bound = chain.bound[static_cast<std::size_t>(term)];
    if (bound > 1) chain.loops.push_back({term, false, false, 1, bound});
  }
  return count_cut(chain, {chain.temporal_loops(), false}, Side::enter).whole;
}

/// The values of one way to loop over an axis.
class AxisCount {
 public:
  /// `elements`: words of all tiles of one element.
  AxisCount(const AxisPlan& axis, const OperandPlan& operand, const AxisLoops& loops,
            std::int64_t elements)
      : elements_(elements),
        axis_(axis),
        operand_(operand),
        loops_(loops),
        side_(operand.role == Role::outputs ? Side::leave : Side::enter) {}

  /// The values that depend on the loops above `child` only.
  void run(LevelIndex child, bool first_tiles, std::int64_t* values) const {
    if ((operand_.limited & bit(child)) != 0)
      values[child] = largest_tile(chain({.child = child, .summed = ~Mask{0}}));
    for (std::size_t b = 0; b < operand_.boxes.size(); ++b)
      if (operand_.boxes[b].child == child)
        values[axis_.boxes_at + b] = different_boxes(operand_.boxes[b]);
    for (std::size_t c = 0; c < operand_.counts.size(); ++c) {
      if (operand_.counts[c].child != child) continue;
      const Chain counted = chain(operand_.counts[c]);
      std::int64_t* into = values + axis_.at(c);
      put_count(counted, into);
      if (first_tiles) into[AxisPlan::kFirst] = count_cut(counted, {0, false}, side_).whole;
      if (axis_.slides && operand_.counts[c].moves) put_kept(counted, into);
    }
  }

 private:
  void put_count(const Chain& chain, std::int64_t* values) const {
    const bool alone = std::all_of(chain.loops.begin(), chain.loops.end(),
                                   [](const auto& loop) { return !loop.spatial || loop.summed; });
    values[AxisPlan::kWhole] = alone && of_one_element(chain)
                                   ? elements_
                                   : count_cut(chain, {chain.temporal_loops(), false}, side_).whole;
    if (operand_.role == Role::outputs) values[AxisPlan::kDistinct] = count_distinct(chain);
  }

  /// Whatever the loops above, tiles of one element have the same words in all.
  [[nodiscard]] bool of_one_element(const Chain& chain) const {
    std::int64_t trips = 1;
    for (const ChainLoop& loop : chain.loops) trips *= loop.trips;
    return trips == chain.bound[0] * chain.bound[1];
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

  std::int64_t elements_;
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

AxisRecords::AxisRecords(const AxisPlan& axis, const OperandPlan& operand, std::size_t level_count,
                         bool first_tiles, std::size_t most)
    : axis_(axis),
      operand_(operand),
      first_tiles_(first_tiles),
      most_(std::min(most, kMostBytes / (axis.size * sizeof(std::int64_t)) + 1)),
      places_(kFewestPlaces),
      places_of_(level_count + 1),
      parts_(level_count + 1),
      elements_(words_of_elements(axis.chain)) {
  for (LevelIndex l = 0; l < level_count; ++l)
    if ((operand.limited & bit(l)) != 0) places_of_[l].push_back(l);
  for (std::size_t b = 0; b < operand.boxes.size(); ++b)
    places_of_[operand.boxes[b].child].push_back(axis.boxes_at + b);
  for (std::size_t c = 0; c < operand.counts.size(); ++c)
    for (std::size_t i = 0; i < axis.stride; ++i)
      places_of_[operand.counts[c].child].push_back(axis.at(c) + i);
}

void AxisRecords::clear() {
  count_ = 0;
  blocks_.clear();
  places_.assign(kFewestPlaces, {});
  for (auto& part : parts_) part.clear();
}

const std::int64_t* AxisRecords::find(const AxisLoops& loops) {
  const std::uint64_t key = loops.key();
  for (std::size_t at = place_of(key, places_.size()); places_[at].values != nullptr;
       at = (at + 1) & (places_.size() - 1)) {
    if (places_[at].key == key) return places_[at].values;
  }
  return add(loops, key);
}

std::size_t AxisRecords::PartHash::operator()(const PartKey& key) const {
  std::uint64_t sum = 0;
  for (const std::int32_t part : key) {
    sum = (sum ^ static_cast<std::uint32_t>(part)) * 0x9E3779B97F4A7C15;
    sum ^= sum >> 29;
  }
  return sum;
}

std::int64_t* AxisRecords::new_values() {
  if (count_ % kBlock == 0)
    blocks_.push_back(std::make_unique<std::int64_t[]>(kBlock * axis_.size));
  return blocks_.back().get() + axis_.size * (count_++ % kBlock);
}

/// The loops above a child.
AxisRecords::PartKey AxisRecords::part_key(const AxisLoops& loops, LevelIndex child) const {
  PartKey key{static_cast<std::int32_t>(loops.second_inside & below(child))};
  for (std::size_t i = 0; i < axis_.dim_count; ++i) {
    const auto* bounds = loops.loops[i]->loops.data();
    key.insert(key.end(), bounds, bounds + slot_of(child, SlotKind::temporal));
  }
  return key;
}

/// Takes the values of each child from loops that differ further in only, where there are any.
void AxisRecords::count(const AxisLoops& loops, std::int64_t* values) {
  for (LevelIndex child = 0; child < parts_.size(); ++child) {
    const std::vector<std::size_t>& places = places_of_[child];
    if (places.empty()) continue;
    const auto [found, is_new] = parts_[child].try_emplace(part_key(loops, child));
    if (is_new) {
      AxisCount(axis_, operand_, loops, elements_).run(child, first_tiles_, values);
      for (const std::size_t place : places) found->second.push_back(values[place]);
    } else {
      for (std::size_t i = 0; i < places.size(); ++i) values[places[i]] = found->second[i];
    }
  }
}

std::int64_t* AxisRecords::add(const AxisLoops& loops, std::uint64_t key) {
  std::int64_t* values = new_values();
  count(loops, values);
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
