#include "study/joint_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pareto/hypervolume.hpp"
#include "study/joint_orders.hpp"
#include "tests/study/joint_world.hpp"

namespace hwflow::study {
namespace {

class JointSearchTest : public testing::TestWithParam<SearchOrder> {
 protected:
  SearchResult run(const Study& study, FakeAccuracyModel& model, RunStore& store,
                   SearchSetting setting = {}) {
    designed_ = small_designed_model(study);
    return search_jointly(study, *designed_, model, store, setting).value();
  }
  SearchResult run(const Study& study, FakeAccuracyModel& model) {
    return run(study, model, *store_);
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  std::unique_ptr<DesignedModel> designed_;
};

/// Objectives of a pair in units of the box, by hand: error over what may be lost (6 points), and
/// costs over limits.
pareto::Objectives in_box(const HardwareSearchSummary& found, const PrecisionPlan& plan,
                          const std::vector<double>& costs) {
  pareto::Objectives point{static_cast<double>(fake_errors(plan)) / 60.0};
  for (std::size_t k = 0; k < costs.size(); ++k) point.push_back(costs[k] / found.limits[k]);
  return point;
}

bool is_inside(const pareto::Objectives& point) {
  return point[0] < 1.0 &&
         std::all_of(point.begin() + 1, point.end(), [](double value) { return value <= 1.0; });
}

/// Witness: every design of every plan that counts, against each other.
TEST_P(JointSearchTest, PairsAreTheFrontOfAllPlansAndDesigns) {
  const Study study = joint_study(GetParam());
  FakeAccuracyModel model;
  const SearchResult result = run(study, model);
  ASSERT_TRUE(result.hardware_search.has_value());
  const HardwareSearchSummary& found = *result.hardware_search;
  const auto space = small_overlay_space(study);
  std::vector<pareto::Objectives> points;
  for (const StrategySummary& strategy : found.strategies) {
    if (!strategy.is_kept) continue;
    const auto fronts = space->fronts({&strategy.plan, 1}, 1, {}).value().value();
    for (const DesignPoint& point : fronts[0]) {
      points.push_back(in_box(found, strategy.plan, point.costs));
      if (!is_inside(points.back())) points.pop_back();
    }
  }
  ASSERT_FALSE(points.empty());
  std::set<pareto::Objectives> expected, pairs;
  for (const std::size_t i : pareto::pareto_front(points)) expected.insert(points[i]);
  for (const DesignPair& pair : found.pairs)
    pairs.insert(in_box(found, result.evaluated[pair.evaluated].plan, pair.point.costs));
  EXPECT_EQ(pairs, expected);
  EXPECT_EQ(found.curve.back().pairs, static_cast<std::int64_t>(found.pairs.size()));
  EXPECT_NEAR(found.curve.back().hypervolume,
              pareto::hypervolume(points, pareto::Objectives(5, 1.0 + 1e-9)), 1e-6);
}

TEST_P(JointSearchTest, MeasuresNothingTwiceAndCountsWhatItMeasures) {
  FakeAccuracyModel model;
  const SearchResult result = run(joint_study(GetParam()), model);
  EXPECT_EQ(model.evaluations, result.accuracy_evaluations);
  EXPECT_EQ(result.evaluated.size(), static_cast<std::size_t>(result.accuracy_evaluations));
  std::set<std::string> plans;
  for (const EvaluatedPlan& plan : result.evaluated) plans.insert(to_text(plan.plan));
  EXPECT_EQ(plans.size(), result.evaluated.size());
}

TEST_P(JointSearchTest, CurvesRise) {
  FakeAccuracyModel model;
  const SearchResult result = run(joint_study(GetParam()), model);
  const auto& curve = result.hardware_search->curve;
  const bool is_nested = GetParam() == SearchOrder::nested;
  ASSERT_EQ(curve.size(), is_nested ? 7U : 8U);  // seeds, 6 generations, designs of those left
  for (std::size_t i = 1; i < curve.size(); ++i) {
    EXPECT_GE(curve[i].considered, curve[i - 1].considered);
    EXPECT_GE(curve[i].evaluations, curve[i - 1].evaluations);
    EXPECT_GE(curve[i].seconds, curve[i - 1].seconds);
    // A front of accuracy and bit operations may lose plans that had the better designs.
    if (is_nested) {
      EXPECT_GE(curve[i].hypervolume, curve[i - 1].hypervolume);
    }
  }
}

TEST_P(JointSearchTest, DoesNotDependOnThreads) {
  const Study study = joint_study(GetParam());
  FakeAccuracyModel one, many;
  const SearchResult first = run(study, one);
  const auto other = open_store(folder_.path() / "other.sqlite");
  SearchSetting setting;
  setting.threads = 4;
  const SearchResult second = run(study, many, *other, setting);
  ASSERT_EQ(first.evaluated.size(), second.evaluated.size());
  for (std::size_t i = 0; i < first.evaluated.size(); ++i) {
    EXPECT_EQ(first.evaluated[i].plan, second.evaluated[i].plan);
    EXPECT_EQ(first.evaluated[i].hardware, second.evaluated[i].hardware);
  }
  ASSERT_EQ(first.hardware_search->pairs.size(), second.hardware_search->pairs.size());
  for (std::size_t i = 0; i < first.hardware_search->pairs.size(); ++i)
    EXPECT_EQ(first.hardware_search->pairs[i].point, second.hardware_search->pairs[i].point);
}

/// Killed after any number of evaluations, the search goes on to the same result and measures only
/// what it had not.
TEST_P(JointSearchTest, GoesOnAfterAKill) {
  struct Killed {};
  const Study study = joint_study(GetParam());
  FakeAccuracyModel whole;
  const auto other = open_store(folder_.path() / "other.sqlite");
  const SearchResult expected = run(study, whole, *other);
  FakeAccuracyModel cut, rest;
  cut.before_evaluation = [](int number) {
    if (number == 12) throw Killed{};
  };
  EXPECT_THROW(static_cast<void>(run(study, cut)), Killed);
  const SearchResult resumed = run(study, rest);
  EXPECT_EQ(rest.evaluations, whole.evaluations - 11);
  ASSERT_EQ(resumed.evaluated.size(), expected.evaluated.size());
  for (std::size_t i = 0; i < expected.evaluated.size(); ++i)
    EXPECT_EQ(resumed.evaluated[i].plan, expected.evaluated[i].plan);
  EXPECT_EQ(resumed.hardware_search->pairs.size(), expected.hardware_search->pairs.size());
}

TEST_P(JointSearchTest, AStopKeepsWholeGenerations) {
  std::stop_source source;
  FakeAccuracyModel model;
  model.before_evaluation = [&](int number) {
    if (number == 14) source.request_stop();
  };
  SearchSetting setting;
  setting.stop = source.get_token();
  const SearchResult result = run(joint_study(GetParam()), model, *store_, setting);
  EXPECT_TRUE(result.stopped);
  for (const EvaluatedPlan& plan : result.evaluated)
    EXPECT_LE(plan.generation, result.generations.back().generation);
}

TEST_P(JointSearchTest, ARunThatIsOnlyLookedAtMeasuresNothing) {
  const Study study = joint_study(GetParam());
  FakeAccuracyModel model, looking;
  const SearchResult once = run(study, model);
  SearchSetting setting;
  setting.only_known = true;
  const SearchResult again = run(study, looking, *store_, setting);
  EXPECT_EQ(looking.evaluations, 0);
  EXPECT_EQ(again.evaluated.size(), once.evaluated.size());
  EXPECT_FALSE(again.stopped);
  const auto empty = open_store(folder_.path() / "empty.sqlite");
  EXPECT_TRUE(run(study, looking, *empty, setting).stopped);
}

TEST_P(JointSearchTest, SpendsABudgetExactly) {
  Study study = joint_study(GetParam());
  study.search.evaluations = 60;
  FakeAccuracyModel model;
  EXPECT_EQ(run(study, model).accuracy_evaluations, 60);
}

/// The design that a plan is shown on: within the limits, and none there has a smaller product of
/// costs; the reference for the uniform plans of the re-training.
TEST_P(JointSearchTest, ShowsPlansOnTheDesignOfLeastCost) {
  const Study study = joint_study(GetParam());
  FakeAccuracyModel model;
  const SearchResult result = run(study, model);
  const HardwareSearchSummary& found = *result.hardware_search;
  const auto space = small_overlay_space(study);
  const auto product = [](const std::vector<double>& costs) {
    double value = 1.0;
    for (const double cost : costs) value *= cost;
    return value;
  };
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    const EvaluatedPlan& plan = result.evaluated[i];
    EXPECT_EQ(space->cost(plan.plan, found.chosen[i].sizes), plan.hardware);
    EXPECT_EQ(designed_->cost(plan.plan), plan.hardware);
    if (found.chosen[i].sizes == space->reference()) continue;
    const auto fronts = space->fronts({&plan.plan, 1}, 1, {}).value().value();
    for (const DesignPoint& point : fronts[0]) {
      const auto values = in_box(found, plan.plan, point.costs);
      if (std::any_of(values.begin() + 1, values.end(), [](double v) { return v > 1.0; })) continue;
      EXPECT_GE(product(point.costs), product(found.chosen[i].costs) * (1.0 - 1e-12));
    }
  }
  EXPECT_EQ(found.chosen[0].sizes, space->reference());  // uniform 8/8
}

/// With predicted accuracies as many are measured as without; a run that is killed goes on to the
/// same result.
TEST_P(JointSearchTest, PredictedAccuraciesChooseWhatIsMeasured) {
  struct Killed {};
  Study study = joint_study(GetParam());
  study.search.surrogate.oversample = 4;
  FakeAccuracyModel whole, cut, rest;
  const auto other = open_store(folder_.path() / "other.sqlite");
  const SearchResult expected = run(study, whole, *other);
  const HardwareSearchSummary& found = *expected.hardware_search;
  EXPECT_GT(found.curve.back().considered, found.curve.back().evaluations);
  for (std::size_t i = 1; i <= 6; ++i)
    EXPECT_LE(found.curve[i].evaluations - found.curve[i - 1].evaluations, 8);
  if (GetParam() == SearchOrder::nested) {
    for (const StrategySummary& strategy : found.strategies) {
      EXPECT_TRUE(strategy.passes || !strategy.evaluated || strategy.generation == 0);
    }
  }
  cut.before_evaluation = [](int number) {
    if (number == 20) throw Killed{};
  };
  EXPECT_THROW(static_cast<void>(run(study, cut)), Killed);
  const SearchResult resumed = run(study, rest);
  EXPECT_EQ(rest.evaluations, whole.evaluations - 19);
  ASSERT_EQ(resumed.evaluated.size(), expected.evaluated.size());
  for (std::size_t i = 0; i < expected.evaluated.size(); ++i)
    EXPECT_EQ(resumed.evaluated[i].plan, expected.evaluated[i].plan);
}

/// Both orders begin with the same uniform plans and the same stream of random ones; nesting takes
/// of these the first that pass.
TEST_P(JointSearchTest, SeedsAreAsManyAsThePopulation) {
  FakeAccuracyModel model;
  const SearchResult result = run(joint_study(GetParam()), model);
  std::int64_t seeds = 0;
  for (const StrategySummary& strategy : result.hardware_search->strategies) {
    const bool counts = GetParam() == SearchOrder::sequential || strategy.passes;
    seeds += strategy.generation == 0 && counts ? 1 : 0;
  }
  EXPECT_EQ(seeds, GetParam() == SearchOrder::sequential ? 9 : 8);  // 9 uniform plans of 8 wanted
}

INSTANTIATE_TEST_SUITE_P(Orders, JointSearchTest,
                         testing::Values(SearchOrder::nested, SearchOrder::sequential),
                         [](const auto& order) { return std::string(name(order.param)); });

class NestedSearchTest : public JointSearchTest {};

/// The point of nesting: what is measured has a design within the limits, witnessed by every
/// design; what is not has none.
TEST_P(NestedSearchTest, MeasuresOnlyPlansThatSomeDesignRunsWithinTheLimits) {
  const Study study = joint_study(GetParam());
  FakeAccuracyModel model;
  const SearchResult result = run(study, model);
  const HardwareSearchSummary& found = *result.hardware_search;
  const auto space = small_overlay_space(study);
  std::size_t passed = 0, refused = 0;
  for (const StrategySummary& strategy : found.strategies) {
    const auto fronts = space->fronts({&strategy.plan, 1}, 1, {}).value().value();
    const bool passes = std::any_of(fronts[0].begin(), fronts[0].end(), [&](const auto& point) {
      auto values = in_box(found, strategy.plan, point.costs);
      values[0] = 0.0;
      return is_inside(values);
    });
    EXPECT_EQ(strategy.passes, passes);
    const bool is_baseline = strategy.plan == PrecisionPlan::uniform(4, 8, 8) ||
                             strategy.plan == PrecisionPlan::uniform(4, 4, 4);
    EXPECT_EQ(strategy.evaluated.has_value(), passes || is_baseline);
    (passes ? passed : refused) += 1;
  }
  EXPECT_GT(passed, 0U);
  EXPECT_GT(refused, 0U);
}

INSTANTIATE_TEST_SUITE_P(Orders, NestedSearchTest, testing::Values(SearchOrder::nested));

class SequentialSearchTest : public JointSearchTest {};

TEST_P(SequentialSearchTest, MeasuresEveryPlanAndKeepsTheFrontOfBitOperations) {
  FakeAccuracyModel model;
  const SearchResult result = run(joint_study(GetParam()), model);
  const HardwareSearchSummary& found = *result.hardware_search;
  std::vector<pareto::Objectives> points;
  std::vector<std::size_t> places;
  const std::vector<double> macs{9216, 9216, 18'432, 5120};
  for (std::size_t i = 0; i < found.strategies.size(); ++i) {
    const PrecisionPlan& plan = found.strategies[i].plan;
    ASSERT_TRUE(found.strategies[i].evaluated.has_value());
    double operations = 0.0;
    for (std::size_t k = 0; k < 4; ++k)
      operations += macs[k] * plan.layers[k].weights * plan.layers[k].inputs;
    EXPECT_EQ(bit_operations(small_network(), plan), operations);
    if (fake_errors(plan) >= 60) continue;
    points.push_back({static_cast<double>(fake_errors(plan)), operations});
    places.push_back(i);
  }
  std::set<std::size_t> expected, kept;
  for (const std::size_t i : pareto::pareto_front(points)) expected.insert(places[i]);
  for (std::size_t i = 0; i < found.strategies.size(); ++i) {
    if (found.strategies[i].is_kept) kept.insert(i);
  }
  EXPECT_EQ(kept, expected);
}

INSTANTIATE_TEST_SUITE_P(Orders, SequentialSearchTest, testing::Values(SearchOrder::sequential));

}  // namespace
}  // namespace hwflow::study
