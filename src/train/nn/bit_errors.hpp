#pragma once

namespace hwflow::train {

/// Probability that a bit of a stored code flips, by what the code stands for.
struct BitErrors {
  double weights = 0.0;
  double activations = 0.0;  ///< of feature maps, the input image's codes included
  [[nodiscard]] bool any() const { return weights > 0.0 || activations > 0.0; }
  bool operator==(const BitErrors&) const = default;
};

}  // namespace hwflow::train
