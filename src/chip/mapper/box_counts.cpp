#include "chip/mapper/box_counts.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <numeric>

namespace hwflow::chip {
namespace {

/// Sums of a few steps stay below the radix, and their differences above its negative.
constexpr std::int64_t kSteps = 16;
constexpr double kMostShift = 4e18;
constexpr std::size_t kMostServed = std::size_t{1} << 16;

}  // namespace

std::size_t BoxCounts::SpreadHash::operator()(const SpreadKey& key) const {
  std::uint64_t sum = key.size();
  for (const std::int64_t part : key) {
    sum = (sum ^ static_cast<std::uint64_t>(part)) * 0x9E3779B97F4A7C15;
    sum ^= sum >> 29;
  }
  return sum;
}

BoxCounts::BoxCounts(const Layer& layer, const Accelerator& accelerator, const CountPlan& plan,
                     const BoundaryPlan& boundary)
    : place_(boundary.place),
      gaps_(accelerator.fields().counting.fetch_stride_gaps),
      keeps_overlap_(accelerator.fields().counting.halo_reuse),
      to_units_(boundary.to_units),
      different_at_(accelerator.levels().size() + boundary.number) {
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l) {
    const Fanout& fanout = accelerator.levels()[l].fanout;
    if (fanout.multicast) multicast_ |= bit(l);
    if (fanout.forwarding) forwarding_ |= bit(l);
  }
  const OperandPlan& operand = plan.operands[boundary.operand];
  double unit = 1.0;
  for (const Rank& rank : layer.op.operands()[boundary.operand].ranks) {
    Axis axis;
    axis.unit = static_cast<std::int64_t>(unit);
    std::int64_t reach = 1;
    for (const AffineTerm& term : rank.terms) {
      if (layer.op.bound(term.dim) == 1) continue;
      axis.dims[axis.turning] = term.dim;
      axis.coefficients[axis.turning++] = term.coefficient;
      reach += term.coefficient * layer.op.bound(term.dim);
      pace_[index(term.dim)] = axis.unit * term.coefficient;
      axis_of_[index(term.dim)] = static_cast<std::uint8_t>(axes_.size());
    }
    if (axis.turning == 2) axis.table = operand.axis_of[index(axis.dims[0])];
    unit *= static_cast<double>(kSteps * reach);
    axes_.push_back(axis);
    if (unit > kMostShift) covered_ = false;
    if (!covered_) return;
  }
}

void BoxCounts::measure_box(const LoopState& state) {
  whole_words_ = 1;
  for (std::size_t a = 0; a < axes_.size(); ++a) {
    const Axis& axis = axes_[a];
    std::int64_t length = 1;
    for (std::size_t t = 0; t < axis.turning; ++t)
      length += axis.coefficients[t] * (state.at(axis.dims[t], place_.child).tile - 1);
    lengths_[a] = length;
    whole_words_ *= gaps_ ? length : used_along(axis, state);
  }
}

/// Pairs of indices, less those that meet.
std::int64_t BoxCounts::used_along(const Axis& axis, const LoopState& state) const {
  if (axis.turning == 0) return 1;
  const std::int64_t a = state.at(axis.dims[0], place_.child).tile;
  if (axis.turning == 1) return a;
  const std::int64_t b = state.at(axis.dims[1], place_.child).tile;
  const std::int64_t shared = std::gcd(axis.coefficients[0], axis.coefficients[1]);
  const std::int64_t meet_a = a - axis.coefficients[1] / shared;
  const std::int64_t meet_b = b - axis.coefficients[0] / shared;
  return a * b - std::max<std::int64_t>(meet_a, 0) * std::max<std::int64_t>(meet_b, 0);
}

BoxCounts::Entry BoxCounts::entry_of(std::int64_t shift, const Turn& slide,
                                     std::size_t axis) const {
  if (shift == 0) return Entry::none;
  const bool slides = keeps_overlap_ && shift == slide.shift;
  return slides && slide.shift < lengths_[axis] * axes_[axis].unit ? Entry::slide : Entry::whole;
}

