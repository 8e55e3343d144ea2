#include "train/agent/rules.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

TEST(ExplorationNoise, NoneInTheWarmUpThenDecays) {
  const DdpgOptions options;  // 20 episodes, 0.5, 0.99
  EXPECT_EQ(exploration_noise(options, 0), std::nullopt);
  EXPECT_EQ(exploration_noise(options, 19), std::nullopt);
  EXPECT_DOUBLE_EQ(exploration_noise(options, 20).value(), 0.5);
  EXPECT_DOUBLE_EQ(exploration_noise(options, 21).value(), 0.495);
  EXPECT_NEAR(exploration_noise(options, 22).value(), 0.49005, 1e-12);
  EXPECT_NEAR(exploration_noise(options, 120).value(), 0.5 * 0.366032, 1e-6);  // 0.99^100
}

double density(double x) { return std::exp(-x * x / 2.0) / std::sqrt(2.0 * std::numbers::pi); }
double share_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// The mean of a normal cut to 0..1 is m + s (f(a) - f(b)) / (F(b) - F(a)) with a = -m/s and
// b = (1 - m)/s (Johnson, Kotz & Balakrishnan, "Continuous univariate distributions", 13.10.1).
TEST(TruncatedNormal, StaysInsideAndHasTheMeanOfItsFormula) {
  Rng rng(7);
  for (const double mean : {0.0, 0.2, 0.5, 0.95, 1.0}) {
    for (const double deviation : {0.05, 0.5, 2.0}) {
      const double a = -mean / deviation, b = (1.0 - mean) / deviation;
      const double expected =
          mean + deviation * (density(a) - density(b)) / (share_below(b) - share_below(a));
      double sum = 0.0;
      constexpr int kDraws = 20'000;
      for (int i = 0; i < kDraws; ++i) {
        const double draw = truncated_normal(mean, deviation, rng);
        ASSERT_GE(draw, 0.0);
        ASSERT_LE(draw, 1.0);
        sum += draw;
      }
      // At most 0.29 of deviation (uniform): 0.01 is five standard errors.
      EXPECT_NEAR(sum / kDraws, expected, 0.01) << mean << " +- " << deviation;
    }
  }
}

TEST(TruncatedNormal, WithoutDeviationIsTheMean) {
  Rng rng(7);
  EXPECT_EQ(truncated_normal(0.3, 0.0, rng), 0.3);
  EXPECT_EQ(truncated_normal(1.0, 0.0, rng), 1.0);
  EXPECT_THROW(static_cast<void>(truncated_normal(1.5, 0.1, rng)), InternalError);
}

TEST(CriticTargets, TheLastStepHasNoNext) {
  const std::vector<float> rewards{0.5F, -1.0F, 0.5F}, next{2.0F, 4.0F, 8.0F};
  const std::vector<std::uint8_t> last{0, 0, 1};
  EXPECT_EQ(critic_targets(rewards, last, next, 1.0), (std::vector<float>{2.5F, 3.0F, 0.5F}));
  EXPECT_EQ(critic_targets(rewards, last, next, 0.5), (std::vector<float>{1.5F, 1.0F, 0.5F}));
}

TEST(MoveTowards, GoesTheGivenShareOfTheWay) {
  std::vector<float> target{1.0F, -2.0F};
  const std::vector<float> source{2.0F, 2.0F};
  move_towards(target, source, 0.01);
  EXPECT_NEAR(target[0], 1.01, 1e-6);
  EXPECT_NEAR(target[1], -1.96, 1e-6);
  move_towards(target, source, 0.5);
  EXPECT_NEAR(target[0], 1.505, 1e-6);
  EXPECT_NEAR(target[1], 0.02, 1e-6);
}

TEST(RewardBaseline, MovesHalfTheWayToEveryMean) {
  RewardBaseline baseline(0.5);
  // Mean 2 starts the average; then it is 2 + (6 - 2) / 2 = 4, then 4 + (0 - 4) / 2 = 2.
  EXPECT_EQ(baseline.centre(std::vector<float>{1, 3}), (std::vector<float>{-1, 1}));
  EXPECT_EQ(baseline.centre(std::vector<float>{5, 7}), (std::vector<float>{1, 3}));
  EXPECT_EQ(baseline.centre(std::vector<float>{0, 0}), (std::vector<float>{-2, -2}));
}

}  // namespace
}  // namespace hwflow::train
