#include "study/joint_front.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"
#include "pareto/hypervolume.hpp"

namespace hwflow::study {
namespace {

TEST(JointFront, HasNoPairsWithoutPlans) {
  const JointFront front = joint_front({}, DesignGate({1.0}, {{0.5}}));
  EXPECT_TRUE(front.pairs.empty());
  EXPECT_EQ(front.volume, 0.0);
}

/// Witness: all pairs against each other, and the volume by another algorithm.
TEST(JointFront, MatchesAllPairsAgainstEachOther) {
  Rng rng(61);
  for (int trial = 0; trial < 100; ++trial) {
    const DesignGate gate({2.0, 4.0, 8.0}, {{0.5}, {0.5}, {0.5}});  // limits 1, 2, 4
    std::vector<std::vector<DesignPoint>> designs(1 + rng.below(5));
    std::vector<PlanDesigns> plans;
    std::vector<pareto::Objectives> points;
    std::vector<PlanDesign> names;
    for (std::size_t p = 0; p < designs.size(); ++p) {
      const double harm = rng.uniform() * 1.1;
      for (std::uint64_t d = rng.below(6); d > 0; --d) {
        const double a = rng.uniform() * 1.2, b = rng.uniform() * 1.2;
        const double c = static_cast<double>(rng.between(1, 4)) / 4.0;
        names.push_back({p, designs[p].size()});
        designs[p].push_back({{}, {a, 2.0 * b, 4.0 * c}});
        points.push_back({harm, a, b, c});
      }
      plans.push_back({harm, designs[p]});
    }
    const JointFront front = joint_front(plans, gate);
    const pareto::Objectives corner{1.0, 1.0 + 1e-9, 1.0 + 1e-9, 1.0 + 1e-9};
    EXPECT_NEAR(front.volume, pareto::hypervolume(points, corner), 1e-9);
    std::set<std::pair<std::size_t, std::size_t>> expected, found;
    for (const std::size_t i : pareto::pareto_front(points)) {
      bool is_inside = true;
      for (std::size_t k = 0; k < 4; ++k) is_inside &= points[i][k] < corner[k];
      if (is_inside) expected.emplace(names[i].plan, names[i].design);
    }
    double harm = 0.0;
    for (const PlanDesign& pair : front.pairs) {
      found.emplace(pair.plan, pair.design);
      EXPECT_GE(plans[pair.plan].harm, harm);
      harm = plans[pair.plan].harm;
    }
    EXPECT_EQ(found, expected) << "trial " << trial;
  }
}

}  // namespace
}  // namespace hwflow::study
