#include "train/nn/sgd.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

namespace hwflow::train {
namespace {

TrainedTensor scalar(double value, double decay) {
  torch::Tensor tensor = torch::full({1}, value).set_requires_grad(true);
  return {.name = "w", .tensor = tensor, .weight_decay = decay, .rate_scale = 1.0, .momentum = {}};
}

void set_gradient(const Sgd& sgd, double value) {
  torch::Tensor tensor = sgd.tensors()[0].tensor;
  tensor.mutable_grad() = torch::full({1}, value);
}

double value_of(const Sgd& sgd) { return sgd.tensors()[0].tensor.item<double>(); }

TEST(Sgd, MomentumAndWeightDecayByHand) {
  Sgd sgd({scalar(1.0, 0.5)}, 0.9, false);
  set_gradient(sgd, 2.0);
  sgd.step(0.1);  // g = 2 + 0.5 = 2.5, m = 2.5, w = 1 - 0.25
  EXPECT_NEAR(value_of(sgd), 0.75, 1e-6);
  set_gradient(sgd, -1.0);
  sgd.step(0.1);  // g = -1 + 0.375 = -0.625, m = 2.25 - 0.625 = 1.625, w = 0.75 - 0.1625
  EXPECT_NEAR(value_of(sgd), 0.5875, 1e-6);
}

TEST(Sgd, NesterovLooksAhead) {
  Sgd sgd({scalar(1.0, 0.0)}, 0.5, true);
  set_gradient(sgd, 2.0);
  sgd.step(0.1);  // m = 2, g + 0.5 m = 3, w = 0.7
  EXPECT_NEAR(value_of(sgd), 0.7, 1e-6);
  set_gradient(sgd, 1.0);
  sgd.step(0.1);  // m = 1 + 1 = 2, g + 0.5 m = 2, w = 0.5
  EXPECT_NEAR(value_of(sgd), 0.5, 1e-6);
}

TEST(Sgd, RateScaleAndTensorsWithoutGradient) {
  TrainedTensor half = scalar(1.0, 0.0);
  half.rate_scale = 0.5;
  Sgd sgd({half, scalar(3.0, 0.1)}, 0.0, false);
  set_gradient(sgd, 1.0);
  sgd.step(0.2);
  EXPECT_NEAR(value_of(sgd), 0.9, 1e-6);
  EXPECT_EQ(sgd.tensors()[1].tensor.item<double>(), 3.0);
  sgd.zero_gradients();
  sgd.step(0.2);
  EXPECT_NEAR(value_of(sgd), 0.9, 1e-6);
}

}  // namespace
}  // namespace hwflow::train
