#include "pareto/hypervolume.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace hwflow::pareto {
namespace {

/// Oracle for integer points: counts the unit cells of [0, reference) that some point dominates.
std::int64_t count_cells(const std::vector<Objectives>& points, const Objectives& reference) {
  std::int64_t cells = 0;
  Objectives cell(reference.size(), 0.0);
  for (bool more = true; more;) {
    for (const Objectives& point : points) {
      bool covered = true;
      for (std::size_t k = 0; k < cell.size(); ++k) covered = covered && point[k] <= cell[k];
      if (covered) {
        ++cells;
        break;
      }
    }
    more = false;
    for (std::size_t k = cell.size(); k-- > 0 && !more;) {
      cell[k] = cell[k] + 1.0 < reference[k] ? cell[k] + 1.0 : 0.0;
      more = cell[k] != 0.0;
    }
  }
  return cells;
}

TEST(Hypervolume, MatchesCellsCountedOnSmallIntegerFronts) {
  Rng rng(21);
  for (int trial = 0; trial < 600; ++trial) {
    const std::size_t objectives = 1 + rng.below(5);
    const Objectives reference(objectives, 5.0);
    std::vector<Objectives> points(rng.below(9), Objectives(objectives));
    for (Objectives& point : points) {
      // Up to 6: some points lie on or beyond the reference and must add nothing.
      for (double& value : point) value = static_cast<double>(rng.between(0, 6));
    }
    ASSERT_NEAR(hypervolume(points, reference), static_cast<double>(count_cells(points, reference)),
                1e-9)
        << "trial " << trial;
  }
}

TEST(Hypervolume, GrowsOnlyWithPointsThatAreNotDominated) {
  Rng rng(22);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<Objectives> points(3 + rng.below(5), Objectives(3));
    for (Objectives& point : points) {
      for (double& value : point) value = rng.uniform();
    }
    const Objectives reference(3, 1.0);
    const double before = hypervolume(points, reference);
    std::vector<Objectives> with_dominated = points;
    with_dominated.push_back({points[0][0] + 0.01, points[0][1], points[0][2] + 0.01});
    EXPECT_NEAR(hypervolume(with_dominated, reference), before, 1e-12);
    std::vector<Objectives> with_better = points;
    // No point dominates half a front point, so the half adds volume of its own.
    const Objectives best = points[pareto_front(points).front()];
    with_better.push_back({best[0] * 0.5, best[1] * 0.5, best[2] * 0.5});
    EXPECT_GT(hypervolume(with_better, reference), before);
  }
}

TEST(Hypervolume, OfNothingIsZero) { EXPECT_EQ(hypervolume({}, {1.0, 1.0}), 0.0); }

}  // namespace
}  // namespace hwflow::pareto
