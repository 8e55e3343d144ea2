#include "train/nn/adversary.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/nn/small_networks.hpp"
#include "train/nn/module_training.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

const Normalization kUneven{{0.5F, 0.2F}, {0.25F, 0.5F}};
constexpr double kEps = 0.1;

/// Fully connected, two inputs channels of 2 x 2, three classes.
Network linear_network() {
  Node head = make_node("fc", NodeKind::fully_connected, {0});
  head.conv.out_channels = 3;
  head.has_bias = true;
  return Network::make("linear", {make_input({2, 2, 2}), head}).value();
}

struct Linear {
  NetworkModule module{linear_network()};
  Tensor pixels, input, labels = torch::tensor(std::vector<std::int64_t>{0, 1, 2, 0});
  Linear() {
    load_weights(module, random_weights(linear_network(), 3));
    torch::manual_seed(1);
    pixels = torch::rand({4, 2, 2, 2});
    input = normalized(pixels);
  }
  static Tensor normalized(const Tensor& pixels) {
    return (pixels - torch::tensor({0.5F, 0.2F}).view({1, 2, 1, 1})) /
           torch::tensor({0.25F, 0.5F}).view({1, 2, 1, 1});
  }
  static Tensor pixels_of(const Tensor& input) {
    return input * torch::tensor({0.25F, 0.5F}).view({1, 2, 1, 1}) +
           torch::tensor({0.5F, 0.2F}).view({1, 2, 1, 1});
  }
  /// Mean cross-entropy.
  double loss(const Tensor& at) {
    const torch::NoGradGuard no_gradients;
    return torch::cross_entropy_loss(module.forward(at), labels).item<double>();
  }
};

void expect_within(const Linear& linear, const Tensor& changed) {
  const Tensor pixels = Linear::pixels_of(changed);
  EXPECT_LE((pixels - linear.pixels).abs().max().item<double>(), kEps + 1e-5);
  EXPECT_GE(pixels.min().item<double>(), -1e-5);
  EXPECT_LE(pixels.max().item<double>(), 1.0 + 1e-5);
}

TEST(Adversary, StaysInTheBallOfPixelsWhateverTheNormalisation) {
  Linear linear;
  for (const AdversaryMethod method : {AdversaryMethod::fast, AdversaryMethod::pgd}) {
    const Adversary adversary({.method = method, .eps = kEps}, kUneven, torch::kCPU);
    Rng rng(1);
    const Tensor changed = adversary.perturb(linear.module, linear.input, linear.labels, rng);
    expect_within(linear, changed);
    EXPECT_GT(linear.loss(changed), linear.loss(linear.input));
    // In both channels, although one of them is normalized to twice the other's range.
    const Tensor moved = (Linear::pixels_of(changed) - linear.pixels).abs().amax({0, 2, 3});
    EXPECT_GT(moved.min().item<double>(), 0.5 * kEps);
    EXPECT_FALSE(linear.module.parameters()[0].grad().defined()) << "a gradient was left behind";
  }
}

/// The corner that every pixel of an image of a linear network goes to is known: the loss grows
/// with each pixel one way, for two classes; here the third is out of the question.
TEST(Adversary, StepsOfPgdReachTheCornerOfALinearNetwork) {
  Linear linear;
  linear.labels = torch::zeros({4}, torch::kInt64);
  const torch::NoGradGuard no_gradients;
  const NodeTensors& fc = linear.module.tensors(1);
  fc.bias[2] = -1000.0F;
  const Tensor push = (fc.weight[1] - fc.weight[0]).view({1, 2, 2, 2});
  const Tensor corner =
      Linear::normalized(torch::clamp(linear.pixels + kEps * push.sign(), 0.0, 1.0));
  const torch::AutoGradMode gradients(true);
  const Adversary adversary({.method = AdversaryMethod::pgd, .eps = kEps, .steps = 10}, kUneven,
                            torch::kCPU);
  Rng rng(1);
  const Tensor changed = adversary.perturb(linear.module, linear.input, linear.labels, rng);
  EXPECT_TRUE(torch::allclose(changed, corner, 0.0, 1e-5));
}

TEST(Adversary, FreeCarriesItsChangeOnAndForgetsIt) {
  Linear linear;
  Adversary adversary({.method = AdversaryMethod::free, .eps = kEps, .step_size = 0.06}, kUneven,
                      torch::kCPU);
  EXPECT_TRUE(torch::equal(adversary.changed(linear.input).detach(), linear.input));
  const Tensor up = torch::ones_like(linear.input);
  adversary.learn(linear.input, up);
  const auto moved = [&] {
    const torch::NoGradGuard no_gradients;
    return Linear::pixels_of(adversary.changed(linear.input)) - linear.pixels;
  };
  // By a step of 0.06, then to the ball's end at 0.1; less only where the pixel meets white.
  const Tensor room = 1.0 - linear.pixels;
  EXPECT_TRUE(torch::allclose(moved(), torch::clamp_max(room, 0.06), 0.0, 1e-5));
  adversary.learn(linear.input, up);
  EXPECT_TRUE(torch::allclose(moved(), torch::clamp_max(room, kEps), 0.0, 1e-5));
  expect_within(linear, adversary.changed(linear.input).detach());
  EXPECT_TRUE(adversary.changed(linear.input).requires_grad());
  adversary.forget();
  EXPECT_TRUE(torch::equal(adversary.changed(linear.input).detach(), linear.input));
}

TEST(Adversary, WatchesInEvaluationModeAndPutsTheModeBack) {
  Linear linear;
  linear.module.train();
  linear.labels = torch::zeros({4}, torch::kInt64);
  const torch::NoGradGuard no_gradients;
  const NodeTensors& fc = linear.module.tensors(1);
  const Adversary adversary({.method = AdversaryMethod::fast, .eps = kEps}, kUneven, torch::kCPU);
  Rng rng(1);
  fc.bias[0] = 1000.0F;
  const torch::AutoGradMode gradients(true);
  EXPECT_EQ(adversary.robust_share(linear.module, linear.input, linear.labels, rng), 1.0);
  EXPECT_TRUE(linear.module.is_training());
  const Tensor wrong = torch::ones({4}, torch::kInt64);
  EXPECT_EQ(adversary.robust_share(linear.module, linear.input, wrong, rng), 0.0);
}

}  // namespace
}  // namespace hwflow::train
