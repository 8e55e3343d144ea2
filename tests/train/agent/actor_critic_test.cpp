#include "train/agent/actor_critic.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hwflow::train {
namespace {

DdpgOptions quick_options() {
  DdpgOptions options;
  options.hidden_units = 32;
  options.actor_learning_rate = 1e-3;
  return options;
}

/// Steps that end their episodes, with rewards that the test knows.
template <class Reward>
TransitionBatch last_steps(std::size_t count, Rng& rng, Reward reward) {
  TransitionBatch batch;
  for (std::size_t i = 0; i < count; ++i) {
    const auto state = static_cast<float>(rng.uniform());
    const auto action = static_cast<float>(rng.uniform());
    batch.states.push_back(state);
    batch.actions.push_back(action);
    batch.next_states.push_back(state);
    batch.rewards.push_back(static_cast<float>(reward(state, action)));
    batch.last.push_back(1);
  }
  return batch;
}

// One state, two steps to the end, the same reward r for both and no baseline worth the name
// (rewards alternate around 0): with discount 1 the first step is worth 2 r, the last one r.
TEST(ActorCritic, ValuesAddUpOverTheStepsThatAreLeft) {
  DdpgOptions options = quick_options();
  options.target_smoothing = 0.05;
  ActorCritic networks(options, {.state_features = 2, .actions = 1, .layers = 1}, Rng(3));
  TransitionBatch batch;  // two episodes, of reward 1 and -1: feature 0 says which, 1 the step
  for (const float reward : {1.0F, -1.0F}) {
    for (const float step : {0.0F, 1.0F}) {
      batch.states.insert(batch.states.end(), {reward, step});
      batch.actions.push_back(0.5F);
      batch.next_states.insert(batch.next_states.end(), {reward, 1.0F});
      batch.rewards.push_back(reward);
      batch.last.push_back(step > 0.0F ? 1 : 0);
    }
  }
  for (int i = 0; i < 4000; ++i) networks.learn(batch);
  // At the last step the value is r whatever the action that was never tried says.
  const std::vector<float> values = networks.value(batch.states, batch.actions);
  EXPECT_NEAR(values[1], 1.0, 0.05);
  EXPECT_NEAR(values[3], -1.0, 0.05);
  // The first step bootstraps on the actor's own action in the next state.
  const std::vector<float> next = networks.value({1, 1, -1, 1}, networks.act({1, 1, -1, 1}));
  EXPECT_NEAR(values[0], 1.0 + next[0], 0.1);
  EXPECT_NEAR(values[2], -1.0 + next[1], 0.1);
}

TEST(ActorCritic, TheActorClimbsWhatTheCriticHasLearned) {
  ActorCritic networks(quick_options(), {.state_features = 1, .actions = 1, .layers = 1}, Rng(8));
  Rng rng(9);
  // The best action depends on the state: 0.2 + 0.6 s.
  for (int i = 0; i < 2000; ++i) {
    networks.learn(last_steps(64, rng, [](double s, double a) {
      const double off = a - (0.2 + 0.6 * s);
      return -4.0 * off * off;
    }));
  }
  for (const float state : {0.1F, 0.5F, 0.9F}) {
    EXPECT_NEAR(networks.act({state})[0], 0.2 + 0.6 * state, 0.1) << state;
  }
}

TEST(ActorCritic, RowsAreByThemselves) {
  const ActorCritic networks(quick_options(), {.state_features = 2, .actions = 2, .layers = 1},
                             Rng(4));
  const std::vector<float> both = networks.act({0.1F, 0.9F, 0.7F, 0.3F});
  const std::vector<float> second = networks.act({0.7F, 0.3F});
  ASSERT_EQ(both.size(), 4U);
  EXPECT_EQ(both[2], second[0]);
  EXPECT_EQ(both[3], second[1]);
  const std::vector<float> values =
      networks.value({0.1F, 0.9F, 0.7F, 0.3F}, {0.1F, 0.2F, 0.3F, 0.4F});
  EXPECT_EQ(values[1], networks.value({0.7F, 0.3F}, {0.3F, 0.4F})[0]);
}

}  // namespace
}  // namespace hwflow::train
