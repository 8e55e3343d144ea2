#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "tests/study/agent_world.hpp"

namespace hwflow::study {
namespace {

/// On the small network, whose plans the stand-ins judge and price by formulas.
class EvolutionTest : public testing::Test {
 protected:
  EvolutionTest() {
    study_.search.algorithm = Algorithm::evolution;
    study_.search.sensitivity_seeds = false;
    study_.search.evaluations = 150;
  }

  SearchResult run(int threads = 1) {
    SmallModels models;
    FakeAccuracyModel accuracy;
    SearchSetting setting;
    setting.threads = threads;
    const auto store = open_store(folder_.path() / ("store" + std::to_string(++stores_)));
    return search_plans(study_, models.fine, accuracy, *store, setting).value();
  }

  TemporaryFolder folder_;
  int stores_ = 0;
  Study study_ = small_study();
};

double cost_of(Objective of, const EvaluatedPlan& plan) {
  return objective_value(of, {}, plan.hardware);
}

bool keeps(const CostBudget& budget, const HardwareCost& plan, const HardwareCost& whole) {
  const auto shares = budget.shares();
  return std::all_of(shares.begin(), shares.end(), [&](const CostShare& part) {
    return objective_value(part.of, {}, plan) <= part.share * objective_value(part.of, {}, whole);
  });
}

/// The fewest wrong images of what was measured within a budget.
int least_errors(const SearchResult& result, const CostBudget& budget) {
  const HardwareCost& whole = result.evaluated.front().hardware;  // 8/8, the widest
  int least = std::numeric_limits<int>::max();
  for (const EvaluatedPlan& plan : result.evaluated) {
    if (keeps(budget, plan.hardware, whole))
      least = std::min(least, static_cast<int>(fake_errors(plan.plan)));
  }
  return least;
}

/// The same of all 9^4 plans: the witness.
int least_errors_of_all(const Study& study, const CostBudget& budget) {
  SmallModels models;
  const PlanSpace space(study.search, small_network());
  const auto price = [&](const CompressionPlan& plan) {
    EXPECT_TRUE(models.fine.prepare(std::array{plan}, 1, {}).empty());
    return models.fine.cost(plan);
  };
  const HardwareCost whole = price(space.uniform({8, 8}));
  int least = std::numeric_limits<int>::max();
  pareto::Genome genome(8, 0);
  for (int number = 0; number < 6561; ++number) {
    int rest = number;
    for (int& gene : genome) {
      gene = rest % 3;
      rest /= 3;
    }
    const CompressionPlan plan = space.decode(genome);
    if (keeps(budget, price(plan), whole))
      least = std::min(least, static_cast<int>(fake_errors(plan)));
  }
  return least;
}

TEST_F(EvolutionTest, FindsTheMostAccuratePlanWithinEachBudget) {
  for (const std::vector<CostBudget>& budgets :
       {std::vector<CostBudget>{{Objective::latency, 0.6}},
        std::vector<CostBudget>{{Objective::energy, 0.33}, {Objective::model_size, 0.5}}}) {
    study_.search.budgets = budgets;
    const SearchResult found = run();
    EXPECT_EQ(found.accuracy_evaluations, 150);
    for (const CostBudget& budget : budgets)
      EXPECT_EQ(least_errors(found, budget), least_errors_of_all(study_, budget))
          << name(budget.of);
  }
}

/// A plan that keeps all of several limits is less accurate than those that keep one of them.
TEST_F(EvolutionTest, FindsTheMostAccuratePlanWithinSeveralLimitsAtOnce) {
  const CostBudget both{Objective::energy, 0.25, {{Objective::model_size, 0.4}}};
  const CostBudget three{
      Objective::model_size, 0.55, {{Objective::latency, 0.5}, {Objective::energy, 0.2}}};
  for (const CostBudget& budget : {both, three}) {
    const int least = least_errors_of_all(study_, budget);
    for (const CostShare& part : budget.shares())
      EXPECT_LT(least_errors_of_all(study_, {part.of, part.share}), least) << name(part.of);
    study_.search.budgets = {budget};
    const SearchResult found = run();
    EXPECT_EQ(least_errors(found, budget), least);
    for (const EvaluatedPlan& plan : found.evaluated) {
      if (plan.origin != Origin::offspring) continue;
      EXPECT_TRUE(keeps(budget, plan.hardware, found.evaluated.front().hardware));
    }
  }
}

/// Parents are the best that were measured within the budget.
TEST_F(EvolutionTest, OffspringGetBetter) {
  const CostBudget budget{Objective::energy, 0.33};
  study_.search.budgets = {budget};
  study_.search.evaluations = 9 + 64;
  double first = 0, last = 0;
  for (study_.search.seed = 1; study_.search.seed <= 12; ++study_.search.seed) {
    const SearchResult result = run();
    for (std::size_t i = 0; i < 16; ++i) {
      first += static_cast<double>(fake_errors(result.evaluated[9 + i].plan));
      last += static_cast<double>(fake_errors(result.evaluated[9 + 48 + i].plan));
    }
  }
  EXPECT_LT(last, 0.92 * first);
}

/// The plan with the next width of one gene, if there is one.
std::vector<CompressionPlan> steps_up(const PlanSpace& space, const CompressionPlan& plan) {
  std::vector<CompressionPlan> wider;
  const pareto::Genome genome = space.encode(plan).value();
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    if (genome[gene] == space.genomes().largest[gene]) continue;
    pareto::Genome raised = genome;
    ++raised[gene];
    wider.push_back(space.decode(raised));
  }
  return wider;
}

/// Nine uniform plans, then nothing but offspring, each new and none beyond the budget. The first
/// generation's leave no room for another step.
TEST_F(EvolutionTest, OffspringFillTheirBudget) {
  study_.search.budgets = {{Objective::energy, 0.33}};
  const SearchResult result = run();
  SmallModels models;
  const PlanSpace space(study_.search, small_network());
  const double most = 0.33 * cost_of(Objective::energy, result.evaluated.front());
  std::set<std::string> distinct;
  int offspring = 0;
  for (const EvaluatedPlan& plan : result.evaluated) {
    distinct.insert(to_text(plan.plan));
    if (plan.origin != Origin::offspring) continue;
    EXPECT_LE(cost_of(Objective::energy, plan), most) << to_text(plan.plan);
    if (++offspring > 8) continue;
    for (const CompressionPlan& wider : steps_up(space, plan.plan)) {
      ASSERT_TRUE(models.fine.prepare(std::array{wider}, 1, {}).empty());
      EXPECT_GT(models.fine.cost(wider).energy_pj, most) << to_text(plan.plan);
    }
  }
  EXPECT_EQ(offspring, 150 - 9);
  EXPECT_EQ(distinct.size(), 150U);
}

TEST_F(EvolutionTest, SameSeedSameResultOnAnyNumberOfThreads) {
  study_.search.budgets = {{Objective::latency, 0.6}, {Objective::energy, 0.3}};
  const SearchResult one = run();
  expect_same(one, run(3));
  study_.search.seed = 2;
  EXPECT_NE(one.evaluated.back().plan, run().evaluated.back().plan);
}

/// Of one width there is one plan, and nothing to breed.
TEST_F(EvolutionTest, EndsWhenABudgetHasNoFurtherPlan) {
  study_.search.weight_bits = study_.search.input_bits = {2};
  study_.baselines = study_.finish.baselines = {};
  study_.finish.reference = {2, 2};
  study_.search.budgets = {{Objective::energy, 1.0}};
  EXPECT_EQ(run().evaluated.size(), 1U);
}

/// Channels are bred as widths are: of 4, 4 and 8 channels.
TEST_F(EvolutionTest, PrunesWithinABudgetOfMacs) {
  study_.search.weight_bits = study_.search.input_bits = {8};
  study_.baselines = study_.finish.baselines = {{8, 8}};
  study_.search.channels.emplace();
  study_.search.channels->shares = {0.25, 0.5, 0.75, 1.0};
  study_.search.evaluations = 40;
  study_.search.budgets = {{Objective::macs, 0.5}};
  const SearchResult result = run();
  EXPECT_GT(result.evaluated.size(), 25U);
  SmallModels models;
  const double whole = static_cast<double>(models.fine.macs_of(result.evaluated.front().plan));
  for (const EvaluatedPlan& plan : result.evaluated) {
    if (plan.origin != Origin::offspring) continue;
    EXPECT_LE(static_cast<double>(models.fine.macs_of(plan.plan)), 0.5 * whole);
  }
}

/// Before seeds are measured: the nine uniform plans are, whatever the algorithm.
TEST_F(EvolutionTest, BudgetsThatNothingMeetsAreToldAtOnce) {
  study_.search.budgets = {{Objective::model_size, 0.1}};
  study_.search.sensitivity_seeds = true;
  SmallModels models;
  FakeAccuracyModel accuracy;
  const auto store = open_store(folder_.path() / "runs.sqlite");
  const auto result = search_plans(study_, models.fine, accuracy, *store, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error()[0].place, "search.budgets[0].share");
  EXPECT_EQ(accuracy.evaluations, 9);
}

TEST_F(EvolutionTest, EveryLimitThatNothingMeetsIsToldByItsPlace) {
  study_.search.budgets = {
      {Objective::energy, 0.5},
      {Objective::energy, 0.01, {{Objective::latency, 0.9}, {Objective::model_size, 0.1}}}};
  SmallModels models;
  FakeAccuracyModel accuracy;
  const auto store = open_store(folder_.path() / "runs.sqlite");
  const auto result = search_plans(study_, models.fine, accuracy, *store, {});
  ASSERT_FALSE(result.has_value());
  ASSERT_EQ(result.error().size(), 2U);
  EXPECT_EQ(result.error()[0].place, "search.budgets[1].share");
  EXPECT_EQ(result.error()[1].place, "search.budgets[1].also[1].share");
}

/// 9 uniform plans leave 20 - 9 = 11 for a generation that wants 4 of each budget: 4, 4 and 3.
TEST_F(EvolutionTest, TheLastGenerationIsSharedEvenly) {
  study_.search.budgets = {
      {Objective::energy, 0.9}, {Objective::energy, 0.5}, {Objective::energy, 0.2}};
  study_.search.evaluations = 20;
  const auto counts = [&] {
    const SearchResult result = run();
    const double whole = cost_of(Objective::energy, result.evaluated.front());
    std::array<int, 3> found{};
    for (const EvaluatedPlan& plan : result.evaluated) {
      if (plan.origin != Origin::offspring) continue;
      const double share = cost_of(Objective::energy, plan) / whole;
      ++found[share > 0.5 ? 0 : share > 0.2 ? 1 : 2];
    }
    return found;
  };
  EXPECT_EQ(counts(), (std::array{4, 4, 3}));
  study_.search.evaluations = 9 + 6;
  EXPECT_EQ(counts(), (std::array{2, 2, 2}));
}

}  // namespace
}  // namespace hwflow::study
