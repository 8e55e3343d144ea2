#include "chip/mapper/fast_counts.hpp"

#include <algorithm>
#include <bit>

namespace hwflow::chip {

FastCounts::FastCounts(const Layer& layer, const Accelerator& accelerator, const CountPlan& plan)
    : plan_(plan) {
  const CountingRules& rules = accelerator.fields().counting;
  skip_first_read_ = rules.skip_first_partial_sum_read;
  skip_only_read_ = rules.skip_only_update_read;
  read_back_to_all_ = rules.read_back_to_all;
  for (const BoundaryPlan& boundary : plan.boundaries) {
    boxes_of_.push_back(boundary.boxes ? static_cast<int>(boxes_.size()) : -1);
    if (boundary.boxes) boxes_.emplace_back(layer, accelerator, plan, boundary);
  }
}

bool FastCounts::covered() const {
  return std::all_of(boxes_.begin(), boxes_.end(),
                     [](const BoxCounts& boxes) { return boxes.covered(); });
}

void FastCounts::clear() {
  for (BoxCounts& boxes : boxes_) boxes.clear();
}

/// Instances that count one by one along the dimensions that the operand does not have.
std::int64_t FastCounts::spread(const WordCount& count, const LoopState& state) const {
  std::int64_t instances = 1;
  for (Mask rest = count.summed & state.fanned; rest != 0; rest &= rest - 1) {
    const auto level = static_cast<LevelIndex>(std::countr_zero(rest));
    for (const Dim dim : operand_->irrelevant) instances *= state.at(dim, level).spatial;
  }
  return instances;
}

std::int64_t FastCounts::product(std::size_t count, std::size_t value) const {
  std::int64_t words = 1;
  const std::size_t axes = operand_->steps_at.size();
  const std::size_t* at = operand_->counts_at.data() + count * axes;
  for (std::size_t a = 0; a < axes; ++a) words *= tables_[a][at[a] + value];
  return words;
}

std::int64_t FastCounts::first(std::size_t count, const LoopState& state) const {
  std::int64_t words =
      operand_->base * spread(operand_->counts[count], state) * product(count, AxisPlan::kFirst);
  for (const Dim dim : operand_->simple) {
    // All instances: of the elements of one turn none is left out.
    words *= state.loops[index(dim)]->levels[0].tile / state.at(dim, boundary_->place.child).above;
  }
  return words;
}

std::int64_t FastCounts::distinct(std::size_t count, const LoopState& state) const {
  return operand_->constant * spread(operand_->counts[count], state) *
         product(count, AxisPlan::kDistinct);
}

std::int64_t FastCounts::largest_tile(std::size_t operand, LevelIndex level, const LoopState& state,
                                      const Tables& tables) const {
  const OperandPlan& plan = plan_.operands[operand];
  std::int64_t words = plan.base;
  for (const Dim dim : plan.simple) words *= state.at(dim, level).tile;
  for (const std::int64_t* values : tables[operand]) words *= values[level];
  return words;
}

/// The loops above the child from the innermost one to the first that leaves no word in its place.
void FastCounts::find_kept_turns(const LoopState& state) {
  turn_count_ = 0;
  run_ = 1;
  const Mask sliding = operand_->sliding;
  const Mask plain = operand_->plain;
  state.for_each_above(boundary_->place.child, [&](Dim dim, LevelIndex level) {
    const std::size_t d = index(dim);
    if ((plain & bit(d)) != 0) return false;
    const std::int64_t trips = state.at(dim, level).temporal;
    const bool slides = (sliding & bit(d)) != 0;
    turns_[turn_count_++] = {trips, slides ? operand_->axis_of[d] : -1};
    run_ *= trips;
    return true;
  });
}

/// Words that stay, over all transitions: of all loops the product over the axes, each as its own
/// loops stand or step, the innermost loops having turned.
std::int64_t FastCounts::kept(std::size_t count, std::int64_t spread) const {
  std::array<const std::int64_t*, kDimCount> still, steps;
  std::int64_t plain = operand_->constant;  // words of all axes that do not slide
  std::int64_t irrelevant = irrelevant_turns_ * spread;
  const std::size_t axes = operand_->steps_at.size();
  std::size_t sliding = 0;
  std::array<std::size_t, kDimCount> place;  // of an axis among those that slide
  for (std::size_t a = 0; a < axes; ++a) {
    const std::int64_t* values = tables_[a] + operand_->counts_at[count * axes + a];
    const std::size_t steps_at = operand_->steps_at[a];
    if (steps_at == 0) {
      plain *= values[AxisPlan::kWhole];
      continue;
    }
    place[a] = sliding;
    still[sliding] = values + AxisPlan::kStill;
    steps[sliding++] = values + steps_at;
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < turn_count_; ++i) {
    const Turn& turn = turns_[i];
    std::int64_t words = plain;
    if (turn.axis < 0) {
      for (std::size_t a = 0; a < sliding; ++a) words *= *still[a];
      const std::int64_t outer = irrelevant / turn.trips;
      sum += (irrelevant - outer) * words;
      irrelevant = outer;
    } else {
      const std::size_t stepping = place[static_cast<std::size_t>(turn.axis)];
      words *= *steps[stepping]++;
      for (std::size_t a = 0; a < sliding; ++a)
        if (a != stepping) words *= *still[a];
      sum += irrelevant * words;
      ++still[stepping];
    }
  }
  return sum;
}

std::int64_t FastCounts::moved(std::size_t count, const LoopState& state) const {
  const std::int64_t instances = spread(operand_->counts[count], state);
  const std::int64_t whole =
      operand_->constant * irrelevant_turns_ * instances * product(count, AxisPlan::kWhole);
  if (turn_count_ == 0) return whole;
  return operand_->sliding == 0 ? whole / run_ : whole - kept(count, instances);
}

void FastCounts::start(const BoundaryPlan& boundary, const LoopState& state, const Tables& tables) {
  boundary_ = &boundary;
  operand_ = &plan_.operands[boundary.operand];
  tables_ = tables[boundary.operand].data();
  turn_count_ = 0;
  irrelevant_turns_ = 1;
  for (const Dim dim : operand_->irrelevant)
    irrelevant_turns_ *= state.at(dim, boundary.place.child).above;
  if (!boundary.place.unheld && (!boundary.boxes || !boundary.links.empty()))
    find_kept_turns(state);
}

BoundaryTraffic FastCounts::traffic(std::size_t boundary, const LoopState& state,
                                    const Tables& tables) {
  const BoundaryPlan& plan = plan_.boundaries[boundary];
  start(plan, state, tables);
  if (plan.boxes)
    return boxes_[static_cast<std::size_t>(boxes_of_[boundary])].count(state, tables_);
  return operand_->role == Role::outputs ? drains(plan, state) : fetches(plan, state);
}

BoundaryTraffic FastCounts::fetches(const BoundaryPlan& boundary, const LoopState& state) const {
  BoundaryTraffic traffic;
  traffic.reads = moved(boundary.group, state);
  if (plan_.first_tiles) traffic.first_reads = first(boundary.group, state);
  if (!boundary.to_units) {
    traffic.fills = boundary.each == boundary.group ? traffic.reads : moved(boundary.each, state);
    if (plan_.first_tiles) traffic.first_fills = first(boundary.each, state);
  }
  if (!boundary.forwards) return traffic;
  const std::int64_t without = traffic.reads;
  traffic.reads = moved(boundary.forwarded, state);
  traffic.forwarded = without - traffic.reads;
  return traffic;
}

BoundaryTraffic FastCounts::drains(const BoundaryPlan& boundary, const LoopState& state) const {
  BoundaryTraffic traffic;
  const std::int64_t distinct_words = distinct(boundary.events, state);
  const std::int64_t events = moved(boundary.events, state);
  const bool skips = skip_first_read_ || (skip_only_read_ && events == distinct_words);
  const std::int64_t skipped = skips ? distinct_words : 0;
  traffic.updates = boundary.group == boundary.events ? events : moved(boundary.group, state);
  traffic.drains = boundary.each == boundary.group ? traffic.updates : moved(boundary.each, state);
  traffic.reads = traffic.updates - skipped;
  traffic.fills = read_back_to_all_ ? traffic.drains - (skips ? distinct(boundary.each, state) : 0)
                                    : events - skipped;
  if (plan_.first_tiles) {
    traffic.last_updates = first(boundary.group, state);
    traffic.last_drains = first(boundary.each, state);
  }
  if ((state.adding & boundary.outside) != 0) return traffic;
  if ((state.adding & boundary.apart) == 0) traffic.final_updates = distinct_words;
  if ((state.adding & boundary.inside) == 0) traffic.final_drains = distinct_words;
  return traffic;
}

LinkWords FastCounts::link_words(const LinkPlan& link, const LoopState& state) const {
  LinkWords words{moved(link.count, state), 0};
  if (operand_->role == Role::outputs && (state.adding & link.unmerged) == 0)
    words.final_words = distinct(link.count, state);
  return words;
}

}  // namespace hwflow::chip
