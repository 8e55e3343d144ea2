#include "train/agent/actor_critic.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace hwflow::train {
namespace {

DenseNetwork network_of(std::vector<std::size_t> groups, std::size_t hidden, std::size_t outputs,
                        Rng& rng) {
  std::size_t inputs = 0;
  for (const std::size_t group : groups) inputs += group;
  DenseNetwork network({inputs, hidden, hidden, outputs});
  network.randomise(rng, groups);
  return network;
}

std::vector<float> logistic(std::vector<float> values) {
  for (float& value : values) value = 1.0F / (1.0F + std::exp(-value));
  return values;
}

}  // namespace

ActorCritic::ActorCritic(const DdpgOptions& options, const AgentShape& shape, Rng rng)
    : options_(options),
      features_(static_cast<std::size_t>(shape.state_features)),
      actions_(static_cast<std::size_t>(shape.actions)),
      actor_(
          network_of({features_}, static_cast<std::size_t>(options.hidden_units), actions_, rng)),
      critic_(network_of({features_, actions_}, static_cast<std::size_t>(options.hidden_units), 1,
                         rng)),
      actor_target_(actor_),
      critic_target_(critic_),
      actor_steps_(actor_.parameters().size(), options.actor_learning_rate),
      critic_steps_(critic_.parameters().size(), options.critic_learning_rate),
      baseline_(options.baseline_rate),
      actor_gradient_(actor_.parameters().size()),
      critic_gradient_(critic_.parameters().size()) {}

std::vector<float> ActorCritic::act(std::vector<float> states) const {
  return logistic(actor_.forward(std::move(states)).outputs());
}

std::vector<float> ActorCritic::value(const std::vector<float>& states,
                                      const std::vector<float>& actions) const {
  return critic_.forward(joined(states, actions)).outputs();
}

std::vector<float> ActorCritic::joined(const std::vector<float>& states,
                                       const std::vector<float>& actions) const {
  std::vector<float> rows;
  rows.reserve(states.size() + actions.size());
  for (std::size_t row = 0; row * features_ < states.size(); ++row) {
    for (std::size_t i = 0; i < features_; ++i) rows.push_back(states[row * features_ + i]);
    for (std::size_t i = 0; i < actions_; ++i) rows.push_back(actions[row * actions_ + i]);
  }
  return rows;
}

std::vector<float> ActorCritic::targets_of(const TransitionBatch& batch) {
  const std::vector<float> rewards = baseline_.centre(batch.rewards);
  const std::vector<float> next_actions =
      logistic(actor_target_.forward(batch.next_states).outputs());
  const std::vector<float> next_values =
      critic_target_.forward(joined(batch.next_states, next_actions)).outputs();
  return critic_targets(rewards, batch.last, next_values, options_.discount);
}

void ActorCritic::improve_critic(const TransitionBatch& batch, const std::vector<float>& targets) {
  const DenseNetwork::Trace trace = critic_.forward(joined(batch.states, batch.actions));
  std::vector<float> errors = trace.outputs();  // of the mean squared error: 2 (value - target) / n
  const auto count = static_cast<float>(batch.size());
  for (std::size_t i = 0; i < errors.size(); ++i)
    errors[i] = 2.0F * (errors[i] - targets[i]) / count;
  std::ranges::fill(critic_gradient_, 0.0F);
  critic_.backward(trace, std::move(errors), critic_gradient_);
  critic_steps_.step(critic_.parameters(), critic_gradient_);
}

void ActorCritic::improve_actor(const TransitionBatch& batch) {
  const DenseNetwork::Trace trace = actor_.forward(batch.states);
  const std::vector<float> chosen = logistic(trace.outputs());
  const DenseNetwork::Trace judged = critic_.forward(joined(batch.states, chosen));
  // The mean value is to rise: its negative is the loss.
  std::vector<float> upstream(batch.size(), -1.0F / static_cast<float>(batch.size()));
  const std::vector<float> inputs = critic_.backward(judged, std::move(upstream), {});
  std::vector<float> outputs(chosen.size());
  for (std::size_t row = 0; row < batch.size(); ++row) {
    for (std::size_t i = 0; i < actions_; ++i) {
      const float a = chosen[row * actions_ + i];
      outputs[row * actions_ + i] =
          inputs[row * (features_ + actions_) + features_ + i] * a * (1.0F - a);
    }
  }
  std::ranges::fill(actor_gradient_, 0.0F);
  actor_.backward(trace, std::move(outputs), actor_gradient_);
  actor_steps_.step(actor_.parameters(), actor_gradient_);
}

void ActorCritic::learn(const TransitionBatch& batch) {
  improve_critic(batch, targets_of(batch));
  improve_actor(batch);
  move_towards(actor_target_.parameters(), actor_.parameters(), options_.target_smoothing);
  move_towards(critic_target_.parameters(), critic_.parameters(), options_.target_smoothing);
}

}  // namespace hwflow::train
