#include "report/scale.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/check.hpp"
#include "base/random.hpp"

namespace hwflow::report {
namespace {

std::vector<std::string> texts(const Scale& scale) {
  std::vector<std::string> all;
  for (const Tick& tick : scale.ticks()) {
    if (!tick.text.empty()) all.push_back(tick.text);
  }
  return all;
}

TEST(Scale, LinearTicksAreRound) {
  EXPECT_THAT(texts(Scale::linear(0.3, 9.7, 5)),
              testing::ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(texts(Scale::linear(-0.1, 0.1, 4)),
              testing::ElementsAre("-0.10", "-0.05", "0.00", "0.05", "0.10"));
  EXPECT_THAT(texts(Scale::linear(0, 1, 4)),
              testing::ElementsAre("0.00", "0.25", "0.50", "0.75", "1.00"));
}

TEST(Scale, LogarithmicTicksAreDecades) {
  EXPECT_THAT(texts(Scale::logarithmic(0.5, 2000.0)),
              testing::ElementsAre("1", "10", "100", "1000"));
  EXPECT_THAT(texts(Scale::logarithmic(1.0, 20.0)),
              testing::ElementsAre("1", "2", "5", "10", "20"));
}

TEST(Scale, MapsItsEndsAndItsMiddle) {
  const Scale linear = Scale::linear(0, 10, 5).on(100, 200);
  EXPECT_DOUBLE_EQ(linear(0), 100);
  EXPECT_DOUBLE_EQ(linear(5), 150);
  EXPECT_DOUBLE_EQ(linear(10), 200);
  const Scale log = Scale::logarithmic(1.25, 80.0).on(0, 100);  // widened to 1 and 100
  EXPECT_NEAR(log(1), 0, 1e-9);
  EXPECT_NEAR(log(10), 50, 1e-9);
  EXPECT_NEAR(log(100), 100, 1e-9);
}

TEST(Scale, HoldsItsRangeAndNotTooManyTicks) {
  Rng rng(3);
  for (int trial = 0; trial < 5'000; ++trial) {
    const double low = rng.normal() * std::pow(10.0, static_cast<double>(rng.between(-9, 9)));
    const double high =
        low + rng.uniform() * std::pow(10.0, static_cast<double>(rng.between(-9, 9)));
    const Scale scale = Scale::linear(low, high, 6);
    ASSERT_LE(scale.low(), low + 1e-8 * (high - low) + 1e-12) << low << ' ' << high;
    ASSERT_GE(scale.high(), high - 1e-8 * (high - low) - 1e-12) << low << ' ' << high;
    ASSERT_LE(scale.ticks().size(), 10U);
    ASSERT_GE(scale.ticks().size(), 2U);
  }
}

TEST(Scale, RefusesRangesWithoutMeaning) {
  EXPECT_THROW((void)Scale::linear(2, 1, 5), InternalError);
  EXPECT_THROW((void)Scale::linear(0, std::nan(""), 5), InternalError);
  EXPECT_THROW((void)Scale::logarithmic(0, 1), InternalError);
}

}  // namespace
}  // namespace hwflow::report
