#include "train/nn/adversary.hpp"

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <algorithm>

namespace hwflow::train {
namespace {

using torch::Tensor;

constexpr int kWatchSteps = 5;
constexpr double kWatchStep = 0.25;  // of eps

Tensor per_channel(const std::vector<float>& values, torch::Device device) {
  return torch::tensor(values).view({1, -1, 1, 1}).to(device);
}

Tensor clip(const Tensor& x, const Tensor& low, const Tensor& high) {
  return torch::max(torch::min(x, high), low);
}

Tensor uniform_like(const Tensor& like, Rng& rng) {
  Tensor values = torch::empty(like.sizes());
  float* out = values.data_ptr<float>();
  std::generate(out, out + values.numel(), [&] { return static_cast<float>(rng.uniform()); });
  return values.to(like.device());
}

Tensor gradient_at(NetworkModule& module, const Tensor& at, const Tensor& labels) {
  const Tensor x = at.detach().requires_grad_(true);
  const Tensor loss = torch::cross_entropy_loss(module.forward(x), labels);
  return torch::autograd::grad({loss}, {x}).front();
}

}  // namespace

Adversary::Adversary(const AdversaryOptions& options, const Normalization& normalization,
                     torch::Device device)
    : options_(options),
      unit_(1.0 / per_channel(normalization.std, device)),
      black_(-per_channel(normalization.mean, device) * unit_),
      white_(black_ + unit_) {}

Adversary::Ball Adversary::ball_of(const Tensor& input) const {
  const Tensor reach = options_.eps * unit_;
  return {torch::max(input - reach, black_), torch::min(input + reach, white_)};
}

Tensor Adversary::walk(NetworkModule& module, const Tensor& input, const Tensor& labels, int steps,
                       double step, Rng& rng) const {
  const Ball ball = ball_of(input);
  const Tensor start = (2.0 * uniform_like(input, rng) - 1.0) * (options_.eps * unit_);
  Tensor x = clip(input + start, ball.low, ball.high);
  for (int i = 0; i < steps; ++i) {
    const Tensor gradient = gradient_at(module, x, labels);
    x = clip(x + step * unit_ * gradient.sign(), ball.low, ball.high).detach();
  }
  return x;
}

Tensor Adversary::perturb(NetworkModule& module, const Tensor& input, const Tensor& labels,
                          Rng& rng) const {
  const int steps = options_.method == AdversaryMethod::fast ? 1 : options_.steps;
  return walk(module, input, labels, steps, options_.step(), rng);
}

Tensor Adversary::changed(const Tensor& input) const {
  const Ball ball = ball_of(input);
  const Tensor x = change_.defined() ? clip(input + change_, ball.low, ball.high) : input;
  return x.detach().clone().requires_grad_(true);
}

void Adversary::learn(const Tensor& input, const Tensor& gradient) {
  const torch::NoGradGuard no_gradients;
  const Tensor before = change_.defined() ? change_ : torch::zeros_like(input);
  const Tensor reach = options_.eps * unit_;
  change_ = clip(before + options_.step() * unit_ * gradient.sign(), -reach, reach);
}

double Adversary::robust_share(NetworkModule& module, const Tensor& input, const Tensor& labels,
                               Rng& rng) const {
  const bool was_training = module.is_training();
  module.eval();
  const Tensor x = walk(module, input, labels, kWatchSteps, kWatchStep * options_.eps, rng);
  const torch::NoGradGuard no_gradients;
  const double right = module.forward(x).argmax(1).eq(labels).sum().item<double>();
  module.train(was_training);
  return right / static_cast<double>(labels.numel());
}

}  // namespace hwflow::train
