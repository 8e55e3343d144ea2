#pragma once

#include <vector>

#include "base/random.hpp"
#include "train/agent/adam.hpp"
#include "train/agent/agent.hpp"
#include "train/agent/dense_network.hpp"
#include "train/agent/replay_memory.hpp"
#include "train/agent/rules.hpp"

namespace hwflow::train {

/// Actor (state to actions, logistic function at the end), critic (state and actions to value), a
/// slowly moving copy of each, and their updates.
class ActorCritic {
 public:
  ActorCritic(const DdpgOptions& options, const AgentShape& shape, Rng rng);

  /// Actions without noise, for one state or for several, one after another.
  [[nodiscard]] std::vector<float> act(std::vector<float> states) const;
  /// The critic's value of states with actions, one after another.
  [[nodiscard]] std::vector<float> value(const std::vector<float>& states,
                                         const std::vector<float>& actions) const;
  /// One update, in this order: critic, actor through the new critic, target networks.
  void learn(const TransitionBatch& batch);

 private:
  [[nodiscard]] std::vector<float> joined(const std::vector<float>& states,
                                          const std::vector<float>& actions) const;
  [[nodiscard]] std::vector<float> targets_of(const TransitionBatch& batch);
  void improve_critic(const TransitionBatch& batch, const std::vector<float>& targets);
  void improve_actor(const TransitionBatch& batch);

  DdpgOptions options_;
  std::size_t features_, actions_;
  DenseNetwork actor_, critic_, actor_target_, critic_target_;
  Adam actor_steps_, critic_steps_;
  RewardBaseline baseline_;
  std::vector<float> actor_gradient_, critic_gradient_;  // scratch of learn()
};

}  // namespace hwflow::train
