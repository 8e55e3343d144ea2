#include "study/sensitivity.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "pareto/dominance.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::GenomeSpace;
using pareto::Objectives;

TEST(SingleSteps, OneGeneAwayFromTheWidest) {
  const GenomeSpace space{{2, 1}};
  EXPECT_EQ(single_steps(space), (std::vector<Genome>{{0, 1}, {1, 1}, {2, 0}}));
}

TEST(GreedyPath, NarrowsTheHarmlessGeneFirst) {
  const GenomeSpace space{{1, 1, 1}};
  // Equal gain of half the cost each; harm 0.3, 0.1, 0.2. So genes fall in the order 1, 2, 0.
  const Objectives widest{0.1, 100.0};
  const std::vector<Objectives> steps{{0.4, 50.0}, {0.2, 50.0}, {0.3, 50.0}};
  EXPECT_EQ(greedy_path(space, widest, steps, 10), (std::vector<Genome>{{1, 0, 1}, {1, 0, 0}}));
}

TEST(GreedyPath, WeighsHarmAgainstGain) {
  const GenomeSpace space{{1, 1}};
  // Gene 0 does half the harm of gene 1 but brings a tenth of its gain.
  const std::vector<Objectives> steps{{0.15, 95.0}, {0.20, 50.0}};
  EXPECT_EQ(greedy_path(space, {0.1, 100.0}, steps, 10), (std::vector<Genome>{{1, 0}}));
}

TEST(GreedyPath, EveryPlanIsNarrowerThanTheOneBefore) {
  const GenomeSpace space{{2, 2, 2, 2, 2}};
  std::vector<Objectives> steps;
  for (std::size_t i = 0; i < single_steps(space).size(); ++i) {
    steps.push_back({0.1 + 0.01 * static_cast<double>(i % 4), 90.0 - static_cast<double>(i)});
  }
  const auto sum = [](const Genome& genome) {
    return std::accumulate(genome.begin(), genome.end(), 0);
  };
  const std::vector<Genome> whole = greedy_path(space, {0.1, 100.0}, steps, 100);
  ASSERT_EQ(whole.size(), 9U);  // 10 steps, the last of them all zeros
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(sum(whole[i]), 9 - static_cast<int>(i));
  const std::vector<Genome> some = greedy_path(space, {0.1, 100.0}, steps, 3);
  EXPECT_EQ(some, (std::vector<Genome>{whole[2], whole[4], whole[6]}));  // 9 i / 4, rounded down
}

}  // namespace
}  // namespace hwflow::study
