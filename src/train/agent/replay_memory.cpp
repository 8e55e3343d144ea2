#include "train/agent/replay_memory.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

/// Distinct places below `size`, every set equally likely (Floyd's sampling), in the order drawn.
std::vector<std::size_t> distinct_places(std::size_t count, std::size_t size, Rng& rng) {
  std::vector<std::size_t> places;
  for (std::size_t bound = size - count + 1; bound <= size; ++bound) {
    const std::size_t place = rng.below(bound);
    const bool taken = std::ranges::find(places, place) != places.end();
    places.push_back(taken ? bound - 1 : place);
  }
  return places;
}

void append(std::vector<float>& rows, const std::vector<float>& row) {
  rows.insert(rows.end(), row.begin(), row.end());
}

}  // namespace

ReplayMemory::ReplayMemory(std::size_t capacity) : capacity_(capacity) {
  HWFLOW_CHECK(capacity >= 1, "a memory without room");
}

void ReplayMemory::add(Transition transition) {
  if (steps_.size() < capacity_) {
    steps_.push_back(std::move(transition));
    return;
  }
  steps_[next_] = std::move(transition);
  next_ = (next_ + 1) % capacity_;
}

TransitionBatch ReplayMemory::draw(std::size_t count, Rng& rng) const {
  HWFLOW_CHECK(!steps_.empty(), "nothing to remember");
  std::vector<std::size_t> places;
  if (count <= steps_.size()) {
    places = distinct_places(count, steps_.size(), rng);
  } else {
    for (std::size_t i = 0; i < count; ++i) places.push_back(rng.below(steps_.size()));
  }
  TransitionBatch batch;
  for (const std::size_t place : places) {
    const Transition& step = steps_[place];
    append(batch.states, step.state);
    append(batch.actions, step.action);
    append(batch.next_states, step.next_state);
    batch.rewards.push_back(step.reward);
    batch.last.push_back(step.last ? 1 : 0);
  }
  return batch;
}

}  // namespace hwflow::train
