#include "study/budget_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/random.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

std::vector<std::size_t> all_genes(const Genome& genome) {
  std::vector<std::size_t> genes(genome.size());
  std::iota(genes.begin(), genes.end(), std::size_t{0});
  return genes;
}

// The least within is never asked for: nothing is cheaper.
TEST(CapToBudget, TakesTheGreatestValueWithin) {
  for (int wanted = 0; wanted <= 9; ++wanted) {
    for (int most = 0; most <= 9; ++most) {
      int asked = 0;
      const auto capped =
          cap_to_budget({7, wanted, 0}, 1, [&](const Genome& genome) -> std::optional<bool> {
            ++asked;
            EXPECT_EQ(genome[0], 7);
            EXPECT_EQ(genome[2], 0);
            EXPECT_GT(genome[1], 0);
            return genome[1] <= most;
          });
      EXPECT_EQ(capped, std::min(wanted, most));
      EXPECT_LE(asked, 5);
    }
  }
  EXPECT_EQ(cap_to_budget({3}, 0, [](const Genome&) { return std::optional<bool>(); }),
            std::nullopt);
}

// Layers (weights, inputs) = (2, 1) and (0, 2). First pass: inputs of layer 1 (gene 3), nothing of
// its weights, inputs of layer 0 (gene 1), its weights (gene 0). Second pass: genes 3 and 0.
TEST(NarrowingOrder, FromTheLastLayerInputsFirstAgainAndAgain) {
  const std::vector<std::size_t> all{0, 1, 2, 3}, weights{0, 2};
  EXPECT_EQ(narrowing_order({2, 1, 0, 2}, all), (std::vector<std::size_t>{3, 1, 0, 3, 0}));
  EXPECT_EQ(narrowing_order({2, 1, 0, 2}, weights), (std::vector<std::size_t>{0, 0}));
  EXPECT_TRUE(narrowing_order({0, 0, 1, 1}, std::vector<std::size_t>{0, 1}).empty());
}

std::optional<Genome> narrow(const Genome& genome, const IsWithin& is_within) {
  return narrow_to_budget(genome, narrowing_order(genome, all_genes(genome)), is_within);
}

// Cost = genes times 10, 1, 5, 2. (2, 1, 1, 2) costs 30. The walk: gene 3 (28), gene 2 (23), gene
// 1 (22), gene 0 (12), gene 3 (10), gene 0 (0).
TEST(NarrowToBudget, ByHand) {
  const Genome start{2, 1, 1, 2};
  const auto within = [](int budget) {
    return [budget](const Genome& g) -> std::optional<bool> {
      return 10 * g[0] + g[1] + 5 * g[2] + 2 * g[3] <= budget;
    };
  };
  EXPECT_EQ(narrow(start, within(30)), start);
  EXPECT_EQ(narrow(start, within(29)), (Genome{2, 1, 1, 1}));
  EXPECT_EQ(narrow(start, within(27)), (Genome{2, 1, 0, 1}));
  EXPECT_EQ(narrow(start, within(22)), (Genome{2, 0, 0, 1}));
  EXPECT_EQ(narrow(start, within(21)), (Genome{1, 0, 0, 1}));
  EXPECT_EQ(narrow(start, within(11)), (Genome{1, 0, 0, 0}));
  EXPECT_EQ(narrow(start, within(0)), (Genome{0, 0, 0, 0}));
}

TEST(NarrowToBudget, NoAnswerWhereACostIsNotKnown) {
  int asked = 0;
  EXPECT_EQ(narrow({1, 1},
                   [&](const Genome&) -> std::optional<bool> {
                     if (++asked == 2) return std::nullopt;
                     return false;
                   }),
            std::nullopt);
  EXPECT_EQ(asked, 2);
}

/// The walk step by step.
Genome first_within(Genome genome, const std::vector<std::size_t>& order,
                    const std::function<bool(const Genome&)>& is_within) {
  for (const std::size_t gene : order) {
    if (is_within(genome)) break;
    --genome[gene];
  }
  return genome;
}

// Laws, on random costs: within the budget; no wider than the start; one step less is too dear;
// where costs fall along the walk the first that is within; few genomes are priced.
TEST(NarrowToBudget, KeepsItsLawsOnRandomCosts) {
  Rng rng(17);
  for (int trial = 0; trial < 2000; ++trial) {
    const bool falls = trial % 2 == 0;
    Genome genome;
    std::vector<std::vector<double>> costs;  // by gene and value
    for (int gene = 0; gene < 2 * rng.between(1, 6); ++gene) {
      genome.push_back(static_cast<int>(rng.between(0, 4)));
      std::vector<double> values{0.0};  // the narrowest costs nothing, whatever else
      for (int value = 1; value <= genome.back(); ++value) {
        values.push_back(falls ? values.back() + rng.uniform() : rng.uniform());
      }
      costs.push_back(values);
    }
    if (genome.size() % 2 == 1) {
      genome.push_back(0);
      costs.push_back({0.0});
    }
    const double budget = rng.uniform() * static_cast<double>(genome.size()) / 4.0;
    int asked = 0;
    const auto is_within = [&](const Genome& g) {
      ++asked;
      double cost = 0.0;
      for (std::size_t i = 0; i < g.size(); ++i) cost += costs[i][static_cast<std::size_t>(g[i])];
      return cost <= budget;
    };
    const std::vector<std::size_t> order = narrowing_order(genome, all_genes(genome));
    const Genome found =
        narrow_to_budget(genome, order, [&](const Genome& g) -> std::optional<bool> {
          return is_within(g);
        }).value();
    EXPECT_LE(asked, 2 + 6);  // at most 48 steps
    ASSERT_TRUE(is_within(found));
    if (found == genome) continue;
    Genome before = genome;
    std::size_t steps = 0;
    for (Genome next = before; next != found; ++steps) {
      ASSERT_LT(steps, order.size());
      before = next;
      --next[order[steps]];
    }
    ASSERT_FALSE(is_within(before));
    if (falls) {
      ASSERT_EQ(found, first_within(genome, order, is_within));
    }
  }
}

}  // namespace
}  // namespace hwflow::study
