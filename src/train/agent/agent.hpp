#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "schema/field.hpp"

namespace hwflow::train {

/// Deep deterministic policy gradient (DDPG). The defaults are those of HAQ; docs/search.md says
/// what of them was read where.
/// Source  Lillicrap et al., "Continuous control with deep reinforcement learning", ICLR 2016;
///         Wang et al., "HAQ", CVPR 2019.
struct DdpgOptions {
  int hidden_units = 300;
  double actor_learning_rate = 1e-4;
  double critic_learning_rate = 1e-3;
  double discount = 1.0;
  int batch_size = 64;
  int replay_per_layer = 128;
  double target_smoothing = 0.01;
  double noise = 0.5;
  double noise_decay = 0.99;
  int warmup_episodes = 20;
  std::optional<double> warmup_spread;
  int updates_per_step = 1;
  double baseline_rate = 0.5;
  bool operator==(const DdpgOptions&) const = default;

  static constexpr auto fields() {
    using T = DdpgOptions;
    return std::tuple{
        schema::field("hidden_units", &T::hidden_units, 1, 10'000,
                      "Units of each of the two hidden layers of actor and critic."),
        schema::field("actor_learning_rate", &T::actor_learning_rate, schema::above(0),
                      "Learning rate of the actor (Adam)."),
        schema::field("critic_learning_rate", &T::critic_learning_rate, schema::above(0),
                      "Learning rate of the critic (Adam)."),
        schema::field("discount", &T::discount, 0, 1, "Worth of the next step's value."),
        schema::field("batch_size", &T::batch_size, 1, 65'536, "Remembered steps per update."),
        schema::field("replay_per_layer", &T::replay_per_layer, 1, 1'000'000,
                      "Steps remembered, per layer; the oldest are forgotten first."),
        schema::field("target_smoothing", &T::target_smoothing, 0, 1,
                      "Share of the way that the target networks move at each update."),
        schema::field("noise", &T::noise, 0, 10,
                      "Standard deviation of an action's noise in the first episode after the "
                      "warm-up, before it is cut to 0..1."),
        schema::field("noise_decay", &T::noise_decay, 0, 1, "Its factor from episode to episode."),
        schema::field("warmup_episodes", &T::warmup_episodes, 0, 1'000'000,
                      "Episodes of uniformly random actions before anything is learned."),
        schema::field("warmup_spread", &T::warmup_spread, 0, 10,
                      "Actions of a warm-up episode lie about one that is drawn for the episode, "
                      "with this standard deviation, cut to 0..1: plans that treat all layers "
                      "nearly alike. null: each is drawn by itself."),
        schema::field("updates_per_step", &T::updates_per_step, 1, 1000,
                      "Updates for each step of an episode."),
        schema::field("baseline_rate", &T::baseline_rate, 0, 1,
                      "Rate of the moving average of batches' rewards that is taken off rewards; "
                      "0: the first batch's mean for good.")};
  }
};

/// Sizes of what an agent sees and does.
struct AgentShape {
  int state_features = 1;
  int actions = 1;
  int layers = 1;  ///< what DdpgOptions::replay_per_layer is counted by
};

/// One decision: what was seen, and what was done about it. Actions are in 0..1.
struct AgentStep {
  std::vector<double> state, action;
};

/// Learns from episodes: a row of decisions, then one reward for all of them.
///
/// The same for a seed, whatever the number of threads or the machine's instruction set: a search
/// that is started again plays the same episodes, so an agent has no state on disk. One object
/// serves one thread at a time.
class Agent {
 public:
  virtual ~Agent() = default;
  /// What to do in a state, exploration included; every number in 0..1.
  [[nodiscard]] virtual std::vector<double> act(std::span<const double> state) = 0;
  /// Ends an episode: its steps in order, with the actions that count, and the reward. Learns.
  virtual void finish_episode(std::span<const AgentStep> steps, double reward) = 0;
};

/// The factory of agents that a search is given.
using MakeAgent = std::function<std::unique_ptr<Agent>(const DdpgOptions&, const AgentShape&,
                                                       std::uint64_t seed)>;

[[nodiscard]] std::unique_ptr<Agent> make_ddpg_agent(const DdpgOptions& options,
                                                     const AgentShape& shape, std::uint64_t seed);

}  // namespace hwflow::train
