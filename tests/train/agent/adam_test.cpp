#include "train/agent/adam.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

// Step 1: m = 0.1 g and v = 0.001 g^2 are corrected to g and g^2: each weight moves by the rate.
TEST(Adam, FirstStepIsTheRateAgainstTheSignOfTheGradient) {
  Adam adam(3, 0.01);
  std::vector<float> weights{1.0F, 1.0F, 1.0F};
  adam.step(weights, std::vector<float>{4.0F, -0.25F, 0.0F});
  EXPECT_NEAR(weights[0], 0.99, 1e-6);
  EXPECT_NEAR(weights[1], 1.01, 1e-6);
  EXPECT_EQ(weights[2], 1.0F);
}

// g = 1, then -2: m = 0.1, then 0.09 - 0.2 = -0.11; v = 0.001, then 0.000999 + 0.004 = 0.004999.
// Corrected: -0.11 / 0.19 and 0.004999 / 0.001999; w = -0.1, then + 0.1 * 0.578947 / sqrt(2.50075).
TEST(Adam, SecondStepByHand) {
  Adam adam(1, 0.1);
  std::vector<float> weight{0.0F};
  adam.step(weight, std::vector<float>{1.0F});
  EXPECT_NEAR(weight[0], -0.1, 1e-6);
  adam.step(weight, std::vector<float>{-2.0F});
  EXPECT_NEAR(weight[0], -0.1 + 0.1 * (0.11 / 0.19) / std::sqrt(0.004999 / 0.001999), 1e-6);
}

TEST(Adam, RefusesParametersOfAnotherNetwork) {
  Adam adam(2, 0.1);
  std::vector<float> weight{0.0F};
  EXPECT_THROW(adam.step(weight, std::vector<float>{1.0F}), InternalError);
}

}  // namespace
}  // namespace hwflow::train
