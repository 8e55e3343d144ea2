#include "train/robust/attack_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace hwflow::train::robust {
namespace {

TEST(Epsilon, IsAFractionOrANumber) {
  EXPECT_DOUBLE_EQ(epsilon_from("8/255")->value, 8.0 / 255.0);
  EXPECT_DOUBLE_EQ(epsilon_from("0.03")->value, 0.03);
  EXPECT_EQ(epsilon_from("8/255")->text, "8/255");
  EXPECT_DOUBLE_EQ(epsilon_from("1")->value, 1.0);
  for (const char* wrong : {"", "8/", "/255", "8/0", "0", "-1/255", "2", "255/8", "8 /255", "nan",
                            "inf", "eps", "8/255/2"})
    EXPECT_FALSE(epsilon_from(wrong).has_value()) << wrong;
}

/// p_j by floating point, the recursion read from the paper.
std::vector<int> checkpoints_in_floats(int steps) {
  std::vector<double> p{0.0, 0.22};
  while (p.back() <= 1.0 + 1e-9) {
    const std::size_t j = p.size() - 1;
    p.push_back(p[j] + std::max(p[j] - p[j - 1] - 0.03, 0.06));
  }
  p.pop_back();
  std::vector<int> checkpoints;
  for (const double share : p) {
    const int at = static_cast<int>(std::ceil(share * steps - 1e-9));
    if (checkpoints.empty() || at > checkpoints.back()) checkpoints.push_back(at);
  }
  return checkpoints;
}

TEST(ApgdCheckpoints, FollowTheRecursion) {
  // 22; + 19 = 41; + 16 = 57; + 13 = 70; + 10 = 80; + 7 = 87; + 6 = 93; + 6 = 99.
  EXPECT_EQ(apgd_checkpoints(100), (std::vector{0, 22, 41, 57, 70, 80, 87, 93, 99}));
  for (int steps = 1; steps <= 1000; ++steps)
    ASSERT_EQ(apgd_checkpoints(steps), checkpoints_in_floats(steps)) << steps;
}

TEST(SquareShare, HalvesAtTheTableOfThePaper) {
  // Of 10 000 queries: 10 is the last of the whole share, 11 the first of the half.
  EXPECT_DOUBLE_EQ(square_share(0.8, 10, 10'000), 0.8);
  EXPECT_DOUBLE_EQ(square_share(0.8, 11, 10'000), 0.4);
  EXPECT_DOUBLE_EQ(square_share(0.8, 201, 10'000), 0.1);
  EXPECT_DOUBLE_EQ(square_share(0.8, 8'001, 10'000), 0.8 / 512);
  EXPECT_DOUBLE_EQ(square_share(0.8, 101, 1'000), 0.8 / 32);  // as 1010 of 10 000
}

TEST(AttackOptions, AllProblemsAtOnce) {
  AttackOptions o;
  EXPECT_TRUE(check(o).empty());
  o.eps = {{"0.001", 0.001}, {"2", 2.0}};
  o.pixels = PixelGrid::bytes;
  o.attacks = {AttackKind::pgd, AttackKind::pgd};
  o.pgd_steps = 0;
  o.apgd_steps = -1;
  o.restarts = 0;
  o.queries = 0;
  o.square_p = std::nan("");
  o.step_size = 0.0;
  o.batch_size = 0;
  o.threads = 0;
  const std::string text = to_text(check(o));
  for (const char* said :
       {"0.001 changes no byte", "at most 1, got 2", "pgd is named twice", "pgd_steps",
        "apgd_steps", "restarts", "queries", "square_p", "step_size", "batch_size", "threads"})
    EXPECT_THAT(text, testing::HasSubstr(said));
}

TEST(AttackOptions, OneByteIsABytesEps) {
  AttackOptions o;
  o.pixels = PixelGrid::bytes;
  o.eps = {{"1/255", 1.0 / 255.0}};
  EXPECT_TRUE(check(o).empty());
  o.eps.push_back(o.eps.front());
  EXPECT_THAT(to_text(check(o)), testing::HasSubstr("given twice"));
}

}  // namespace
}  // namespace hwflow::train::robust
