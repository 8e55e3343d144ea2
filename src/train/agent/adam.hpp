#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hwflow::train {

/// Adam, with its usual constants:
///
///     m = 0.9 m + 0.1 g;  v = 0.999 v + 0.001 g^2
///     w -= rate * (m / (1 - 0.9^t)) / (sqrt(v / (1 - 0.999^t)) + 1e-8)     in step t = 1, 2, ...
///
/// Source  Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
class Adam {
 public:
  Adam(std::size_t parameters, double learning_rate);
  void step(std::span<float> parameters, std::span<const float> gradient);

 private:
  double learning_rate_;
  std::int64_t steps_ = 0;
  std::vector<float> mean_, square_;
};

}  // namespace hwflow::train
