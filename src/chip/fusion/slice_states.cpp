#include "chip/fusion/slice_states.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

constexpr double kNone = 1e300;

/// Takes the smaller sum of each quantity.
void lower(PartCost& to, const PartCost& from, const PartCost& more) {
  to.first = std::min(to.first, from.first + more.first);
  to.second = std::min(to.second, from.second + more.second);
}

}  // namespace

SliceStates::SliceStates(std::size_t layers, std::size_t fewest, std::size_t most,
                         Objective objective)
    : layers_(layers), objective_(objective) {
  for (std::size_t first = 0; first < layers; ++first) {
    for (std::size_t last = first + fewest; last <= std::min(layers, first + most); ++last) {
      slices_.emplace_back();
      slices_.back().slice = {first, last};
    }
  }
}

SliceStates::Choices SliceStates::best_known(const PartCost& hope) const {
  std::vector<PartOption> parts;
  std::vector<Choice> origins;
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    for (std::size_t o = 0; o < slices_[i].options.size(); ++o) {
      const FusedGroup& group = slices_[i].options[o];
      PartCost cost = cost_of(group.total);
      if (group.effort == MappingEffort::quick)
        cost = {std::max(cost.first * hope.first, slices_[i].bound.first),
                std::max(cost.second * hope.second, slices_[i].bound.second)};
      parts.push_back({slices_[i].slice, cost});
      origins.push_back({i, o});
    }
  }
  const Partition best = cheapest_partition(layers_, parts, goal_of(objective_));
  Choices choices{best.value, {}};
  for (const std::size_t option : best.options) choices.parts.push_back(origins[option]);
  return choices;
}

SliceStates::OpenSlices SliceStates::open_on_path(bool SliceState::*is_done,
                                                  PartCost SliceState::*guess) const {
  std::vector<PartOption> parts;
  std::vector<std::size_t> origins;
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    const SliceState& state = slices_[i];
    if (!(state.*is_done)) parts.push_back({state.slice, state.*guess});
    if (state.*is_done)
      for (const FusedGroup& group : state.options)
        parts.push_back({state.slice, cost_of(group.total)});
    origins.resize(parts.size(), i);
  }
  const Partition best = cheapest_partition(layers_, parts, goal_of(objective_));
  OpenSlices open{best.value, {}};
  for (const std::size_t option : best.options)
    if (!(slices_[origins[option]].*is_done)) open.slices.push_back(origins[option]);
  return open;
}

double SliceStates::lowest() const {
  std::vector<PartOption> parts;
  for (const SliceState& state : slices_)
    if (state.bound.first < kNone) parts.push_back({state.slice, state.bound});
  const Partition best = cheapest_partition(layers_, parts, goal_of(objective_));
  return best.options.empty() ? 0.0 : best.value;
}

void SliceStates::look_around() {
  known_ = best_known().value;
  before_.assign(layers_ + 1, {kNone, kNone});
  after_.assign(layers_ + 1, {kNone, kNone});
  before_[0] = after_[layers_] = {};
  // Slices are listed by their first layer, so every cut is final when it is started from.
  for (const SliceState& state : slices_)
    lower(before_[state.slice.last], before_[state.slice.first], state.bound);
  for (std::size_t i = slices_.size(); i-- > 0;)
    lower(after_[slices_[i].slice.first], after_[slices_[i].slice.last], slices_[i].bound);
}

bool SliceStates::can_improve(const Slice& slice, const PartCost& cost, double share) const {
  const PartCost& before = before_[slice.first];
  const PartCost& after = after_[slice.last];
  const PartCost sum{before.first + cost.first + after.first,
                     before.second + cost.second + after.second};
  return value_of(sum) < known_ * (1.0 - share);
}

void SliceStates::keep_best(SliceState& state) const {
  if (goal_of(objective_) == PartitionGoal::product || state.options.empty()) return;
  auto best = std::min_element(state.options.begin(), state.options.end(),
                               [&](const FusedGroup& a, const FusedGroup& b) {
                                 return cost_of(a.total).first < cost_of(b.total).first;
                               });
  if (best != state.options.begin()) std::swap(*best, state.options.front());
  state.options.erase(state.options.begin() + 1, state.options.end());
}

}  // namespace hwflow::chip
