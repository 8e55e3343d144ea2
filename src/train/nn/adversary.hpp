#pragma once

#include <torch/types.h>

#include "base/random.hpp"
#include "train/nn/adversary_options.hpp"
#include "train/nn/network_module.hpp"
#include "train/nn/normalization.hpp"

namespace hwflow::train {

/// Changes batches against the network that is being trained. Eps and steps are of pixels, inputs
/// are normalized: each channel has its own. The module keeps its mode, so that BatchNorm sees the
/// changed images in training, and no gradient of its weights is left behind. Torch header.
class Adversary {
 public:
  Adversary(const AdversaryOptions& options, const Normalization& normalization,
            torch::Device device);

  /// What to train on instead of `input`: fast and pgd, from random points that `rng` draws.
  [[nodiscard]] torch::Tensor perturb(NetworkModule& module, const torch::Tensor& input,
                                      const torch::Tensor& labels, Rng& rng) const;

  /// free: `input` changed as the batches before left it; a leaf that wants a gradient.
  [[nodiscard]] torch::Tensor changed(const torch::Tensor& input) const;
  /// free: moves the change by the gradient that changed() got. Zero again at an epoch's begin.
  void learn(const torch::Tensor& input, const torch::Tensor& gradient);
  void forget() { change_.reset(); }

  /// The share of a batch that the module, in evaluation mode, still gets right after PGD of five
  /// steps of eps / 4. The mode is put back.
  [[nodiscard]] double robust_share(NetworkModule& module, const torch::Tensor& input,
                                    const torch::Tensor& labels, Rng& rng) const;

 private:
  struct Ball {
    torch::Tensor low, high;
  };
  [[nodiscard]] Ball ball_of(const torch::Tensor& input) const;
  [[nodiscard]] torch::Tensor walk(NetworkModule& module, const torch::Tensor& input,
                                   const torch::Tensor& labels, int steps, double step,
                                   Rng& rng) const;

  AdversaryOptions options_;
  torch::Tensor unit_;           ///< per channel: one pixel unit in the network's input
  torch::Tensor black_, white_;  ///< pixels 0 and 1
  torch::Tensor change_;         ///< free
};

}  // namespace hwflow::train
