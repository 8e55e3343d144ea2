#include "study/budget_winners.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "base/random.hpp"
#include "study/search.hpp"

namespace hwflow::study {
namespace {

/// Costs in the units of HardwareCost; the reference has 1000 of each.
EvaluatedPlan plan_with(std::int64_t correct, double energy, std::int64_t cycles,
                        std::int64_t model_bits) {
  EvaluatedPlan plan;
  plan.accuracy = {correct, 1000};
  plan.hardware.energy_pj = energy;
  plan.hardware.cycles = cycles;
  plan.hardware.model_bits = model_bits;
  return plan;
}
const HardwareCost kReference = plan_with(0, 1000.0, 1000, 1000).hardware;

const CostBudget kHalfEnergy{Objective::energy, 0.5};
const CostBudget kHalfTime{Objective::latency, 0.5};
const CostBudget kBoth{Objective::latency, 0.5, {{Objective::energy, 0.5}}};

TEST(BudgetRows, HaveOneForAllAtOnceWhereNoBudgetSaysIt) {
  const auto rows = budget_rows(std::array{kHalfEnergy, kHalfTime}, kReference);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].limits, (std::vector<BudgetLimit>{{Objective::latency, 0.5, 500.0}}));
  EXPECT_FALSE(rows[1].of_all);
  EXPECT_TRUE(rows[2].of_all);
  EXPECT_EQ(rows[2].limits, (std::vector<BudgetLimit>{{Objective::energy, 0.5, 500.0},
                                                      {Objective::latency, 0.5, 500.0}}));
  EXPECT_EQ(budget_rows(std::array{kHalfEnergy, kHalfTime, kBoth}, kReference).size(), 3U);
  EXPECT_EQ(budget_rows(std::array{kBoth}, kReference).size(), 1U);
  EXPECT_TRUE(budget_rows({}, kReference).empty());
}

/// Of one cost the least budget is all of them.
TEST(BudgetRows, TakeTheLeastOfEachCostForAllAtOnce) {
  const CostBudget less{Objective::energy, 0.25};
  EXPECT_EQ(budget_rows(std::array{kHalfEnergy, less}, kReference).size(), 2U);
  const auto rows = budget_rows(std::array{kBoth, less}, kReference);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].limits, (std::vector<BudgetLimit>{{Objective::latency, 0.5, 500.0},
                                                      {Objective::energy, 0.25, 250.0}}));
  EXPECT_EQ(budget_text(rows[2].limits), "0.5 of latency and 0.25 of energy");
}

/// 200 random plans: the witness goes through all of them.
class FindWinners : public testing::Test {
 protected:
  FindWinners() {
    Rng rng(3);
    for (int i = 0; i < 200; ++i) {  // who costs more is more accurate, but for luck
      std::array<std::int64_t, 3> costs{};
      auto correct = static_cast<std::int64_t>(rng.below(40));
      for (std::int64_t& cost : costs) {
        cost = static_cast<std::int64_t>(rng.below(1000));
        correct += cost / 20;
      }
      evaluated_.push_back(
          plan_with(800 + correct / 15, static_cast<double>(costs[0]), costs[1], costs[2]));
    }
  }

  static bool is_within(const BudgetWinner& row, const EvaluatedPlan& plan) {
    for (const BudgetLimit& limit : row.limits)
      if (objective_value(limit.of, {}, plan.hardware) > limit.most) return false;
    return true;
  }

  static double filled(const BudgetWinner& row, const EvaluatedPlan& plan) {
    double sum = 0.0;
    for (const BudgetLimit& limit : row.limits)
      sum += objective_value(limit.of, {}, plan.hardware) / limit.most;
    return sum;
  }

  std::vector<EvaluatedPlan> evaluated_;
};

