// Witness: enumeration of every combination of rows. No bound may be above the least cost of those
// that keep the limits, and no row may score itself out of a combination that costs less than a
// target.
#include "chip/mapper/dual_bound.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Lists of random rows, and random sums over their products.
struct Problem {
  std::size_t terms = 0;
  CostSums sums;
  std::vector<double> mesh;
  std::vector<std::vector<std::vector<double>>> values;  ///< list, term, row
  std::vector<std::vector<std::vector<double>>> used;    ///< list, axis, row
};

TermSum random_sum(Rng& rng, std::size_t terms) {
  TermSum sum;
  for (std::uint32_t t = 0; t < terms; ++t)
    if (rng.below(3) != 0) sum.push_back({t, 0.5 + rng.uniform() * 10.0});
  if (sum.empty()) sum.push_back({0, 1.0});
  return sum;
}

Problem make_problem(Rng& rng) {
  Problem problem;
  problem.terms = 3 + rng.below(5);
  const std::size_t lists = 1 + rng.below(3);
  problem.mesh = {static_cast<double>(2 + rng.below(6))};
  for (std::size_t l = 0; l < lists; ++l) {
    const std::size_t rows = 1 + rng.below(6);
    auto& list = problem.values.emplace_back(problem.terms);
    for (auto& term : list)
      for (std::size_t i = 0; i < rows; ++i)
        term.push_back(rng.below(12) == 0 ? 0.0 : std::exp(4.0 * rng.uniform()));
    auto& used = problem.used.emplace_back(1);
    for (std::size_t i = 0; i < rows; ++i) used[0].push_back(static_cast<double>(1 + rng.below(4)));
  }
  problem.sums.energy = random_sum(rng, problem.terms);
  problem.sums.fixed_energy_pj = static_cast<double>(rng.below(50));
  problem.sums.leakage_pj_per_cycle = rng.below(2) == 0 ? 0.0 : 0.3;
  problem.sums.cycles = {{random_sum(rng, problem.terms), random_sum(rng, problem.terms)},
                         {random_sum(rng, problem.terms)}};
  problem.sums.dram_bits = random_sum(rng, problem.terms);
  problem.sums.limits.push_back({random_sum(rng, problem.terms), 50.0 + 2'000.0 * rng.uniform()});
  return problem;
}

double total(const TermSum& sum, const std::vector<double>& products) {
  double value = 0.0;
  for (const TermShare& share : sum) value += share.coefficient * products[share.term];
  return value;
}

double cost_of(const Problem& problem, const std::vector<double>& products, Objective objective) {
  double cycles = 0.0;
  for (const auto& group : problem.sums.cycles) {
    double longest = 0.0;
    for (const TermSum& sum : group) longest = std::max(longest, total(sum, products));
    cycles += longest;
  }
  const double energy = problem.sums.fixed_energy_pj + total(problem.sums.energy, products) +
                        problem.sums.leakage_pj_per_cycle * cycles;
  switch (objective) {
    case Objective::energy: return energy;
    case Objective::latency: return cycles;
    case Objective::edp: return energy * cycles;
    case Objective::dram: return total(problem.sums.dram_bits, products);
  }
  return kInfinity;
}

/// The least cost of all combinations that have `row` of `list` and keep the limits.
double least_with(const Problem& problem, Objective objective, std::size_t list, std::size_t row) {
  double least = kInfinity;
  std::vector<std::size_t> at(problem.values.size(), 0);
  for (;;) {
    std::vector<double> products(problem.terms, 1.0);
    double units = 1.0;
    for (std::size_t l = 0; l < at.size(); ++l) {
      for (std::size_t t = 0; t < problem.terms; ++t) products[t] *= problem.values[l][t][at[l]];
      units *= problem.used[l][0][at[l]];
    }
    const auto& limit = problem.sums.limits[0];
    if (at[list] == row && units <= problem.mesh[0] && total(limit.sum, products) <= limit.room)
      least = std::min(least, cost_of(problem, products, objective));
    std::size_t l = 0;
    while (l < at.size() && ++at[l] == problem.values[l][0].size()) at[l++] = 0;
    if (l == at.size()) return least;
  }
}

/// What DualBound reads, made from a problem.
struct Logs {
  explicit Logs(const Problem& problem) {
    for (std::size_t t = 0; t < problem.terms; ++t)
      column_of.push_back(static_cast<std::uint16_t>(t));
    for (std::size_t l = 0; l < problem.values.size(); ++l) {
      auto& least = leasts.emplace_back();
      auto& columns = columns_of.emplace_back();
      for (const auto& term : problem.values[l]) {
        least.push_back(*std::min_element(term.begin(), term.end()));
        auto& logs = stored.emplace_back();
        for (const double value : term) logs.push_back(value > 0.0 ? std::log(value) : -1000.0);
        columns.push_back(logs.data());
      }
      auto& logs = stored.emplace_back();
      for (const double value : problem.used[l][0]) logs.push_back(std::log(value));
      used_of.push_back({logs.data()});
    }
    for (std::size_t l = 0; l < problem.values.size(); ++l)
      rows.push_back(
          {problem.values[l][0].size(), columns_of[l], column_of, used_of[l], leasts[l]});
  }
  std::deque<std::vector<double>> stored, leasts;
  std::deque<std::vector<const double*>> columns_of, used_of;
  std::vector<std::uint16_t> column_of;
  std::vector<LogRows> rows;
};

TEST(DualBound, IsNeverAboveTheLeastCostOfAnyRow) {
  int tight = 0, compared = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    Rng rng = Rng::derive(97, i);
    const Problem problem = make_problem(rng);
    const Logs logs(problem);
    for (const Objective objective :
         {Objective::energy, Objective::latency, Objective::edp, Objective::dram}) {
      DualBound dual(problem.sums, objective, problem.mesh, problem.terms);
      DualBound::Multipliers multipliers = dual.start();
      DualBound::Ascent ascent;
      const std::vector<double> decided(problem.terms + 1, 0.0);
      dual.improve(multipliers, logs.rows, decided, kInfinity, 10, ascent);
      double least = kInfinity;
      for (std::size_t l = 0; l < problem.values.size(); ++l) {
        const std::vector<double>& scores = ascent.scores[l];
        const double lowest = *std::min_element(scores.begin(), scores.end());
        for (std::size_t row = 0; row < scores.size(); ++row) {
          const double truth = least_with(problem, objective, l, row);
          least = std::min(least, truth);
          if (truth == kInfinity) continue;
          EXPECT_LE(ascent.bound - lowest + scores[row], dual.target(truth) + 1e-9)
              << name(objective) << ", case " << i;
        }
      }
      if (least == kInfinity) continue;
      ++compared;
      EXPECT_NEAR(dual.value(dual.target(least)), least, 1e-9 * least);
      if (ascent.bound > dual.target(least) - 0.05) ++tight;
    }
  }
  // The rest is what mixed rows and sums that may be zero leave open.
  EXPECT_GT(tight, compared / 5);
  EXPECT_GT(compared, 600);
}

TEST(DualBound, OfOneRowPerListIsItsCost) {
  Problem problem;
  problem.terms = 3;
  problem.mesh = {4.0};
  problem.values = {{{2.0}, {3.0}, {5.0}}, {{7.0}, {1.0}, {0.5}}};
  problem.used = {{{2.0}}, {{2.0}}};
  problem.sums.energy = {{0, 1.0}, {1, 2.0}, {2, 4.0}};
  problem.sums.fixed_energy_pj = 6.0;
  problem.sums.cycles = {{{{0, 1.0}}, {{1, 10.0}}}};
  const Logs logs(problem);
  DualBound dual(problem.sums, Objective::edp, problem.mesh, problem.terms);
  DualBound::Multipliers multipliers = dual.start();
  DualBound::Ascent ascent;
  dual.improve(multipliers, logs.rows, std::vector<double>(4, 0.0), kInfinity, 14, ascent);
  // energy 6 + 14 + 6 + 10 = 36, cycles max(14, 30) = 30
  EXPECT_NEAR(dual.value(ascent.bound), 36.0 * 30.0, 0.01 * 36.0 * 30.0);
  EXPECT_LE(dual.value(ascent.bound), 36.0 * 30.0 * (1 + 1e-9));
}

}  // namespace
}  // namespace hwflow::chip
