#include "pareto/breeder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

namespace hwflow::pareto {
namespace {

/// Ten groups of two genes of five values.
const GenomeSpace kSpace{std::vector<int>(20, 4), 2};
constexpr int kRuns = 2000;

TEST(GenomeSpace, CountsItsGenomes) {
  const GenomeSpace small{{2, 0, 4}};
  EXPECT_EQ(small.size(), 15.0);
  EXPECT_DOUBLE_EQ(small.log10_size(), std::log10(15.0));
  const GenomeSpace large{std::vector<int>(100, 9)};
  EXPECT_EQ(large.size(), std::ldexp(1.0, 53));
  EXPECT_NEAR(large.log10_size(), 100.0, 1e-9);
}

/// Which genes of the first child are the father's; the second child must have all the others.
std::vector<bool> crossed(Breeder& breeder) {
  const auto [first, second] = breeder.cross(Genome(20, 0), Genome(20, 1));
  std::vector<bool> from_father;
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(first[i] + second[i], 1);
    from_father.push_back(first[i] == 1);
  }
  return from_father;
}

bool keeps_pairs(const std::vector<bool>& from_father) {
  for (std::size_t i = 0; i < from_father.size(); i += 2) {
    if (from_father[i] != from_father[i + 1]) return false;
  }
  return true;
}

int borders(const std::vector<bool>& from_father) {
  int count = 0;
  for (std::size_t i = 1; i < from_father.size(); ++i) {
    count += from_father[i] != from_father[i - 1] ? 1 : 0;
  }
  return count;
}

/// Seven pairs and then six genes by themselves: pairs stay pairs, and every border between the
/// others is met.
TEST(Breeder, GenesAtTheEndMayBeGroupsOfTheirOwn) {
  const GenomeSpace space{std::vector<int>(20, 4), 2, 6};
  Breeder runs(space, {.crossover = Crossover::group_run, .crossover_probability = 1.0}, 3);
  Breeder groups(space, {.crossover = Crossover::groups, .crossover_probability = 1.0}, 4);
  std::set<std::size_t> borders_of_runs, borders_of_groups;
  int pairs_kept = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<bool> by_runs = crossed(runs), by_groups = crossed(groups);
    EXPECT_LE(borders(by_runs), 2);
    for (std::size_t i = 0; i < 14; i += 2) EXPECT_EQ(by_runs[i], by_runs[i + 1]);
    bool keeps = true;
    for (std::size_t i = 0; i < 14; i += 2) keeps = keeps && by_groups[i] == by_groups[i + 1];
    pairs_kept += keeps ? 1 : 0;
    for (std::size_t i = 15; i < 20; ++i) {
      if (by_runs[i] != by_runs[i - 1]) borders_of_runs.insert(i);
      if (keeps && by_groups[i] != by_groups[i - 1]) borders_of_groups.insert(i);
    }
  }
  EXPECT_THAT(borders_of_runs, testing::ElementsAre(15, 16, 17, 18, 19));
  EXPECT_THAT(borders_of_groups, testing::ElementsAre(15, 16, 17, 18, 19));
  EXPECT_NEAR(pairs_kept, kRuns / 2 + kRuns / 256, 100);  // every second time
}

TEST(Breeder, GroupRunsExchangeWholeGroupsInOneRun) {
  Breeder breeder(kSpace, {.crossover = Crossover::group_run, .crossover_probability = 1.0}, 1);
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<bool> from_father = crossed(breeder);
    EXPECT_TRUE(keeps_pairs(from_father));
    EXPECT_LE(borders(from_father), 2);
    EXPECT_THAT(from_father, testing::Contains(true));
  }
}

/// Units of a group in half of the runs; then pairs stay together, which genes one by one do only
/// once in 2^10. So pairs stay together in half the runs: 1,000 of 2,000, standard deviation 22.
/// Every gene changes hands in half the runs.
TEST(Breeder, GroupsStayTogetherEverySecondTime) {
  Breeder breeder(kSpace, {.crossover = Crossover::groups, .crossover_probability = 1.0}, 1);
  int kept = 0;
  std::vector<int> exchanged(20, 0);
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<bool> from_father = crossed(breeder);
    kept += keeps_pairs(from_father) ? 1 : 0;
    for (std::size_t i = 0; i < 20; ++i) exchanged[i] += from_father[i] ? 1 : 0;
  }
  EXPECT_NEAR(kept, kRuns / 2, 110);
  for (const int count : exchanged) EXPECT_NEAR(count, kRuns / 2, 110);
}

