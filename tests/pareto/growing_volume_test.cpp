#include "pareto/growing_volume.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "pareto/hypervolume.hpp"

namespace hwflow::pareto {
namespace {

std::vector<Objectives> draw(Rng& rng, std::size_t count, std::size_t objectives) {
  std::vector<Objectives> points(count, Objectives(objectives));
  for (Objectives& point : points) {
    // Few values: points share coordinates, and some lie on or beyond the reference of 5.
    for (double& value : point) value = static_cast<double>(rng.between(0, 6));
  }
  return points;
}

/// Below the corner (4, 4), by hand.
TEST(Staircase, AddsAreaThatNoStepCovered) {
  Staircase stairs(4.0, 4.0);
  EXPECT_DOUBLE_EQ(stairs.add(2.0, 2.0).area, 4.0);  // 2 x 2
  EXPECT_DOUBLE_EQ(stairs.add(1.0, 3.0).area, 1.0);  // the square left of it
  EXPECT_DOUBLE_EQ(stairs.add(3.0, 1.0).area, 1.0);  // the one below it
  EXPECT_FALSE(stairs.add(2.0, 2.0).is_new);
  EXPECT_FALSE(stairs.add(3.5, 2.0).is_new);
  EXPECT_DOUBLE_EQ(stairs.add(0.0, 0.0).area, 16.0 - 6.0);
  EXPECT_FALSE(stairs.add(0.0, 1.0).is_new);
}

/// After every point: the volume of all so far by another algorithm, and whether one was as good.
TEST(GrowingVolume, MatchesTheHypervolumeAfterEveryPoint) {
  Rng rng(31);
  for (int trial = 0; trial < 400; ++trial) {
    const std::size_t objectives = 1 + rng.below(5);
    const Objectives reference(objectives, 5.0);
    const std::vector<Objectives> points = draw(rng, rng.below(12), objectives);
    GrowingVolume volume(points, reference);
    for (std::size_t i = 0; i < points.size(); ++i) {
      bool is_new = true;
      for (std::size_t k = 0; k < objectives; ++k) is_new &= points[i][k] < 5.0;
      for (std::size_t j = 0; j < i; ++j) {
        is_new &= points[j] != points[i] && !dominates(points[j], points[i]);
      }
      ASSERT_EQ(volume.add(points[i]), is_new) << "trial " << trial;
      ASSERT_NEAR(volume.volume(), hypervolume({points.data(), i + 1}, reference), 1e-9);
    }
  }
}

TEST(GrowingVolume, HasNoVolumeWithoutPoints) {
  EXPECT_EQ(GrowingVolume({}, {1.0, 1.0, 1.0}).volume(), 0.0);
}

}  // namespace
}  // namespace hwflow::pareto
