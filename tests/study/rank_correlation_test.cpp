#include "study/rank_correlation.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.hpp"

namespace hwflow::study {
namespace {

TEST(RankCorrelation, IsOneWhateverTheScale) {
  const std::vector<double> a{3.0, -1.0, 10.0, 4.0};
  std::vector<double> up, down;
  for (const double value : a) {
    up.push_back(std::exp(value));
    down.push_back(-value);
  }
  EXPECT_DOUBLE_EQ(rank_correlation(a, up).value(), 1.0);
  EXPECT_DOUBLE_EQ(rank_correlation(a, down).value(), -1.0);
}

/// Without equal values it is 1 - 6 sum d^2 / (n (n^2 - 1)).
TEST(RankCorrelation, IsSpearmansFormulaWithoutTies) {
  Rng rng(5);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> a(9), b(9);
    std::iota(a.begin(), a.end(), 0.0);
    std::iota(b.begin(), b.end(), 0.0);
    for (std::size_t i = 9; i > 1; --i) std::swap(b[i - 1], b[rng.below(i)]);
    double squares = 0.0;
    for (std::size_t i = 0; i < 9; ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
    EXPECT_NEAR(rank_correlation(a, b).value(), 1.0 - 6.0 * squares / (9.0 * 80.0), 1e-12);
  }
}

/// Ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3, about 1.5: sum xy = 4.5, xx = 4.5, yy = 5.
TEST(RankCorrelation, EqualValuesShareTheirRanks) {
  const auto value =
      rank_correlation(std::array{1.0, 2.0, 2.0, 3.0}, std::array{1.0, 2.0, 3.0, 4.0});
  EXPECT_NEAR(value.value(), 4.5 / std::sqrt(4.5 * 5.0), 1e-12);
}

TEST(RankCorrelation, IsUndefinedWhereNothingVaries) {
  const std::vector<double> none, one{1.0}, equal{2.0, 2.0}, rising{1.0, 2.0};
  EXPECT_FALSE(rank_correlation(none, none).has_value());
  EXPECT_FALSE(rank_correlation(one, one).has_value());
  EXPECT_FALSE(rank_correlation(equal, rising).has_value());
  EXPECT_FALSE(rank_correlation(rising, equal).has_value());
}

}  // namespace
}  // namespace hwflow::study
