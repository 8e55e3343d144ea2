#include "train/nn/sgd.hpp"

#include <torch/utils.h>

namespace hwflow::train {

Sgd::Sgd(std::vector<TrainedTensor> tensors, double momentum, bool nesterov)
    : tensors_(std::move(tensors)), momentum_(momentum), nesterov_(nesterov) {}

void Sgd::zero_gradients() {
  for (TrainedTensor& t : tensors_) {
    if (t.tensor.grad().defined()) t.tensor.mutable_grad().reset();
  }
}

void Sgd::step(double learning_rate) {
  torch::NoGradGuard no_gradients;
  for (TrainedTensor& t : tensors_) {
    torch::Tensor gradient = t.tensor.grad();
    if (!gradient.defined()) continue;
    if (t.weight_decay != 0.0) gradient = gradient.add(t.tensor, t.weight_decay);
    if (momentum_ != 0.0) {
      if (t.momentum.defined()) {
        t.momentum.mul_(momentum_).add_(gradient);
      } else {
        t.momentum = gradient.clone();
      }
      gradient = nesterov_ ? gradient.add(t.momentum, momentum_) : t.momentum;
    }
    t.tensor.add_(gradient, -learning_rate * t.rate_scale);
  }
}

void Sgd::set_momentum(std::size_t index, torch::Tensor momentum) {
  tensors_.at(index).momentum = std::move(momentum);
}

}  // namespace hwflow::train
