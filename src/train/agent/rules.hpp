#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "train/agent/agent.hpp"

namespace hwflow::train {

/// Standard deviation of the noise in an episode (counted from 0): noise * decay^(episode -
/// warm-up). None during the warm-up, when actions are uniformly random and nothing is learned.
[[nodiscard]] std::optional<double> exploration_noise(const DdpgOptions& options, int episode);

/// A normal draw that fell between 0 and 1; mean in 0..1.
[[nodiscard]] double truncated_normal(double mean, double deviation, Rng& rng);

/// What the critic is trained towards: the reward, and unless the step was an episode's last the
/// discounted value of the next one, by the target networks.
[[nodiscard]] std::vector<float> critic_targets(std::span<const float> rewards,
                                                std::span<const std::uint8_t> last,
                                                std::span<const float> next_values,
                                                double discount);

/// target += share * (source - target), the smoothing of target networks.
void move_towards(std::span<float> target, std::span<const float> source, double share);

/// Moving average of the mean rewards of batches; its first value is the first mean.
class RewardBaseline {
 public:
  explicit RewardBaseline(double rate) : rate_(rate) {}
  /// Takes in a batch and returns its rewards less the average.
  [[nodiscard]] std::vector<float> centre(std::span<const float> rewards);

 private:
  double rate_;
  std::optional<double> average_;
};

}  // namespace hwflow::train
