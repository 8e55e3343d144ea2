#include "pareto/nsga2.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stop_token>

#include "base/check.hpp"
#include "base/parallel.hpp"

namespace hwflow::pareto {
namespace {

constexpr int kLargest = 12;

/// ZDT1 on a grid: the front is exactly the genomes whose genes are 0 but for the first, where
/// f2 = 1 - sqrt(f1). Source: Zitzler, Deb, Thiele, Evolutionary Computation 8(2), 2000.
Objectives zdt1(const Genome& genome) {
  const double f1 = static_cast<double>(genome[0]) / kLargest;
  double g = 1.0;
  for (std::size_t i = 1; i < genome.size(); ++i) {
    g += 9.0 * genome[i] / (kLargest * static_cast<double>(genome.size() - 1));
  }
  return {f1, g * (1.0 - std::sqrt(f1 / g))};
}

std::optional<std::vector<Objectives>> evaluate_zdt1(std::span<const Genome> brood) {
  std::vector<Objectives> values;
  for (const Genome& genome : brood) values.push_back(zdt1(genome));
  return values;
}

GenomeSpace space_of(std::size_t genes) { return {std::vector<int>(genes, kLargest)}; }

TEST(Nsga2, FindsTheWholeFrontOfZdt1) {
  // 13^8 genomes, 13 of them on the front; 5,000 looks.
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Nsga2Result result = run_nsga2(
        space_of(8), {}, {.population = 40, .generations = 125, .seed = seed}, evaluate_zdt1);
    std::set<Genome> found;
    for (const std::size_t i : result.archive.front()) {
      found.insert(result.archive.entries()[i].genome);
    }
    std::set<Genome> expected;
    for (int x = 0; x <= kLargest; ++x) {
      Genome genome(8, 0);
      genome[0] = x;
      expected.insert(genome);
    }
    EXPECT_EQ(found, expected) << "seed " << seed;
  }
}

TEST(Nsga2, SameSeedSameResultWhateverTheThreads) {
  const auto run = [](std::uint64_t seed, int threads) {
    return run_nsga2(space_of(6), {}, {.population = 20, .generations = 10, .seed = seed},
                     [threads](std::span<const Genome> brood) {
                       std::vector<Objectives> values(brood.size());
                       parallel_for(brood.size(), threads,
                                    [&](std::size_t i) { values[i] = zdt1(brood[i]); });
                       return std::optional(values);
                     });
  };
  const Nsga2Result once = run(7, 1);
  EXPECT_EQ(once.archive, run(7, 2).archive);
  EXPECT_EQ(once.archive, run(7, 4).archive);
  EXPECT_EQ(once.population, run(7, 4).population);
  EXPECT_FALSE(once.archive == run(8, 1).archive);
}

TEST(Nsga2, EvaluatesSeedsFirstAndNothingTwice) {
  const std::vector<Genome> seeds{Genome(6, 3), Genome(6, 0), Genome(6, 3)};
  std::multiset<Genome> seen;
  std::vector<std::size_t> broods;
  const Nsga2Result result =
      run_nsga2(space_of(6), seeds, {.population = 16, .generations = 12, .seed = 3},
                [&](std::span<const Genome> brood) {
                  broods.push_back(brood.size());
                  seen.insert(brood.begin(), brood.end());
                  return evaluate_zdt1(brood);
                });
  EXPECT_EQ(result.archive.entries()[0].genome, seeds[0]);
  EXPECT_EQ(result.archive.entries()[1].genome, seeds[1]);
  EXPECT_EQ(std::set<Genome>(seen.begin(), seen.end()).size(), seen.size());
  EXPECT_EQ(seen.size(), result.archive.size());
  EXPECT_THAT(broods, testing::Each(16U));  // a space this large never runs out of new genomes
}

/// The value that most genes of a genome have.
int most_common(const Genome& genome) {
  std::map<int, int> count;
  for (const int gene : genome) ++count[gene];
  return std::max_element(count.begin(), count.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

// Eight parents, all genes of parent i equal to i; without crossover a child keeps most genes of
// its one parent, so that it tells who won. Parents 0 to 6 are a front, parent 7 is dominated by 6:
//
//   parent        0     1     2     3     4     5     6     7
//   objectives  0,100  10,90 20,80 22,78 24,76 60,40 100,0  101,1
//   crowding     inf    .4    .24   .08   .76  1.52  inf    (rank 1)
//
// with the crowding of parent i = 2 (f1(i+1) - f1(i-1)) / 100. Everyone meets one other in each of
// the two rounds: 3, of least distance, beats none but 7; 7 beats nobody; 0 and 6 lose to nobody
// but each other.
TEST(Nsga2, TournamentsPreferTheLowerRankAndThenTheLessCrowded) {
  constexpr std::size_t kGenes = 15;
  const std::vector<Objectives> values{{0, 100}, {10, 90}, {20, 80}, {22, 78},
                                       {24, 76}, {60, 40}, {100, 0}, {101, 1}};
  std::vector<Genome> parents;
  for (int i = 0; i < 8; ++i) parents.emplace_back(kGenes, i);
  std::map<int, int> children;
  constexpr int kRuns = 25;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    int brood_number = 0;
    static_cast<void>(run_nsga2(GenomeSpace{std::vector<int>(kGenes, 7)}, parents,
                                {.population = 8,
                                 .generations = 1,
                                 .breeding = {.crossover_probability = 0.0},
                                 .seed = seed},
                                [&](std::span<const Genome> brood) {
                                  std::vector<Objectives> result;
                                  for (const Genome& genome : brood) {
                                    result.push_back(
                                        values[static_cast<std::size_t>(most_common(genome))]);
                                    if (brood_number == 1) ++children[most_common(genome)];
                                  }
                                  ++brood_number;
                                  return std::optional(result);
                                }));
  }
  EXPECT_EQ(children[7], 0);
  // Parent 3 meets 7 in a seventh of its 50 tournaments, about 7, and loses all others.
  EXPECT_LT(children[3], 16);
  // 100 tournaments of 0 and 6, of which about 7 are between the two.
  EXPECT_GE(children[0] + children[6], 80);
  EXPECT_GT(children[5], children[4]);
  EXPECT_GT(children[4], children[2]);
}

TEST(Nsga2, KeepsTheArchiveFrontFromGettingWorse) {
  std::vector<Objectives> previous;
  static_cast<void>(run_nsga2(space_of(6), {}, {.population = 12, .generations = 15, .seed = 5},
                              evaluate_zdt1, [&](const Generation& generation) {
                                std::vector<Objectives> front;
                                for (const std::size_t i : generation.archive.front()) {
                                  front.push_back(generation.archive.entries()[i].objectives);
                                }
                                for (const Objectives& now : front) {
                                  for (const Objectives& before : previous)
                                    EXPECT_FALSE(dominates(before, now));
                                }
                                previous = front;
                              }));
}

TEST(Nsga2, EndsWhenNothingNewIsLeft) {
  const GenomeSpace tiny{{1, 1, 1}};  // eight genomes
  const Nsga2Result result = run_nsga2(tiny, {}, {.population = 8, .generations = 50, .seed = 1},
                                       [](std::span<const Genome> brood) {
                                         std::vector<Objectives> values;
                                         for (const Genome& g : brood)
                                           values.push_back({double(g[0] + g[1]), double(g[2])});
                                         return std::optional(values);
                                       });
  EXPECT_EQ(tiny.size(), 8.0);
  EXPECT_EQ(result.archive.size(), 8U);
  EXPECT_FALSE(result.stopped);
}

TEST(Nsga2, StopsAfterTheGenerationThatIsRunning) {
  std::stop_source source;
  const Nsga2Result result = run_nsga2(
      space_of(6), {}, {.population = 8, .generations = 50, .seed = 1}, evaluate_zdt1,
      [&](const Generation& generation) {
        if (generation.index == 3) source.request_stop();
      },
      source.get_token());
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.generations, 3);
  EXPECT_EQ(result.archive.size(), 8U * 4U);
}

TEST(Nsga2, AStoppedBroodLeavesWholeGenerations) {
  int broods = 0;
  const Nsga2Result result =
      run_nsga2(space_of(6), {}, {.population = 8, .generations = 50, .seed = 1},
                [&](std::span<const Genome> brood) -> std::optional<std::vector<Objectives>> {
                  if (++broods == 3) return std::nullopt;
                  return evaluate_zdt1(brood);
                });
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.archive.size(), 16U);
}

