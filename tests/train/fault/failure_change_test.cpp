#include "train/fault/failure_change.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"

namespace hwflow::train::fault {
namespace {

std::vector<ImageCounts> one_each(const std::vector<int>& failures) {
  std::vector<ImageCounts> images;
  for (const int failed : failures) images.push_back({1, failed});
  return images;
}

TEST(FailureChange, OfPairsByHand) {
  // Four fail before, two of them after, and one more: 3/4. Parts 1/3 - 1/4 twice, -1/4 twice, 1/3
  // once: squares 2/144 + 2/16 + 1/9 = 36/144; of 10 images 10/9 times as much.
  const FailureChange change = failure_change(one_each({1, 1, 1, 1, 0, 0, 0, 0, 0, 0}),
                                              one_each({1, 1, 0, 0, 1, 0, 0, 0, 0, 0}), 0.95);
  EXPECT_DOUBLE_EQ(change.ratio, 0.75);
  const double width = std::exp(1.960 * std::sqrt(0.25 * 10.0 / 9.0));
  EXPECT_NEAR(change.interval.low, 0.75 / width, 1e-12);
  EXPECT_NEAR(change.interval.high, 0.75 * width, 1e-12);
  EXPECT_FALSE(change.is_less());
}

TEST(FailureChange, OfTheSameFailuresIsNone) {
  const auto images = one_each({1, 0, 1, 0, 0});
  const FailureChange change = failure_change(images, images, 0.95);
  EXPECT_DOUBLE_EQ(change.ratio, 1.0);
  EXPECT_DOUBLE_EQ(change.interval.half_width(), 0.0);
}

TEST(FailureChange, WithoutFailuresIsWide) {
  const FailureChange none = failure_change(one_each({0, 0, 0}), one_each({0, 0, 0}), 0.95);
  EXPECT_DOUBLE_EQ(none.ratio, 1.0);
  EXPECT_GT(none.interval.high, 10.0);
  const FailureChange some = failure_change(one_each({1, 1, 1}), one_each({0, 0, 0}), 0.95);
  EXPECT_NEAR(some.ratio, 0.5 / 3.5, 1e-12);
  EXPECT_FALSE(some.is_less()) << "three failures do not prove it";
}

/// Images differ in how easily they fail; some fail for whoever runs them.
struct Failing {
  std::vector<ImageCounts> before, after;
};
Failing draw(Rng& rng, std::size_t images) {
  Failing failing;
  for (std::size_t i = 0; i < images; ++i) {
    const double ease = rng.uniform() < 0.1 ? 0.6 : 0.01;
    ImageCounts before{5, 0}, after{5, 0};
    for (int k = 0; k < 5; ++k) {
      if (rng.uniform() < ease) ++before.failures;
      if (rng.uniform() < 0.7 * ease) ++after.failures;
    }
    failing.before.push_back(before);
    failing.after.push_back(after);
  }
  return failing;
}

TEST(FailureChange, IntervalHoldsTheTruthAsOftenAsItSays) {
  Rng rng(7);
  int held = 0;
  constexpr int kRuns = 2000;
  for (int run = 0; run < kRuns; ++run) {
    const Failing failing = draw(rng, 400);
    const Interval interval = failure_change(failing.before, failing.after, 0.95).interval;
    if (interval.low <= 0.7 && 0.7 <= interval.high) ++held;
  }
  EXPECT_NEAR(held, 0.95 * kRuns, 0.02 * kRuns);
}

TEST(FailureChange, IsThatOfABootstrapOverImages) {
  Rng rng(3);
  const Failing failing = draw(rng, 1000);
  std::vector<double> ratios;
  for (int run = 0; run < 4000; ++run) {
    double before = 0.0, after = 0.0;
    for (std::size_t i = 0; i < 1000; ++i) {
      const auto image = static_cast<std::size_t>(rng.below(1000));
      before += static_cast<double>(failing.before[image].failures);
      after += static_cast<double>(failing.after[image].failures);
    }
    ratios.push_back(after / before);
  }
  std::ranges::sort(ratios);
  const Interval interval = failure_change(failing.before, failing.after, 0.95).interval;
  EXPECT_NEAR(interval.low, ratios[100], 0.02);
  EXPECT_NEAR(interval.high, ratios[3900], 0.02);
}

}  // namespace
}  // namespace hwflow::train::fault