/// The temporal loops above the child, innermost first.
void BoxCounts::put_turns(const LoopState& state) {
  turn_count_ = 0;
  Turn slide;  // of the innermost loop that moves the box
  std::size_t axis = 0;
  std::int64_t inside = 0;
  state.for_each_above(place_.child, [&](Dim dim, LevelIndex level) {
    const LoopRecord& loops = *state.loops[index(dim)];
    const std::int64_t step = pace_[index(dim)] * loops.inner(level);
    if (slide.shift == 0 && step != 0) {
      slide.shift = step;
      axis = axis_of_[index(dim)];
      slide_words_ = step / axes_[axis].unit;
      for (std::size_t a = 0; a < axes_.size(); ++a)
        if (a != axis) slide_words_ *= lengths_[a];
    }
    const std::int64_t shift = step - inside;
    turns_[turn_count_++] = {shift, loops.levels[level].temporal, entry_of(shift, slide, axis)};
    inside += step;
    return true;
  });
}

void BoxCounts::put_mesh(const LoopState& state, const std::int64_t* const* tables) {
  mesh_ = {};
  mesh_.level = place_.parent;
  for (Mask rest = state.fanned & below(place_.child); rest != 0; rest &= rest - 1) {
    const auto level = static_cast<LevelIndex>(std::countr_zero(rest));
    if (level < place_.parent) {
      mesh_.parents *= state.spatial[level];
      continue;
    }
    mesh_.level = level;
    mesh_.units *= state.spatial[level];
    for (const Axis& axis : axes_)
      if (axis.turning == 1) mesh_.different *= state.at(axis.dims[0], level).spatial;
  }
  if (mesh_.units == 1) return;
  for (const Axis& axis : axes_)
    if (axis.table >= 0) mesh_.different *= tables[axis.table][different_at_];
}

/// The loops over the instances of one parent, those over columns first.
void BoxCounts::put_spreads(const LoopState& state) {
  mesh_.loops = mesh_.column_loops = 0;
  bool columns = true;
  for (LevelIndex level = place_.child; level-- > place_.parent;) {
    if ((state.fanned & bit(level)) == 0) continue;
    put_spread(state, level, SlotKind::x);
    if (columns) mesh_.column_loops = mesh_.loops;
    put_spread(state, level, SlotKind::y);
    columns = columns && mesh_.column_loops == mesh_.loops;
  }
  mesh_.columns = 1;
  for (std::size_t i = 0; i < mesh_.column_loops; ++i) mesh_.columns *= spreads_[i].trips;
  put_distances();
}

void BoxCounts::put_spread(const LoopState& state, LevelIndex level, SlotKind kind) {
  const bool is_column = kind == SlotKind::x;
  const auto put = [&](std::size_t d) {
    const LoopRecord& record = *state.loops[d];
    std::int64_t tile = record.levels[level + 1].tile;
    if (!is_column) tile *= record.loops[slot_of(level, SlotKind::x)];
    spreads_[mesh_.loops++] = {record.loops[slot_of(level, kind)], pace_[d] * tile};
  };
  const std::size_t first = index(state.adjacent[is_column ? 0 : 1]);
  Mask rest = (is_column ? state.columns : state.mesh_rows)[level];
  if ((rest & bit(first)) != 0) put(first);
  for (rest &= ~bit(first); rest != 0; rest &= rest - 1)
    put(static_cast<std::size_t>(std::countr_zero(rest)));
}

/// How far apart the boxes of neighbours lie: from one column (row) to the next one loop steps, and
/// those inside it return to their start.
void BoxCounts::put_distances() {
  std::int64_t inside = 0;
  farthest_ = 0;
  for (std::size_t i = 0; i < mesh_.loops; ++i) {
    if (i == mesh_.column_loops) inside = 0;
    const Spread& spread = spreads_[i];
    distances_[i] = std::abs(spread.step - inside);
    farthest_ = std::max(farthest_, distances_[i]);
    inside += (spread.trips - 1) * spread.step;
  }
}

/// Do the boxes of two neighbours anywhere on the mesh lie so far apart?
bool BoxCounts::may_serve(std::int64_t away) const {
  bool found = false;
  const std::int64_t distance = std::abs(away);
  for (std::size_t i = 0; i < mesh_.loops; ++i) found |= distances_[i] == distance;
  return found;
}

const BoxCounts::Served& BoxCounts::served(std::int64_t away) {
  key_.clear();
  key_.push_back(away);
  key_.push_back(mesh_.columns);
  for (std::size_t i = 0; i < mesh_.loops; ++i) {
    key_.push_back(spreads_[i].trips);
    key_.push_back(spreads_[i].step);
  }
  const auto found = served_.find(key_);
  if (found != served_.end()) return found->second;
  if (served_.size() >= kMostServed) served_.clear();
  return served_.emplace(key_, count_served(away)).first->second;
}

