#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace hwflow::train {

/// One trained tensor with its share of the weight decay. Torch header.
struct TrainedTensor {
  std::string name;
  torch::Tensor tensor;
  double weight_decay = 0.0;
  double rate_scale = 1.0;  ///< of the learning rate
  torch::Tensor momentum;   ///< made at the first step
};

/// Stochastic gradient descent with momentum, as torch.optim.SGD:
///
///     g += decay * w;  m = momentum * m + g;  w -= rate * (nesterov ? g + momentum * m : m)
class Sgd {
 public:
  Sgd(std::vector<TrainedTensor> tensors, double momentum, bool nesterov);

  void zero_gradients();
  /// Tensors without a gradient stay as they are.
  void step(double learning_rate);

  [[nodiscard]] const std::vector<TrainedTensor>& tensors() const noexcept { return tensors_; }
  void set_momentum(std::size_t index, torch::Tensor momentum);

 private:
  std::vector<TrainedTensor> tensors_;
  double momentum_;
  bool nesterov_;
};

}  // namespace hwflow::train
