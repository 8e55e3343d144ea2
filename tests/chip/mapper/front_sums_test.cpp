// Witness: all combinations of random small sets.
#include "chip/mapper/front_sums.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

using Points = std::vector<FrontPoint>;

bool is_at_most(const FrontPoint& a, const FrontPoint& b, double factor) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] > factor * b[i] * (1 + 1e-12)) return false;
  return true;
}

std::vector<Points> random_sets(Rng& rng, std::size_t objectives) {
  std::vector<Points> sets(1 + rng.below(4));
  for (Points& set : sets) {
    set.resize(1 + rng.below(6));
    for (FrontPoint& point : set)
      for (std::size_t i = 0; i < objectives; ++i)
        point[i] = static_cast<double>(rng.between(1, 30));
  }
  return sets;
}

Points all_sums(const std::vector<Points>& sets) {
  Points sums{FrontPoint{}};
  for (const Points& set : sets) {
    Points next;
    for (const FrontPoint& sum : sums)
      for (const FrontPoint& point : set) {
        next.push_back(sum);
        for (std::size_t i = 0; i < point.size(); ++i) next.back()[i] += point[i];
      }
    sums = std::move(next);
  }
  return sums;
}

TEST(FrontSums, AreTheFrontOfAllCombinations) {
  for (std::uint64_t i = 0; i < 400; ++i) {
    Rng rng = Rng::derive(51, i);
    const std::size_t objectives = 2 + i % 2;
    const std::vector<Points> sets = random_sets(rng, objectives);
    FrontSums sums(objectives, 10'000);
    for (const Points& set : sets) sums.add(set);
    const Points all = all_sums(sets);
    Points front;
    for (const FrontPoint& mine : all)
      if (std::none_of(all.begin(), all.end(), [&](const FrontPoint& other) {
            return other != mine && is_at_most(other, mine, 1.0);
          }))
        front.push_back(mine);
    std::sort(front.begin(), front.end());
    front.erase(std::unique(front.begin(), front.end()), front.end());
    EXPECT_EQ(sums.sums(), front) << "case " << i;
    EXPECT_EQ(sums.error(), 0.0);
    for (std::size_t s = 0; s < sums.size(); ++s) {
      FrontPoint again{};
      const auto picks = sums.picks(s);
      for (std::size_t set = 0; set < sets.size(); ++set)
        for (std::size_t v = 0; v < again.size(); ++v) again[v] += sets[set][picks[set]][v];
      EXPECT_EQ(again, sums.sums()[s]);
    }
  }
}

TEST(FrontSums, SayHowMuchThinningMayMiss) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    Rng rng = Rng::derive(53, i);
    const std::vector<Points> sets = random_sets(rng, 3);
    FrontSums sums(3, 4);
    for (const Points& set : sets) sums.add(set);
    EXPECT_LE(sums.size(), 4U);
    for (const FrontPoint& mine : all_sums(sets))
      EXPECT_TRUE(std::any_of(
          sums.sums().begin(), sums.sums().end(),
          [&](const FrontPoint& kept) { return is_at_most(kept, mine, 1.0 + sums.error()); }))
          << "case " << i;
  }
}

}  // namespace
}  // namespace hwflow::chip