/// Looks at every instance.
BoxCounts::Served BoxCounts::count_served(std::int64_t away) const {
  std::vector<std::int64_t> offsets{0};
  for (std::size_t i = 0; i < mesh_.loops; ++i) {
    const std::size_t before = offsets.size();
    for (std::int64_t v = 1; v < spreads_[i].trips; ++v)
      for (std::size_t u = 0; u < before; ++u) offsets.push_back(offsets[u] + v * spreads_[i].step);
  }
  const auto count = static_cast<std::int64_t>(offsets.size());
  std::vector<std::int64_t> left;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t own = offsets[static_cast<std::size_t>(i)];
    const auto has = [&](std::int64_t neighbour) {
      return neighbour >= 0 && neighbour < count &&
             offsets[static_cast<std::size_t>(neighbour)] == own + away;
    };
    const std::int64_t column = i % mesh_.columns;
    const bool is_served = has(i - mesh_.columns) || has(i + mesh_.columns) ||
                           (column > 0 && has(i - 1)) || (column + 1 < mesh_.columns && has(i + 1));
    if (!is_served) left.push_back(own);
  }
  const std::int64_t units = count - static_cast<std::int64_t>(left.size());
  std::sort(left.begin(), left.end());
  return {std::unique(left.begin(), left.end()) - left.begin(), units};
}

std::int64_t BoxCounts::words_of(Entry entry) const {
  if (entry == Entry::none) return 0;
  return entry == Entry::slide ? slide_words_ : whole_words_;
}

void BoxCounts::add(Entry entry, std::int64_t visits) {
  const std::int64_t words = words_of(entry) * visits;
  received_ += words;
  reads_ += words * copies_;
}

/// Can it cost less than what it does alone?
bool BoxCounts::may_be_beside(const Turn& turn) const {
  return copies_ != mesh_.different || std::abs(turn.shift) <= farthest_;
}

/// Visits whose words entered in the same shape the visit before: neighbours may hand them on.
void BoxCounts::add_beside(const Turn& turn, std::int64_t visits) {
  const std::int64_t words = words_of(turn.entry) * visits;
  const Served handed = may_serve(turn.shift) ? served(turn.shift) : Served{mesh_.different, 0};
  if (handed.left >= copies_) return add(turn.entry, visits);
  received_ += words;
  reads_ += words * handed.left;
  forwarded_ += words * handed.units;
}

/// Before a step of an outer loop the innermost one stepped; before a step of the innermost one,
/// whichever set it to 0.
void BoxCounts::add_turns() {
  const bool hands_on = (forwarding_ & bit(mesh_.level)) != 0 && mesh_.units > 1;
  const Turn& last = turns_[0];
  std::int64_t outside = 1, beside = 0;
  for (std::size_t j = turn_count_; --j > 0;) {
    const Turn& turn = turns_[j];
    const std::int64_t visits = (turn.trips - 1) * outside;
    outside *= turn.trips;
    if (turn.entry == Entry::none) continue;
    if (hands_on && turn.entry == last.entry) beside += visits;
    if (hands_on && turn.entry == last.entry && may_be_beside(turn)) {
      add_beside(turn, visits);
    } else {
      add(turn.entry, visits);
    }
  }
  if (last.entry == Entry::none) return;
  if (last.entry == Entry::whole) beside += 1;  // after the first visit
  if (!hands_on || !may_be_beside(last)) beside = 0;
  if (beside > 0) add_beside(last, (last.trips - 1) * beside);
  add(last.entry, (last.trips - 1) * (outside - beside));
}

BoundaryTraffic BoxCounts::count(const LoopState& state, const std::int64_t* const* tables) {
  measure_box(state);
  put_turns(state);
  put_mesh(state, tables);
  if (mesh_.units > 1 && (forwarding_ & bit(mesh_.level)) != 0) put_spreads(state);
  copies_ = (multicast_ & bit(mesh_.level)) != 0 ? mesh_.different : mesh_.units;
  received_ = reads_ = forwarded_ = 0;
  add(Entry::whole, 1);
  BoundaryTraffic traffic;
  traffic.first_reads = reads_ * mesh_.parents;
  if (!to_units_) traffic.first_fills = received_ * mesh_.units * mesh_.parents;
  if (turn_count_ > 0) add_turns();
  traffic.reads = reads_ * mesh_.parents;
  if (!to_units_) traffic.fills = received_ * mesh_.units * mesh_.parents;
  // Timeloop rounds to whole words per instance.
  traffic.forwarded =
      (2 * forwarded_ + mesh_.units) / (2 * mesh_.units) * mesh_.units * mesh_.parents;
  return traffic;
}

}  // namespace hwflow::chip
