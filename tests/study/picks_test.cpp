#include "study/picks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <span>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

constexpr std::array kObjectives{Objective::accuracy, Objective::energy, Objective::latency};

EvaluatedPlan plan_with(std::int64_t correct, double energy, double latency) {
  EvaluatedPlan plan;
  plan.accuracy = {correct, 1000};
  plan.objectives = {1.0 - plan.accuracy.top1(), energy, latency};
  return plan;
}

/// 0, 1: the uniform baselines 8/8 and 4/4. Float gets 900.
const std::vector<EvaluatedPlan> kPlans{
    plan_with(900, 100, 100),  // 0
    plan_with(870, 40, 40),    // 1
    plan_with(897, 70, 80),    // 2: 0.3 points below float
    plan_with(898, 80, 60),    // 3: 0.2 points
    plan_with(888, 50, 50),    // 4: 1.2 points
    plan_with(868, 30, 30),    // 5: cheaper than 4/4, 3.2 points
    plan_with(860, 20, 39),    // 6: cheaper than 4/4 too, less accurate
    plan_with(500, 5, 5),      // 7
};
const std::vector<std::size_t> kFront{0, 1, 2, 3, 4, 5, 6, 7};
const std::vector<std::size_t> kBaselines{0, 1};

/// Picks by the search alone. What is given outlives the input.
PickInput input_of(std::span<const EvaluatedPlan> plans, std::span<const std::size_t> front,
                   std::span<const std::size_t> baselines) {
  return {.evaluated = plans,
          .front = front,
          .objectives = kObjectives,
          .finish_baselines = baselines,
          .float_search = {900, 1000},
          .float_confirmation = {},
          .confirm = {}};
}

std::vector<Pick> picks_of(const std::vector<EvaluatedPlan>& plans,
                           const std::vector<std::size_t>& front,
                           const std::vector<std::size_t>& baselines,
                           const FinishOptions& options) {
  return choose_picks(input_of(plans, front, baselines), options).value();
}

std::vector<std::pair<std::size_t, std::string>> chosen(const FinishOptions& options) {
  std::vector<std::pair<std::size_t, std::string>> list;
  for (const Pick& pick : picks_of(kPlans, kFront, kBaselines, options)) {
    list.emplace_back(pick.evaluated, pick.label);
  }
  return list;
}

using testing::ElementsAre;
using testing::Pair;

/// The plan of least energy within the tolerance is 2; without it, it is 3 (80).
TEST(ChoosePicks, LeavesOutPlansThatMayNotBePicked) {
  FinishOptions options;
  options.picks = 6;
  PickInput input = input_of(kPlans, kFront, kBaselines);
  input.may_pick = [](std::size_t plan) { return plan != 2 && plan != 5; };
  const std::vector<Pick> picks = choose_picks(input, options).value();
  ASSERT_GE(picks.size(), 3U);
  EXPECT_EQ(picks[2].evaluated, 3U);
  for (const Pick& pick : picks) EXPECT_TRUE(pick.baseline || input.may_pick(pick.evaluated));
}

TEST(ChoosePicks, FollowsTheRulesInOrder) {
  FinishOptions options;
  options.picks = 6;
  // Tolerance 0.5: plans 2 (70) and 3 (80). As accurate as float: plan 0, the baseline, nothing
  // new. Half the tolerance, after the rules on baselines: plan 3. Cheaper than 4/4: plans 5, 6, 7;
  // 5 is best. As accurate as 4/4 (870 right): plans 0 to 4, of which 1, the baseline itself, costs
  // least (40): nothing new. Tolerance + 1 = 1.5: plan 4. Knee: see below. Then 2.5 gives 4
  // again, 4.5 gives 6 (4.0). Distances from the ideal (0.1, 5, 5), ranges 0.4, 95, 95, squared:
  //   4: 0.0009 + 0.2244 + 0.2244 = 0.4497   5: 0.0064 + 0.0693 + 0.0693 = 0.1449
  //   6: 0.01 + 0.0249 + 0.1281 = 0.1630     7: 1            1: 0.0056 + 2 * 0.1357 = 0.2770
  // so the knee is 5, which is chosen already.
  EXPECT_THAT(chosen(options), ElementsAre(Pair(0, "uniform 8/8"), Pair(1, "uniform 4/4"),
                                           Pair(2, "least energy within 0.5 points"),
                                           Pair(5, "cheaper than uniform 4/4"),
                                           Pair(3, "least energy within 0.25 points"),
                                           Pair(4, "least energy within 1.5 points"),
                                           Pair(6, "least energy within 4.5 points")));
}

