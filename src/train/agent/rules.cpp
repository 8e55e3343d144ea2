#include "train/agent/rules.hpp"

#include <cmath>

#include "base/check.hpp"

namespace hwflow::train {

std::optional<double> exploration_noise(const DdpgOptions& options, int episode) {
  if (episode < options.warmup_episodes) return std::nullopt;
  return options.noise * std::pow(options.noise_decay, episode - options.warmup_episodes);
}

double truncated_normal(double mean, double deviation, Rng& rng) {
  HWFLOW_CHECK(mean >= 0.0 && mean <= 1.0 && deviation >= 0.0, "a mean outside its bounds");
  // By rejection: with the mean inside, even a deviation of 10 has one draw in 25 inside.
  for (;;) {
    const double draw = mean + deviation * rng.normal();
    if (draw >= 0.0 && draw <= 1.0) return draw;
  }
}

std::vector<float> critic_targets(std::span<const float> rewards,
                                  std::span<const std::uint8_t> last,
                                  std::span<const float> next_values, double discount) {
  std::vector<float> targets;
  for (std::size_t i = 0; i < rewards.size(); ++i) {
    const float next = last[i] != 0 ? 0.0F : static_cast<float>(discount) * next_values[i];
    targets.push_back(rewards[i] + next);
  }
  return targets;
}

void move_towards(std::span<float> target, std::span<const float> source, double share) {
  const auto step = static_cast<float>(share);
  for (std::size_t i = 0; i < target.size(); ++i) target[i] += step * (source[i] - target[i]);
}

std::vector<float> RewardBaseline::centre(std::span<const float> rewards) {
  double sum = 0.0;
  for (const float reward : rewards) sum += reward;
  const double mean = sum / static_cast<double>(rewards.size());
  average_ = average_ ? *average_ + rate_ * (mean - *average_) : mean;
  std::vector<float> centred;
  for (const float reward : rewards) centred.push_back(static_cast<float>(reward - *average_));
  return centred;
}

}  // namespace hwflow::train
