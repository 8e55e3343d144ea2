#pragma once

#include <cstdint>
#include <stop_token>

#include "train/robust/standing_images.hpp"

namespace hwflow::train::robust {

struct ApgdSettings {
  AttackLoss loss = AttackLoss::cross_entropy;
  double eps = 0.0;
  int steps = 100;
  int restarts = 1;
  std::uint64_t seed = 1;
};

/// Projected steps with momentum 0.75, at first of length 2 eps. At the checkpoints of
/// apgd_checkpoints() an image's step is halved, and it goes on from its best point so far, where
/// fewer than 3/4 of the steps since the last checkpoint made the loss grow, or where the step was
/// not halved then and the best loss has not grown since. Every misclassified point is offered to
/// the judge, the best and the last one in any case. Torch header.
///
/// Source  Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
///         parameter-free attacks", ICML 2020, algorithm 1.
void attack_by_apgd(StandingImages& images, Classifier& source, const ApgdSettings& settings,
                    const std::stop_token& stop);

/// The halving of steps by itself, per image.
class StepHalving {
 public:
  StepHalving(int steps, double eps, const torch::Tensor& first_losses);

  /// After step `step` (1, 2, ...) came to `losses`. True where the image's step was halved now,
  /// so that it goes on from its best point.
  [[nodiscard]] torch::Tensor update(int step, const torch::Tensor& losses);
  void keep(const torch::Tensor& rows);

  [[nodiscard]] const torch::Tensor& step_sizes() const { return step_sizes_; }
  [[nodiscard]] const torch::Tensor& best() const { return best_; }

 private:
  std::vector<int> checkpoints_;
  std::size_t next_ = 1;
  torch::Tensor step_sizes_, before_, best_, best_then_, increases_, halved_then_;
};

}  // namespace hwflow::train::robust
