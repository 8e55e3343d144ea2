#include "pareto/dominance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.hpp"
#include "base/random.hpp"

namespace hwflow::pareto {
namespace {

std::vector<Objectives> random_points(Rng& rng, std::size_t count, std::size_t objectives,
                                      std::int64_t largest) {
  std::vector<Objectives> points(count, Objectives(objectives));
  for (Objectives& point : points) {
    for (double& value : point) value = static_cast<double>(rng.between(0, largest));
  }
  return points;
}

/// Oracle, from the definition: the front of a point is the length of the longest chain of points
/// each dominating the next that ends in it.
std::size_t longest_chain(const std::vector<Objectives>& points, std::size_t end) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (dominates(points[i], points[end])) length = std::max(length, longest_chain(points, i) + 1);
  }
  return length;
}

TEST(Dominates, IsAStrictPartialOrder) {
  Rng rng(11);
  for (int trial = 0; trial < 2'000; ++trial) {
    const std::vector<Objectives> p = random_points(rng, 3, 3, 2);
    EXPECT_FALSE(dominates(p[0], p[0]));
    EXPECT_FALSE(dominates(p[0], p[1]) && dominates(p[1], p[0]));
    const bool chain = dominates(p[0], p[1]) && dominates(p[1], p[2]);
    EXPECT_TRUE(!chain || dominates(p[0], p[2]));
  }
}

TEST(Dominates, NeedsOneBetterAndNoneWorse) {
  EXPECT_TRUE(dominates({1, 2}, {1, 3}));
  EXPECT_FALSE(dominates({1, 2}, {1, 2}));
  EXPECT_FALSE(dominates({0, 4}, {1, 3}));
  EXPECT_THROW(static_cast<void>(dominates({1}, {1, 2})), InternalError);
}

TEST(NonDominatedSort, RanksAreLongestChains) {
  Rng rng(12);
  for (int trial = 0; trial < 300; ++trial) {
    const auto points = random_points(rng, rng.below(13), 1 + rng.below(3), 4);
    const Sorting sorting = non_dominated_sort(points);
    ASSERT_EQ(sorting.rank.size(), points.size());
    std::size_t listed = 0;
    for (std::size_t f = 0; f < sorting.fronts.size(); ++f) {
      listed += sorting.fronts[f].size();
      for (const std::size_t i : sorting.fronts[f]) EXPECT_EQ(sorting.rank[i], f);
    }
    EXPECT_EQ(listed, points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      ASSERT_EQ(sorting.rank[i], longest_chain(points, i)) << "trial " << trial << " point " << i;
    }
  }
}

TEST(ParetoFront, IsTheFirstFrontWithoutDuplicates) {
  Rng rng(13);
  for (int trial = 0; trial < 300; ++trial) {
    const auto points = random_points(rng, rng.below(20), 1 + rng.below(3), 3);
    std::vector<std::size_t> expected;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const bool dominated = std::any_of(points.begin(), points.end(), [&](const Objectives& p) {
        return dominates(p, points[i]);
      });
      const auto here = points.begin() + static_cast<std::ptrdiff_t>(i);
      const bool repeated = std::find(points.begin(), here, points[i]) != here;
      if (!dominated && !repeated) expected.push_back(i);
    }
    ASSERT_EQ(pareto_front(points), expected) << "trial " << trial;
  }
}

TEST(CrowdingDistance, HandWorkedFront) {
  // Ranges 4 and 8. Middle points: (2-0)/4 + (8-3)/8 = 1.125 and (4-1)/4 + (5-0)/8 = 1.375.
  const std::vector<Objectives> front{{0, 8}, {1, 5}, {2, 3}, {4, 0}};
  const std::vector<double> distance = crowding_distance(front);
  EXPECT_TRUE(std::isinf(distance[0]));
  EXPECT_DOUBLE_EQ(distance[1], 1.125);
  EXPECT_DOUBLE_EQ(distance[2], 1.375);
  EXPECT_TRUE(std::isinf(distance[3]));
}

TEST(CrowdingDistance, AnObjectiveWithoutRangeAddsNothing) {
  const std::vector<Objectives> front{{0, 7}, {1, 7}, {4, 7}};
  EXPECT_DOUBLE_EQ(crowding_distance(front)[1], 1.0);  // (4-0)/4 from the first alone
}

TEST(SelectBest, TakesWholeFrontsThenTheLeastCrowded) {
  // Front 0: the first three; front 1: the rest, where the middle point is the crowded one.
  const std::vector<Objectives> points{{0, 4}, {2, 2}, {4, 0}, {1, 9}, {5, 5}, {9, 1}};
  const std::vector<std::size_t> best = select_best(points, 5);
  EXPECT_EQ(std::vector<std::size_t>({0, 2, 1, 3, 5}), best);
  EXPECT_EQ(select_best(points, 99).size(), points.size());
  EXPECT_TRUE(select_best({}, 3).empty());
}

TEST(NonDominatedSort, RefusesValuesThatCannotBeOrdered) {
  const std::vector<Objectives> points{{1.0, std::numeric_limits<double>::quiet_NaN()}, {0, 0}};
  EXPECT_THROW(static_cast<void>(non_dominated_sort(points)), InternalError);
}

}  // namespace
}  // namespace hwflow::pareto
