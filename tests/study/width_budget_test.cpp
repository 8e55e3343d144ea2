#include "study/width_budget.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

// Bits 2..8 share 0..1 in seven equal parts: 0.5 of a bit on either side of each, (bits - 1.5) / 7.
TEST(WidthOfAction, EveryBitHasTheSameShareOfActions) {
  const std::vector<int> all{2, 3, 4, 5, 6, 7, 8};
  for (int bits = 2; bits <= 8; ++bits) {
    EXPECT_EQ(width_of_action((bits - 1.99) / 7.0, all), bits - 2) << bits;
    EXPECT_EQ(width_of_action((bits - 1.01) / 7.0, all), bits - 2) << bits;
  }
  EXPECT_EQ(width_of_action(0.0, all), 0);
  EXPECT_EQ(width_of_action(1.0, all), 6);
  EXPECT_EQ(width_of_action(1.0, std::vector<int>{1, 2, 3}), 2);  // 3.5 rounds to 4: too wide
  EXPECT_EQ(width_of_action(0.7, std::vector<int>{4}), 0);
}

// 2, 4, 8: bits 2, 3 give 2; 4, 5, 6 give 4; 7, 8 give 8. So 2/7, 3/7, 2/7 of the actions.
TEST(WidthOfAction, TakesTheNearestAllowedWidthTheNarrowerOfTwo) {
  const std::vector<int> widths{2, 4, 8};
  const std::vector<int> expected{0, 0, 1, 1, 1, 2, 2};  // of 2..8 bits
  for (int bits = 2; bits <= 8; ++bits) {
    EXPECT_EQ(width_of_action((bits - 1.5) / 7.0, widths),
              expected[static_cast<std::size_t>(bits - 2)])
        << bits;
  }
}

// Layers (weights, inputs) = (2, 1) and (0, 2). First pass: inputs of layer 1 (gene 3), nothing of
// its weights, inputs of layer 0 (gene 1), its weights (gene 0). Second pass: genes 3 and 0.
TEST(NarrowingOrder, FromTheLastLayerInputsFirstAgainAndAgain) {
  EXPECT_EQ(narrowing_order({2, 1, 0, 2}, false), (std::vector<std::size_t>{3, 1, 0, 3, 0}));
  EXPECT_EQ(narrowing_order({2, 1, 0, 2}, true), (std::vector<std::size_t>{0, 0}));
  EXPECT_TRUE(narrowing_order({0, 0}, false).empty());
}

std::optional<Genome> narrow(const Genome& genome, const IsWithin& is_within) {
  return narrow_to_budget(genome, narrowing_order(genome, false), is_within);
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
    const std::vector<std::size_t> order = narrowing_order(genome, false);
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