TEST(Breeder, GeneRunsAlsoCutGroups) {
  Breeder breeder(kSpace, {.crossover = Crossover::gene_run, .crossover_probability = 1.0}, 1);
  int kept = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<bool> from_father = crossed(breeder);
    EXPECT_LE(borders(from_father), 2);
    kept += keeps_pairs(from_father) ? 1 : 0;
  }
  EXPECT_LT(kept, kRuns / 2);
}

TEST(Breeder, CrossesAsOftenAsAsked) {
  for (const Crossover kind : {Crossover::group_run, Crossover::groups}) {
    Breeder never(kSpace, {.crossover = kind, .crossover_probability = 0.0}, 1);
    Breeder often(kSpace, {.crossover = kind, .crossover_probability = 0.9}, 1);
    int same = 0;
    for (int run = 0; run < kRuns; ++run) {
      EXPECT_THAT(crossed(never), testing::Each(false));
      const std::vector<bool> from_father = crossed(often);
      same += std::count(from_father.begin(), from_father.end(), true) == 0 ? 1 : 0;
    }
    EXPECT_NEAR(same, kRuns / 10, 60);  // of 200, standard deviation 13
  }
}

/// How often each value follows 2, of genes that mutate always.
std::map<int, int> after_two(Mutation kind) {
  Breeder breeder(kSpace, {.mutation = kind, .mutation_probability = 1.0}, 1);
  std::map<int, int> count;
  for (int run = 0; run < 500; ++run) {
    Genome genome(20, 2);
    breeder.mutate(genome);
    for (const int gene : genome) ++count[gene];
  }
  return count;
}

/// 10,000 genes: steps go down or up, 5,000 each (standard deviation 50); a redraw gives each of
/// five values 2,000 times; half and half 1,000 of each value and 2,500 more of the neighbours.
TEST(Breeder, MutatesByStepsOrByDrawing) {
  std::map<int, int> steps = after_two(Mutation::step);
  EXPECT_NEAR(steps[1], 5000, 250);
  EXPECT_EQ(steps[1] + steps[3], 10'000);
  std::map<int, int> drawn = after_two(Mutation::redraw);
  for (int value = 0; value <= 4; ++value) EXPECT_NEAR(drawn[value], 2000, 250) << value;
  std::map<int, int> mixed = after_two(Mutation::step_or_redraw);
  for (const int value : {0, 2, 4}) EXPECT_NEAR(mixed[value], 1000, 200) << value;
  for (const int value : {1, 3}) EXPECT_NEAR(mixed[value], 3500, 300) << value;
}

TEST(Breeder, StaysWithinTheSpace) {
  const GenomeSpace narrow{{1, 0, 2, 0}, 2};
  for (const Crossover crossover : {Crossover::gene_run, Crossover::group_run, Crossover::groups}) {
    for (const Mutation mutation : {Mutation::redraw, Mutation::step, Mutation::step_or_redraw}) {
      Breeder breeder(
          narrow, {.crossover = crossover, .mutation = mutation, .mutation_probability = 0.7}, 3);
      std::set<Genome> seen;
      for (int run = 0; run < 300; ++run) {
        auto [first, second] = breeder.cross({1, 0, 2, 0}, {0, 0, 0, 0});
        breeder.mutate(first);
        for (std::size_t i = 0; i < 4; ++i) {
          EXPECT_GE(first[i], 0);
          EXPECT_LE(first[i], narrow.largest[i]);
        }
        seen.insert(first);
      }
      EXPECT_EQ(seen.size(), 6U);  // all that there are
    }
  }
}

TEST(Breeder, MutatesOneGeneOfAGenomeOnAverage) {
  Breeder breeder(kSpace, {.mutation = Mutation::step}, 1);
  int changed = 0;
  for (int run = 0; run < kRuns; ++run) {
    Genome genome(20, 2);
    breeder.mutate(genome);
    changed += static_cast<int>(20 - std::count(genome.begin(), genome.end(), 2));
  }
  EXPECT_NEAR(changed, kRuns, 220);  // standard deviation 44
}

}  // namespace
}  // namespace hwflow::pareto
