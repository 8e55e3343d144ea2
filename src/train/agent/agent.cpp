#include "train/agent/agent.hpp"

#include <algorithm>
#include <optional>

#include "base/check.hpp"
#include "base/random.hpp"
#include "train/agent/actor_critic.hpp"
#include "train/agent/replay_memory.hpp"
#include "train/agent/rules.hpp"

namespace hwflow::train {
namespace {

std::vector<float> to_floats(std::span<const double> values) {
  std::vector<float> floats;
  for (const double value : values) floats.push_back(static_cast<float>(value));
  return floats;
}

/// Weights, exploration and replay draw from streams of their own.
enum Stream : std::uint64_t { kWeights, kExploration, kReplay };

class DdpgAgent final : public Agent {
 public:
  DdpgAgent(const DdpgOptions& options, const AgentShape& shape, std::uint64_t seed)
      : options_(options),
        shape_(shape),
        exploration_(Rng::derive(seed, kExploration)),
        replay_(Rng::derive(seed, kReplay)),
        networks_(options, shape, Rng::derive(seed, kWeights)),
        memory_(static_cast<std::size_t>(options.replay_per_layer) *
                static_cast<std::size_t>(shape.layers)) {}

  std::vector<double> act(std::span<const double> state) override {
    HWFLOW_CHECK(state.size() == static_cast<std::size_t>(shape_.state_features),
                 "state of another length");
    const std::optional<double> noise = exploration_noise(options_, episode_);
    std::vector<double> action(static_cast<std::size_t>(shape_.actions));
    if (!noise) {
      for (double& value : action) value = warmup_action();
      return action;
    }
    const std::vector<float> chosen = networks_.act(to_floats(state));
    for (std::size_t i = 0; i < action.size(); ++i) {
      action[i] = truncated_normal(chosen[i], *noise, exploration_);
    }
    return action;
  }

  void finish_episode(std::span<const AgentStep> steps, double reward) override {
    const bool learns = exploration_noise(options_, episode_).has_value();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const bool last = i + 1 == steps.size();
      memory_.add({to_floats(steps[i].state), to_floats(steps[i].action),
                   static_cast<float>(reward), to_floats(steps[last ? i : i + 1].state), last});
      for (int k = 0; learns && k < options_.updates_per_step; ++k) {
        networks_.learn(memory_.draw(static_cast<std::size_t>(options_.batch_size), replay_));
      }
    }
    ++episode_;
    centre_.reset();
  }

 private:
  double warmup_action() {
    if (!options_.warmup_spread) return exploration_.uniform();
    if (!centre_) centre_ = exploration_.uniform();
    return truncated_normal(*centre_, *options_.warmup_spread, exploration_);
  }

  DdpgOptions options_;
  AgentShape shape_;
  Rng exploration_, replay_;
  ActorCritic networks_;
  ReplayMemory memory_;
  int episode_ = 0;
  std::optional<double> centre_;  ///< of the actions of this warm-up episode
};

}  // namespace

std::unique_ptr<Agent> make_ddpg_agent(const DdpgOptions& options, const AgentShape& shape,
                                       std::uint64_t seed) {
  return std::make_unique<DdpgAgent>(options, shape, seed);
}

}  // namespace hwflow::train
