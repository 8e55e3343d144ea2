#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace hwflow::train {

/// One remembered step. The next state of an episode's last step counts for nothing.
struct Transition {
  std::vector<float> state, action;
  float reward = 0.0F;
  std::vector<float> next_state;
  bool last = false;
};

/// Transitions side by side: matrices with a row for each.
struct TransitionBatch {
  std::vector<float> states, actions, rewards, next_states;
  std::vector<std::uint8_t> last;
  [[nodiscard]] std::size_t size() const noexcept { return rewards.size(); }
};

/// The last `capacity` steps.
class ReplayMemory {
 public:
  explicit ReplayMemory(std::size_t capacity);

  void add(Transition transition);
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }

  /// `count` of them at random: each at most once if there are that many, else with repetition.
  [[nodiscard]] TransitionBatch draw(std::size_t count, Rng& rng) const;

 private:
  std::size_t capacity_;
  std::size_t next_ = 0;  // the oldest, once all places are taken
  std::vector<Transition> steps_;
};

}  // namespace hwflow::train
