#include "train/fault/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hwflow::train::fault {
namespace {

TEST(CriticalValue, AsTablesOfTheNormalDistributionPrintIt) {
  EXPECT_DOUBLE_EQ(critical_value(0.90), 1.645);
  EXPECT_DOUBLE_EQ(critical_value(0.95), 1.960);
  EXPECT_DOUBLE_EQ(critical_value(0.99), 2.576);
  EXPECT_DOUBLE_EQ(critical_value(0.998), 3.090);
}

/// Tables of Student's distribution.
TEST(CriticalValue, OfStudentAsTablesPrintIt) {
  EXPECT_NEAR(critical_value(0.95, 3), 3.182, 0.03);
  EXPECT_NEAR(critical_value(0.95, 5), 2.571, 0.005);
  EXPECT_NEAR(critical_value(0.95, 10), 2.228, 0.001);
  EXPECT_NEAR(critical_value(0.99, 10), 3.169, 0.003);
  EXPECT_NEAR(critical_value(0.95, 1e9), 1.960, 1e-6);
}

/// Survey tables: 9,604 and 384 of an unbounded population; ResNet-20 in float32 with stuck-at
/// faults at every bit (268,336 weights x 32 bits x 2).
TEST(SampleSize, EqualsPublishedSizes) {
  constexpr std::int64_t kResnet20 = std::int64_t{268336} * 32 * 2;
  EXPECT_EQ(sample_size(0, 0.01, 0.95), 9604);
  EXPECT_EQ(sample_size(0, 0.05, 0.95), 384);
  EXPECT_EQ(sample_size(kResnet20, 0.01, 0.99), 16573);
  EXPECT_EQ(sample_size(kResnet20, 0.05, 0.95), 384);
  EXPECT_EQ(sample_size(kResnet20, 0.01, 0.95), 9599);
  EXPECT_EQ(sample_size(kResnet20, 0.05, 0.99), 664);
  EXPECT_EQ(sample_size(kResnet20, 0.001, 0.95), 909536);
  EXPECT_EQ(sample_size(kResnet20, 0.001, 0.99), 1512808);
}

TEST(SampleSize, NeverAsksForMoreThanThereIs) {
  EXPECT_EQ(sample_size(1, 0.01, 0.95), 1);
  EXPECT_LE(sample_size(50, 0.001, 0.99), 50);
}

/// The interval's ends are the shares p at which the normal test just accepts what was seen:
/// |x/n - p| = t sqrt(p (1 - p) / n).
TEST(Wilson, EndsSolveTheEquationThatDefinesThem) {
  for (const double hits : {0.0, 1.0, 3.5, 50.0, 99.0, 100.0}) {
    const Interval interval = wilson(hits, 100, 0.95);
    const double share = hits / 100;
    for (const double p : {interval.low, interval.high})
      EXPECT_NEAR(std::abs(share - p), 1.96 * std::sqrt(p * (1 - p) / 100), 1e-7) << hits;
  }
}

TEST(Wilson, NothingDrawnSaysNothing) {
  const Interval interval = wilson(0, 0, 0.95);
  EXPECT_EQ(interval.low, 0.0);
  EXPECT_EQ(interval.high, 1.0);
}

TEST(Wilson, AllOfAPopulationIsKnownExactly) {
  const Interval interval = wilson(3, 10, 0.95, 10);
  EXPECT_EQ(interval.low, 0.3);
  EXPECT_EQ(interval.high, 0.3);
  // Half of it: as many draws more as 1 / (1 - n / N) says.
  EXPECT_NEAR(wilson(10, 500, 0.95, 1001).half_width(),
              wilson(10 * 1000.0 / 501, 998, 0.95).half_width(), 1e-4);
}

}  // namespace
}  // namespace hwflow::train::fault
