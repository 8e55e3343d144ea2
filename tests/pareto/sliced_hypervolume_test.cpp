#include "pareto/sliced_hypervolume.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "pareto/hypervolume.hpp"

namespace hwflow::pareto {
namespace {

/// Points that share few values of the first objective, as designs share the accuracy of a plan.
std::vector<Objectives> draw(Rng& rng, std::size_t count, std::size_t objectives) {
  std::vector<Objectives> points(count, Objectives(objectives));
  for (Objectives& point : points) {
    for (double& value : point) value = rng.uniform() * 1.2;
    point[0] = static_cast<double>(rng.between(0, 4)) / 4.0;
  }
  return points;
}

TEST(SlicedHypervolume, MatchesTheHypervolumeAndTheFrontOfRandomPoints) {
  Rng rng(41);
  for (int trial = 0; trial < 300; ++trial) {
    const std::size_t objectives = 1 + rng.below(5);
    const Objectives reference(objectives, 1.0);
    const std::vector<Objectives> points = draw(rng, rng.below(20), objectives);
    const SlicedVolume sliced = sliced_hypervolume(points, reference);
    ASSERT_NEAR(sliced.volume, hypervolume(points, reference), 1e-12) << "trial " << trial;

    // What lies beyond the reference is dominated by nothing below it, or out of the question.
    std::vector<std::size_t> expected;
    for (const std::size_t i : pareto_front(points)) {
      bool is_below = true;
      for (const double value : points[i]) is_below &= value < 1.0;
      if (is_below) expected.push_back(i);
    }
    ASSERT_EQ(sliced.front, expected) << "trial " << trial;
  }
}

/// Adding up slices by hand: accuracy errors 0.2 and 0.5, one cost each, 0.6 and 0.3.
/// From 0.2 to 0.5 the cost leaves 0.4, from 0.5 to 1 it leaves 0.7.
TEST(SlicedHypervolume, AddsUpSlices) {
  const std::vector<Objectives> points{{0.2, 0.6}, {0.5, 0.3}, {0.5, 0.9}};
  const SlicedVolume sliced = sliced_hypervolume(points, {1.0, 1.0});
  EXPECT_NEAR(sliced.volume, 0.3 * 0.4 + 0.5 * 0.7, 1e-15);
  EXPECT_EQ(sliced.front, (std::vector<std::size_t>{0, 1}));
}

/// A design of the grid for every plan: thousands of points, many of equal areas.
TEST(SlicedHypervolume, MatchesTheHypervolumeOfSharedDesigns) {
  Rng rng(42);
  std::vector<Objectives> points;
  for (int plan = 0; plan < 6; ++plan) {
    const double error = rng.uniform(), work = 1.0 - error;
    for (int area = 1; area <= 8; ++area) {
      for (int room = 1; room <= 4; ++room) {
        points.push_back({error, work / area, work / room, area / 9.0, room / 5.0});
      }
    }
  }
  const Objectives reference(5, 1.0);
  EXPECT_NEAR(sliced_hypervolume(points, reference).volume, hypervolume(points, reference), 1e-12);
}

}  // namespace
}  // namespace hwflow::pareto