TEST(Nsga2, ABudgetEndsItInTheMiddleOfAGeneration) {
  for (const std::size_t budget : {0U, 5U, 8U, 21U, 24U}) {
    std::size_t spent = 0;
    bool is_over = false;
    std::vector<std::size_t> known;
    const Nsga2Result result = run_nsga2(
        space_of(6), {}, {.population = 8, .generations = 50, .seed = 1},
        [&](std::span<const Genome> brood) {
          EXPECT_FALSE(is_over);  // fewer than asked for were the last
          const std::size_t count = std::min(brood.size(), budget - spent);
          is_over = count < brood.size();
          spent += count;
          return evaluate_zdt1(brood.first(count));
        },
        [&](const Generation& generation) { known.push_back(generation.archive.size()); });
    EXPECT_EQ(spent, budget);
    EXPECT_EQ(result.archive.size(), budget);
    EXPECT_FALSE(result.stopped);
    EXPECT_EQ(known.size(), (budget + 7) / 8);  // the last one may be short
  }
}

/// Offspring bred in excess are new and distinct, and what is chosen is evaluated in that order.
TEST(Nsga2, EvaluatesOfAnExcessWhatIsChosen) {
  std::vector<Genome> offered, evaluated;
  Nsga2Options options{.population = 12, .generations = 6, .seed = 4, .oversample = 5};
  options.choose = [&](std::span<const Genome> brood, std::size_t count) {
    EXPECT_EQ(count, 12U);
    EXPECT_EQ(brood.size(), 60U);
    offered.assign(brood.begin(), brood.end());
    std::vector<std::size_t> last;
    for (std::size_t i = 0; i < count; ++i) last.push_back(brood.size() - 1 - i);
    return std::optional(last);
  };
  const Nsga2Result result =
      run_nsga2(space_of(6), {}, options, [&](std::span<const Genome> brood) {
        for (std::size_t i = 0; i < brood.size() && !offered.empty(); ++i) {
          EXPECT_EQ(brood[i], offered[offered.size() - 1 - i]);
        }
        evaluated.insert(evaluated.end(), brood.begin(), brood.end());
        return evaluate_zdt1(brood);
      });
  EXPECT_EQ(evaluated.size(), 12U * 7U);
  EXPECT_EQ(std::set<Genome>(evaluated.begin(), evaluated.end()).size(), evaluated.size());
  EXPECT_EQ(result.archive.size(), evaluated.size());
}