TEST(ChoosePicks, TakesTheCheapestThatIsNoLessAccurateThanANarrowBaseline) {
  // Plan 8 is as accurate as 4/4 (870 right), and costs less energy (35 < 40) but more latency:
  // not "cheaper in every objective", so rule 2 still names 5, and the rule after it names 8.
  std::vector<EvaluatedPlan> plans = kPlans;
  plans.push_back(plan_with(870, 35, 45));
  std::vector<std::size_t> front = kFront;
  front.push_back(8);
  FinishOptions options;
  options.picks = 3;
  const std::vector<Pick> picks = picks_of(plans, front, kBaselines, options);
  ASSERT_EQ(picks.size(), 5U);
  EXPECT_EQ(picks[2].evaluated, 2U);
  EXPECT_EQ(picks[3].evaluated, 5U);
  EXPECT_EQ(picks[4].evaluated, 8U);
  EXPECT_EQ(picks[4].label, "least energy as accurate as 4/4");
}

Pick last_pick(const PickInput& input, const FinishOptions& options) {
  const std::optional<std::vector<Pick>> picks = choose_picks(input, options);
  return picks ? picks->back() : Pick{};
}

BudgetWinner winner(std::vector<BudgetLimit> limits, std::optional<std::size_t> evaluated) {
  return {std::move(limits), false, 3, evaluated};
}

/// Plan 0 is a baseline, so no pick; nothing is within the third budget; 6 wins twice.
TEST(ChoosePicks, TakesTheMostAccurateWithinEachBudgetFirst) {
  const std::vector<BudgetWinner> winners{
      winner({{Objective::energy, 0.25}}, 6), winner({{Objective::latency, 1.5}}, 0),
      winner({{Objective::dram, 0.01}}, std::nullopt),
      winner({{Objective::energy, 0.25}, {Objective::latency, 0.4}}, 6),
      winner({{Objective::energy, 0.5}, {Objective::latency, 0.5}}, 4)};
  FinishOptions options;
  options.picks = 3;
  PickInput input = input_of(kPlans, kFront, kBaselines);
  input.winners = winners;
  const std::vector<Pick> picks = choose_picks(input, options).value();
  ASSERT_EQ(picks.size(), 5U);
  EXPECT_EQ(picks[2].evaluated, 6U);
  EXPECT_EQ(picks[2].label, "most accurate within 0.25 of energy");
  EXPECT_EQ(picks[2].reason,
            "best search accuracy among the 3 plans measured within 0.25 of energy");
  EXPECT_EQ(picks[3].evaluated, 4U);
  EXPECT_EQ(picks[3].label, "most accurate within 0.5 of energy and 0.5 of latency");
  EXPECT_EQ(picks[4].label, "least energy within 0.5 points");  // as without budgets

  options.picks = 1;
  EXPECT_EQ(last_pick(input, options).evaluated, 6U);
  input.by_proxy = true;
  EXPECT_EQ(last_pick(input, options).label, "greatest proxy within 0.25 of energy");
}

