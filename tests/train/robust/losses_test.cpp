#include "train/robust/losses.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

Tensor labels(std::vector<std::int64_t> values) { return torch::tensor(values, torch::kInt64); }

TEST(Losses, ByHand) {
  const Tensor logits =
      torch::tensor({5.0, 3.0, 1.0, 0.0, 5.0, 3.0, 1.0, 0.0}, torch::kFloat64).view({2, 4});
  const Tensor y = labels({0, 1});
  const Tensor margins = margin(logits, y);
  EXPECT_DOUBLE_EQ(margins[0].item<double>(), 2.0);   // 5 - 3
  EXPECT_DOUBLE_EQ(margins[1].item<double>(), -2.0);  // 3 - 5
  const Tensor ratios = difference_of_logits_ratio(logits, y);
  EXPECT_NEAR(ratios[0].item<double>(), -2.0 / 4.0, 1e-9);  // over 5 - 1, first and third
  EXPECT_NEAR(ratios[1].item<double>(), 2.0 / 4.0, 1e-9);
  const double sum = std::exp(5.0) + std::exp(3.0) + std::exp(1.0) + 1.0;
  EXPECT_NEAR(cross_entropy(logits, y)[0].item<double>(), std::log(sum) - 5.0, 1e-9);
}

TEST(Losses, TheRatioIgnoresShiftAndScale) {
  torch::manual_seed(3);
  const Tensor logits = torch::randn({50, 10}, torch::kFloat64);
  const Tensor y = torch::randint(10, {50}, torch::kInt64);
  const Tensor plain = difference_of_logits_ratio(logits, y);
  EXPECT_TRUE(torch::allclose(difference_of_logits_ratio(logits + 17.0, y), plain, 1e-6, 1e-9));
  EXPECT_TRUE(torch::allclose(difference_of_logits_ratio(1000.0 * logits, y), plain, 1e-6, 1e-9));
}

TEST(Losses, TheRatioIsPositiveExactlyWhereTheImageIsWrong) {
  torch::manual_seed(4);
  const Tensor logits = torch::randn({200, 5}, torch::kFloat64);
  const Tensor y = torch::randint(5, {200}, torch::kInt64);
  const Tensor wrong = logits.argmax(1).ne(y);
  EXPECT_TRUE(torch::equal(difference_of_logits_ratio(logits, y).gt(0), wrong));
  EXPECT_TRUE(torch::equal(margin(logits, y).lt(0), wrong));
}

TEST(Losses, OverconfidentLogitsStarveTheCrossEntropyNotTheRatio) {
  // 200 ahead: in float32 the softmax is 1 and 0, and the gradient of the cross-entropy is 0.
  const Tensor logits = torch::tensor({200.0F, 0.0F, -1.0F}).view({1, 3}).requires_grad_(true);
  cross_entropy(logits, labels({0})).sum().backward();
  EXPECT_EQ(logits.grad().abs().max().item<float>(), 0.0F);
  logits.mutable_grad().reset();
  difference_of_logits_ratio(logits, labels({0})).sum().backward();
  EXPECT_GT(logits.grad().abs().max().item<float>(), 0.0F);
}

}  // namespace
}  // namespace hwflow::train::robust
