#include "study/paired_test.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hwflow::study {
namespace {

TEST(PairedTest, CountsTheFourKindsOfImages) {
  const std::vector<std::uint8_t> a{1, 1, 1, 0, 0, 1}, b{1, 0, 0, 1, 0, 1};
  const PairedTest test = paired_test(a, b);
  EXPECT_EQ(test.both_right, 2);
  EXPECT_EQ(test.only_a_right, 2);
  EXPECT_EQ(test.only_b_right, 1);
  EXPECT_EQ(test.both_wrong, 1);
  EXPECT_DOUBLE_EQ(test.difference, 1.0 / 6.0);
}

TEST(PairedTest, ExactPValuesByHand) {
  // 12 discordant, 1 and 11: 2 * (C(12,0) + C(12,1)) / 2^12 = 2 * 13 / 4096.
  EXPECT_NEAR(paired_test(50, 11, 1, 0).p_value, 26.0 / 4096.0, 1e-12);
  // 6 discordant, all on one side: 2 / 2^6.
  EXPECT_NEAR(paired_test(0, 6, 0, 4).p_value, 2.0 / 64.0, 1e-12);
  // Balanced: certainly no evidence; nothing discordant: none at all.
  EXPECT_EQ(paired_test(5, 3, 3, 5).p_value, 1.0);
  EXPECT_EQ(paired_test(5, 0, 0, 5).p_value, 1.0);
}

TEST(PairedTest, PublishedApprovalRatings) {
  // Agresti, "Categorical Data Analysis", table of prime minister ratings: 794, 150, 86, 570. He
  // reports a difference of 0.04 in favour of the first survey and z^2 = 17.36 for McNemar's test;
  // a chi-square of 17.36 with one degree of freedom has p = 3.1e-5, which the exact test is near.
  const PairedTest test = paired_test(794, 150, 86, 570);
  EXPECT_DOUBLE_EQ(test.difference, 64.0 / 1600.0);
  EXPECT_GT(test.p_value, 2.5e-5);
  EXPECT_LT(test.p_value, 4.5e-5);
  // His Wald interval is (0.021, 0.059); the adjusted one differs in the fourth digit.
  EXPECT_NEAR(test.low, 0.021, 5e-4);
  EXPECT_NEAR(test.high, 0.059, 5e-4);
}

TEST(PairedTest, PublishedResponsesToTherapy) {
  // Fagerland, Lydersen and Laake, "Statistical Analysis of Contingency Tables", 2017, chapter 8:
  // complete response before and after consolidation therapy (Cavo et al., 2012), 59, 6, 16, 80.
  // The R package of the book, contingencytables, prints for Bonett and Price's interval
  // "-0.1195 to -0.0032" and for the exact conditional McNemar test "P = 0.052479".
  const PairedTest test = paired_test(59, 6, 16, 80);
  EXPECT_NEAR(test.difference, -0.0621, 5e-5);
  EXPECT_NEAR(test.low, -0.1195, 5e-5);
  EXPECT_NEAR(test.high, -0.0032, 5e-5);
  EXPECT_NEAR(test.p_value, 0.052479, 5e-7);
}

TEST(PairedTest, SwappingThePlansMirrorsTheResult) {
  const PairedTest ab = paired_test(800, 31, 17, 169), ba = paired_test(800, 17, 31, 169);
  EXPECT_DOUBLE_EQ(ab.difference, -ba.difference);
  EXPECT_DOUBLE_EQ(ab.p_value, ba.p_value);
  EXPECT_NEAR(ab.low, -ba.high, 1e-15);
}

}  // namespace
}  // namespace hwflow::study