/// Who chooses by the objectives themselves needs fewer evaluations.
TEST(Nsga2, AGoodChoiceFindsTheFrontSooner) {
  Nsga2Options options{.population = 20, .generations = 15, .seed = 1, .oversample = 10};
  options.choose = [](std::span<const Genome> brood, std::size_t count) {
    return std::optional(select_best(*evaluate_zdt1(brood), count));
  };
  const auto found = [&](int oversample) {
    options.oversample = oversample;
    const Nsga2Result result = run_nsga2(space_of(8), {}, options, evaluate_zdt1);
    int optimal = 0;
    for (const std::size_t i : result.archive.front()) {
      const Genome& genome = result.archive.entries()[i].genome;
      optimal +=
          std::all_of(genome.begin() + 1, genome.end(), [](int g) { return g == 0; }) ? 1 : 0;
    }
    return optimal;
  };
  EXPECT_EQ(found(10), kLargest + 1);
  EXPECT_LT(found(1), kLargest + 1);
}

TEST(Nsga2, AStopWhileChoosingLeavesWholeGenerations) {
  Nsga2Options options{.population = 8, .generations = 50, .seed = 1, .oversample = 2};
  int choices = 0;
  options.choose = [&](std::span<const Genome>,
                       std::size_t) -> std::optional<std::vector<std::size_t>> {
    if (++choices == 3) return std::nullopt;
    return std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7};
  };
  const Nsga2Result result = run_nsga2(space_of(6), {}, options, evaluate_zdt1);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.generations, 2);
  EXPECT_EQ(result.archive.size(), 24U);
}

TEST(Nsga2, OptionsAreCheckedAllAtOnce) {
  const Diagnostics problems =
      validate({.population = 10, .generations = -1, .breeding = {.crossover_probability = 1.5}});
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].place, "population");
  EXPECT_EQ(problems[0].reason, "must be a multiple of 4, at least 8, got 10");
  EXPECT_EQ(problems[0].hint, "for example 12");
  EXPECT_TRUE(validate(Nsga2Options{}).empty());
  EXPECT_EQ(to_text(validate({.oversample = 0})), "oversample: must be >= 1, got 0\n");
  EXPECT_EQ(to_text(validate({.oversample = 3})),
            "oversample: is above 1, but nothing chooses among the offspring\n");
}

}  // namespace
}  // namespace hwflow::pareto