TEST_F(FindWinners, AreTheMostAccurateOfAllWithin) {
  const CostBudget three{
      Objective::energy, 0.6, {{Objective::model_size, 0.4}, {Objective::latency, 0.7}}};
  std::vector<BudgetWinner> rows =
      budget_rows(std::array{kHalfEnergy, kHalfTime, kBoth, three}, kReference);
  ASSERT_EQ(rows.size(), 5U);
  ASSERT_TRUE(find_winners(rows, evaluated_, {}));
  std::set<std::size_t> distinct;
  int ties = 0;
  for (const BudgetWinner& row : rows) {
    ASSERT_TRUE(row.evaluated);
    const EvaluatedPlan& best = evaluated_[*row.evaluated];
    EXPECT_TRUE(is_within(row, best));
    std::int64_t within = 0;
    for (const EvaluatedPlan& other : evaluated_) {
      if (!is_within(row, other)) continue;
      ++within;
      EXPECT_LE(other.accuracy.correct, best.accuracy.correct);
      if (other.accuracy.correct < best.accuracy.correct) continue;
      EXPECT_GE(filled(row, other), filled(row, best));
      ties += &other == &best ? 0 : 1;
    }
    EXPECT_EQ(row.within, within);
    distinct.insert(*row.evaluated);
  }
  EXPECT_GT(distinct.size(), 2U);
  EXPECT_GT(ties, 2);
}

TEST_F(FindWinners, AreNoneWhereNothingIsWithin) {
  evaluated_ = {plan_with(900, 400.0, 600, 1), plan_with(901, 600.0, 400, 1),
                plan_with(800, 500.0, 501, 1)};
  std::vector<BudgetWinner> rows = budget_rows(std::array{kHalfEnergy, kHalfTime}, kReference);
  ASSERT_TRUE(find_winners(rows, evaluated_, {}));
  EXPECT_EQ(rows[0].evaluated, 0U);
  EXPECT_EQ(rows[1].evaluated, 1U);
  EXPECT_EQ(rows[2].evaluated, std::nullopt);
  EXPECT_EQ(rows[2].within, 0);
}

/// As much as is allowed is allowed.
TEST_F(FindWinners, MayFillTheirLimits) {
  evaluated_ = {plan_with(900, 500.0, 500, 1)};
  std::vector<BudgetWinner> rows = budget_rows(std::array{kBoth}, kReference);
  ASSERT_TRUE(find_winners(rows, evaluated_, {}));
  EXPECT_EQ(rows[0].evaluated, 0U);
}

/// Confirmed, later plans of the search are better; the seventeenth is not looked at.
TEST_F(FindWinners, AreConfirmedAmongTheBestSixteenOfTheSearch) {
  evaluated_.clear();
  for (int i = 0; i < 20; ++i) evaluated_.push_back(plan_with(900 - i, 400.0, 1, 1));
  evaluated_.push_back(plan_with(950, 600.0, 1, 1));  // beyond
  std::vector<BudgetWinner> rows = budget_rows(std::array{kHalfEnergy}, kReference);
  std::size_t asked = 0;
  const auto confirm = [&](std::span<const std::size_t> plans) {
    asked += plans.size();
    for (const std::size_t i : plans)
      evaluated_[i].confirmed = {static_cast<std::int64_t>(i < 14 ? i : 14), 2000};
    return true;
  };
  ASSERT_TRUE(find_winners(rows, evaluated_, confirm));
  EXPECT_EQ(rows[0].evaluated, 14U);  // as good as 15, and better by the search
  EXPECT_EQ(asked, 16U);
  EXPECT_EQ(rows[0].within, 20);
}

TEST_F(FindWinners, StayWhenStopped) {
  std::vector<BudgetWinner> rows = budget_rows(std::array{kHalfEnergy, kHalfTime}, kReference);
  ASSERT_TRUE(find_winners(rows, evaluated_, {}));
  const auto before = rows[0].evaluated;
  EXPECT_FALSE(find_winners(rows, evaluated_, [](std::span<const std::size_t>) { return false; }));
  EXPECT_EQ(rows[0].evaluated, before);
}

}  // namespace
}  // namespace hwflow::study
