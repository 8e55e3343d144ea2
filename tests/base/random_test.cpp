#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

#include "base/check.hpp"

namespace hwflow {
namespace {

TEST(Rng, SeedingFollowsTheReferenceOfSplitmixAndXoshiro) {
  // Second derivation: splitmix64 of seed 0 gives 0xE220A8397B1DCDAF first (published test vector);
  // xoshiro256** then outputs rotl(s1 * 5, 7) * 9 with s1 the second splitmix output,
  // 0x6E789E6AA1B965F4.
  const std::uint64_t s1 = 0x6E789E6AA1B965F4ULL;
  const std::uint64_t times5 = s1 * 5;
  const std::uint64_t expected = ((times5 << 7) | (times5 >> 57)) * 9;
  Rng rng(0);
  EXPECT_EQ(rng(), expected);
}

TEST(Rng, SameSeedSameStreamAndOtherSeedAnother) {
  Rng a(7), b(7), c(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a();
    ASSERT_EQ(value, b());
    differs |= value != c();
  }
  EXPECT_TRUE(differs);
}

TEST(Rng, DerivedStreamsDiffer) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t stream = 0; stream < 1000; ++stream) firsts.insert(Rng::derive(1, stream)());
  EXPECT_EQ(firsts.size(), 1000U);
}

TEST(Rng, BelowIsUniform) {
  // Chi-square with 6 degrees of freedom: 99.99 % quantile 27.9.
  Rng rng(42);
  std::array<int, 7> counts{};
  constexpr int kDraws = 70'000;
  for (int i = 0; i < kDraws; ++i) ++counts[rng.below(7)];
  double chi_square = 0;
  for (const int count : counts) chi_square += std::pow(count - kDraws / 7.0, 2) / (kDraws / 7.0);
  EXPECT_LT(chi_square, 27.9);
}

TEST(Rng, BetweenIncludesBothEnds) {
  Rng rng(3);
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng.between(-2, 2));
  EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(rng.between(5, 5), 5);
  EXPECT_THROW(rng.below(0), InternalError);
}

TEST(Rng, UniformAndNormalHaveTheirMoments) {
  Rng rng(11);
  constexpr int kDraws = 100'000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    const double z = rng.normal();
    normal_sum += z;
    normal_squares += z * z;
  }
  // Five standard errors of the mean: sqrt(1/12/n), sqrt(1/n), sqrt(2/n).
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_NEAR(normal_sum / kDraws, 0.0, 5 * std::sqrt(1.0 / kDraws));
  EXPECT_NEAR(normal_squares / kDraws, 1.0, 5 * std::sqrt(2.0 / kDraws));
}

TEST(StableHash, IsFnv1a) {
  // Published FNV-1a 64-bit test vectors.
  EXPECT_EQ(stable_hash(""), 0xCBF29CE484222325ULL);
  EXPECT_EQ(stable_hash("a"), 0xAF63DC4C8601EC8CULL);
  EXPECT_EQ(stable_hash("foobar"), 0x85944171F73967E8ULL);
}

}  // namespace
}  // namespace hwflow