/// A proxy has no points. Behind the best 2, 4 and 6 of the front, whose proxies are 0.9, 0.898,
/// 0.897, 0.888, 0.87, 0.868, 0.86 and 0.5, stand plans 2, 1 and 6; of least energy with as much
/// are 2, 1 (a baseline) and 6.
TEST(ChoosePicks, OfAProxyAskWhatItIsOfTheFront) {
  FinishOptions options;
  options.picks = 9;
  PickInput input = input_of(kPlans, kFront, kBaselines);
  input.by_proxy = true;
  std::vector<std::pair<std::size_t, std::string>> list;
  const std::vector<Pick> picks = choose_picks(input, options).value();
  for (const Pick& pick : picks) {
    list.emplace_back(pick.evaluated, pick.label);
    for (const std::string& text : {pick.label, pick.reason})
      EXPECT_THAT(text, testing::Not(testing::HasSubstr("accura")));
  }
  EXPECT_THAT(list, ElementsAre(Pair(0, "uniform 8/8"), Pair(1, "uniform 4/4"),
                                Pair(5, "cheaper than uniform 4/4"),
                                Pair(2, "least energy, proxy of 0.897 or more"),
                                Pair(6, "least energy, proxy of 0.860 or more")));
}

/// Another scale of the proxy, the same picks.
TEST(ChoosePicks, OfAProxyDependOnItsOrderAlone) {
  std::vector<EvaluatedPlan> plans = kPlans;
  for (EvaluatedPlan& plan : plans) {
    plan.accuracy.correct = plan.accuracy.correct * plan.accuracy.correct / 1000;
    plan.objectives[0] = 1.0 - plan.accuracy.top1();
  }
  FinishOptions options;
  options.picks = 3;
  const auto places = [&](std::span<const EvaluatedPlan> of) {
    PickInput input = input_of(of, kFront, kBaselines);
    input.by_proxy = true;
    std::vector<std::size_t> list;
    const std::vector<Pick> picks = choose_picks(input, options).value();
    for (const Pick& pick : picks) list.push_back(pick.evaluated);
    return list;
  };
  EXPECT_EQ(places(plans), places(kPlans));
}

TEST(ChoosePicks, StopsAtTheNumberAskedFor) {
  FinishOptions options;
  options.picks = 1;
  EXPECT_EQ(chosen(options).size(), 3U);
  options.picks = 0;
  EXPECT_EQ(chosen(options).size(), 2U);
}

TEST(ChoosePicks, TakesTheKneeWhenItIsNew) {
  FinishOptions options;
  options.picks = 3;
  options.baselines = {{8, 8}};
  options.search_margin_points = 0.0;
  const std::vector<std::size_t> baselines{0};
  const std::vector<Pick> picks = picks_of(kPlans, kFront, baselines, options);
  ASSERT_EQ(picks.size(), 4U);
  EXPECT_EQ(picks[3].label, "knee");
  EXPECT_EQ(picks[3].evaluated, 5U);
}

TEST(ChoosePicks, ChoosesNothingWhereNothingQualifies) {
  FinishOptions options;
  options.tolerance_points = 0.0;
  options.search_margin_points = 0.0;
  options.baselines = {{8, 8}};
  const std::vector<std::size_t> front{7}, baselines{0};
  const std::vector<Pick> picks = picks_of(kPlans, front, baselines, options);
  ASSERT_EQ(picks.size(), 2U);  // the baseline, and the only point as knee
  EXPECT_EQ(picks[1].label, "knee");
}

class ConfirmedPicks : public testing::Test {
 protected:
  /// Right of 2,000 confirmation images, by plan; float gets 1,780 (89.0 %), one point less than on
  /// the search split.
  std::optional<std::vector<Pick>> pick(const std::vector<std::int64_t>& right, int picks) {
    PickInput input{.evaluated = plans_,
                    .front = front_,
                    .objectives = kObjectives,
                    .finish_baselines = kBaselines,
                    .float_search = {900, 1000},
                    .float_confirmation = train::AccuracyEstimate{1780, 2000},
                    .confirm = {}};
    input.confirm = [&](std::span<const std::size_t> places) {
      for (const std::size_t i : places) {
        if (limit_ == 0) return false;
        --limit_;
        plans_[i].confirmed = {right[i], 2000};
      }
      return true;
    };
    FinishOptions options;
    options.picks = picks;
    return choose_picks(input, options);
  }

  std::vector<EvaluatedPlan> plans_ = kPlans;
  std::vector<std::size_t> front_ = kFront;
  int limit_ = 1000;
};

TEST_F(ConfirmedPicks, GoToThePlanThatIsAccurateOnBothSplits) {
  // Plan 2 (70) was lucky: 88.0 % of 89.0 is a point below float. Plan 3 (80) is 0.2 below.
  const auto picks = pick({1780, 1700, 1760, 1776, 1750, 1720, 1700, 1000}, 1);
  ASSERT_EQ(picks->size(), 3U);
  EXPECT_EQ((*picks)[2].evaluated, 3U);
  EXPECT_THAT((*picks)[2].reason, testing::HasSubstr("confirmed accuracy"));
  // What the search had below the tolerance was not asked for.
  EXPECT_FALSE(plans_[4].confirmed.has_value());
}

TEST_F(ConfirmedPicks, MayLieOffTheFront) {
  // Plan 8 is dearer than 2 and, by the search, no better; 2 was lucky and keeps it off the front.
  plans_.push_back(plan_with(896, 75, 85));
  const auto picks = pick({1780, 1700, 1700, 1700, 1750, 1720, 1700, 1000, 1778}, 1);
  ASSERT_EQ(picks->size(), 3U);
  EXPECT_EQ((*picks)[2].evaluated, 8U);
}

TEST_F(ConfirmedPicks, AreMoreAccurateThanABaselineAsMeasuredAnew) {
  // Cheaper than 4/4 in everything: 5, 6 and 7; the search prefers 5, the confirmation 6.
  const auto picks = pick({1780, 1700, 1776, 1776, 1750, 1600, 1720, 1000}, 2);
  ASSERT_EQ(picks->size(), 4U);
  EXPECT_EQ((*picks)[3].label, "cheaper than uniform 4/4");
  EXPECT_EQ((*picks)[3].evaluated, 6U);
}

TEST_F(ConfirmedPicks, AreLookedForBlockByBlock) {
  // 30 plans of rising cost, all as good as float by the search; confirmed is the twelfth of them.
  plans_.resize(2);
  std::vector<std::int64_t> right{1780, 1700};
  for (int i = 0; i < 30; ++i) {
    plans_.push_back(plan_with(900, 50.0 + i, 50));
    right.push_back(i == 11 ? 1779 : 1700);
  }
  front_ = {0, 1, 2};
  const auto picks = pick(right, 1);
  ASSERT_EQ(picks->size(), 3U);
  EXPECT_EQ((*picks)[2].evaluated, 13U);
  EXPECT_TRUE(plans_[2 + 15].confirmed.has_value());   // of the second block of eight
  EXPECT_FALSE(plans_[2 + 16].confirmed.has_value());  // of the third
}

TEST_F(ConfirmedPicks, AreMoreAccurateThanABaselineAmongTheBestSixteenOfTheSearch) {
  // 20 plans cheaper than 4/4, the later the less accurate by the search. Confirmed, the last of
  // all is the best and the sixteenth second; only the latter is looked at.
  plans_.resize(2);
  std::vector<std::int64_t> right{1780, 1700};
  for (int i = 0; i < 20; ++i) {
    plans_.push_back(plan_with(800 - i, 30, 30 - i));
    right.push_back(i == 19 ? 1650 : i == 15 ? 1640 : 1500);
  }
  front_ = {0, 1, 2};
  const auto picks = pick(right, 1);
  ASSERT_EQ(picks->size(), 3U);
  EXPECT_EQ((*picks)[2].label, "cheaper than uniform 4/4");
  EXPECT_EQ((*picks)[2].evaluated, 17U);
}

TEST_F(ConfirmedPicks, AreNoneWhenStopped) {
  for (limit_ = 0; limit_ < 5; ++limit_) {
    const int allowed = limit_;
    EXPECT_EQ(pick({1780, 1700, 1776, 1776, 1750, 1600, 1720, 1000}, 4), std::nullopt) << allowed;
    limit_ = allowed;
  }
}

}  // namespace
}  // namespace hwflow::study
