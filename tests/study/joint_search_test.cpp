#include "study/joint_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "pareto/hypervolume.hpp"
#include "study/array_space.hpp"
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

  /// Kills a search at the accuracy of that number and lets another go on: `whole` in a store of
  /// its own, and what it found, say what must come out.
  SearchResult resumed_after_kill(const Study& study, int at, const FakeAccuracyModel& whole,
                                  const SearchResult& expected) {
    struct Killed {};
    FakeAccuracyModel cut, rest;
    cut.before_evaluation = [at](int number) {
      if (number == at) throw Killed{};
    };
    EXPECT_THROW(static_cast<void>(run(study, cut)), Killed);
    SearchResult resumed = run(study, rest);
    EXPECT_EQ(rest.evaluations, whole.evaluations - (at - 1));
    EXPECT_EQ(resumed.evaluated.size(), expected.evaluated.size());
    for (std::size_t i = 0; i < std::min(resumed.evaluated.size(), expected.evaluated.size()); ++i)
      EXPECT_EQ(resumed.evaluated[i].plan, expected.evaluated[i].plan);
    return resumed;
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  std::unique_ptr<DesignedModel> designed_;
};

/// Objectives of a pair in units of the box, by hand: error over what may be lost (6 points), and
/// costs over limits.
pareto::Objectives in_box(const HardwareSearchSummary& found, const CompressionPlan& plan,
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
  const Study study = joint_study(GetParam());
  FakeAccuracyModel whole;
  const auto other = open_store(folder_.path() / "other.sqlite");
  const SearchResult expected = run(study, whole, *other);
  const SearchResult resumed = resumed_after_kill(study, 12, whole, expected);
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

/// Least product of costs of designs within the limits, and least sum of what costs exceed their
/// limits by; witness: every design on the front of the plan.
struct BestDesigns {
  std::optional<double> product;
  double excess = std::numeric_limits<double>::infinity();

  BestDesigns(const HardwareSearchSummary& found, OverlaySpace& space,
              const CompressionPlan& plan) {
    const auto fronts = space.fronts({&plan, 1}, 1, {}).value().value();
    for (const DesignPoint& point : fronts[0]) {
      const double over = excess_of(found, point);
      excess = std::min(excess, over);
      if (over == 0.0) product = std::min(product.value_or(1e300), product_of(point));
    }
  }
  static double product_of(const DesignPoint& point) {
    return std::accumulate(point.costs.begin(), point.costs.end(), 1.0, std::multiplies<>());
  }
  static double excess_of(const HardwareSearchSummary& found, const DesignPoint& point) {
    double over = 0.0;
    for (std::size_t k = 0; k < point.costs.size(); ++k)
      over += std::max(0.0, point.costs[k] / found.limits[k] - 1.0);
    return over;
  }
};

/// The design that a plan is shown on: of those within the limits the one of least product of
/// costs; the reference without any, and for the uniform plans of the re-training. These have a
/// design of their own beside it, chosen alike, or, when none is within the limits, the nearest.
TEST_P(JointSearchTest, ShowsPlansOnTheDesignOfLeastCost) {
  const Study study = joint_study(GetParam());
  FakeAccuracyModel model;
  const SearchResult result = run(study, model);
  const HardwareSearchSummary& found = *result.hardware_search;
  const auto space = small_overlay_space(study);
  std::size_t own = 0, shown_inside = 0, shown_on_reference = 0;
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    const EvaluatedPlan& plan = result.evaluated[i];
    EXPECT_EQ(space->cost(plan.plan, found.chosen[i].sizes), plan.hardware);
    EXPECT_EQ(designed_->cost(plan.plan), plan.hardware);
    EXPECT_EQ(space->point(plan.plan, found.chosen[i].sizes).value(), found.chosen[i]);
    const BestDesigns best(found, *space, plan.plan);
    const auto expect_best = [&](const DesignPoint& point) {
      EXPECT_EQ(BestDesigns::excess_of(found, point), 0.0);
      EXPECT_NEAR(BestDesigns::product_of(point) / *best.product, 1.0, 1e-12);
    };
    const bool is_baseline = plan.plan == CompressionPlan::uniform(4, 8, 8) ||
                             plan.plan == CompressionPlan::uniform(4, 4, 4);
    if (!is_baseline && best.product) {
      expect_best(found.chosen[i]);
      ++shown_inside;
      continue;
    }
    EXPECT_EQ(found.chosen[i].sizes, space->reference());
    ++shown_on_reference;
    if (!is_baseline) continue;
    ASSERT_LT(own, found.own_designs.size());
    const OwnDesign& design = found.own_designs[own++];
    EXPECT_EQ(design.evaluated, i);
    EXPECT_EQ(design.hardware, space->cost(plan.plan, design.point.sizes));
    EXPECT_EQ(design.is_within_limits, best.product.has_value());
    if (best.product) expect_best(design.point);
    EXPECT_NEAR(BestDesigns::excess_of(found, design.point), best.excess, 1e-9);
  }
  EXPECT_EQ(own, 2U);
  EXPECT_EQ(found.own_designs.size(), own);
  EXPECT_GT(shown_inside, 0U);
  EXPECT_GE(shown_on_reference, own);
}

/// Arrays on which no layer of `width`-bit weights can be mapped.
std::unique_ptr<DesignedModel> arrays_without(const Study& study, int width) {
  const auto map_layer = [width](const Layer& layer,
                                 const chip::Accelerator& design) -> Expected<chip::MappingResult> {
    if (layer.bits.weights == width)
      return Unexpected{Diagnostics{{"buffer", "is too small", "", ProblemKind::infeasible}}};
    chip::MappingResult result = map_by_formula(layer).value();
    result.cost.levels.resize(design.levels().size());
    result.cost.cycles /= design.levels()[1].fanout.instances();
    return result;
  };
  const HardwareSearchOptions& search = *study.hardware.search;
  auto space = ArraySpace::make(small_network(), small_accelerator(), study.hardware, search.array,
                                search.effective_objectives(), {map_layer, 1});
  return std::make_unique<DesignedModel>(small_network(), small_accelerator(), study.hardware,
                                         std::move(*space));
}

Study array_study(SearchOrder order) {
  Study study = joint_study(order);
  study.hardware.search->space = DesignSpaceKind::array;
  study.hardware.search->targets = {};
  study.hardware.search->array.rows = {1, 2, 4};
  return study;
}

/// Layers of 2-bit weights cannot be mapped: such plans do not pass, and the search goes on.
TEST_P(JointSearchTest, APlanThatNoDesignRunsOnlyDoesNotPass) {
  const Study study = array_study(GetParam());
  const auto model = arrays_without(study, 2);
  FakeAccuracyModel accuracy;
  const SearchResult result = search_jointly(study, *model, accuracy, *store_, {}).value();
  const auto has_two = [](const CompressionPlan& plan) {
    return std::any_of(plan.layers.begin(), plan.layers.end(),
                       [](const PrecisionPair& pair) { return pair.weights == 2; });
  };
  std::size_t without_design = 0;
  for (const StrategySummary& strategy : result.hardware_search->strategies) {
    if (!has_two(strategy.plan)) continue;
    ++without_design;
    EXPECT_FALSE(strategy.passes);
    EXPECT_FALSE(strategy.violation.has_value());
    EXPECT_FALSE(strategy.evaluated.has_value());
  }
  EXPECT_GT(without_design, 0U);
  for (const EvaluatedPlan& plan : result.evaluated) EXPECT_FALSE(has_two(plan.plan));
  EXPECT_FALSE(result.hardware_search->pairs.empty());
}

TEST_P(JointSearchTest, BaselinesThatTheReferenceCannotRunAreToldBeforeTheSearch) {
  const Study study = array_study(GetParam());
  const auto model = arrays_without(study, 4);
  FakeAccuracyModel accuracy;
  const auto result = search_jointly(study, *model, accuracy, *store_, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(accuracy.evaluations, 0);
  for (const Diagnostic& problem : result.error()) {
    EXPECT_EQ(problem.place, "finish.baselines[1]");
    EXPECT_EQ(problem.kind, ProblemKind::wrong_input);
    EXPECT_NE(problem.reason.find("uniform 4/4 cannot run on the reference"), std::string::npos);
    EXPECT_FALSE(problem.hint.empty());
  }
}

/// Plans drawn instead of bred: as many, of both orders alike, and none twice.
TEST_P(JointSearchTest, DrawsPlansAtRandom) {
  Study study = joint_study(GetParam());
  study.search.algorithm = Algorithm::random;
  FakeAccuracyModel model, other;
  const SearchResult result = run(study, model);
  const auto& curve = result.hardware_search->curve;
  ASSERT_GE(curve.size(), 7U);
  EXPECT_GT(curve.back().evaluations, curve.front().evaluations);
  EXPECT_LE(curve[6].considered, curve[0].considered + 6 * 8);
  EXPECT_FALSE(result.hardware_search->pairs.empty());
  study.search.seed = 2;
  const auto store = open_store(folder_.path() / "other.sqlite");
  const SearchResult seeded = run(study, other, *store);
  EXPECT_NE(to_text(seeded.evaluated.back().plan), to_text(result.evaluated.back().plan));
  study.search.evaluations = 40;
  FakeAccuracyModel third;
  const auto last = open_store(folder_.path() / "third.sqlite");
  EXPECT_EQ(run(study, third, *last).accuracy_evaluations, 40);
}

/// With predicted accuracies as many are measured as without; a run that is killed goes on to the
/// same result.
TEST_P(JointSearchTest, PredictedAccuraciesChooseWhatIsMeasured) {
  Study study = joint_study(GetParam());
  study.search.surrogate.oversample = 4;
  FakeAccuracyModel whole;
  const auto other = open_store(folder_.path() / "other.sqlite");
  const SearchResult expected = run(study, whole, *other);
  const HardwareSearchSummary& found = *expected.hardware_search;
  EXPECT_GT(found.curve.back().considered, found.curve.back().evaluations);
  for (std::size_t i = 1; i <= 6; ++i)
    EXPECT_LE(found.curve[i].evaluations - found.curve[i - 1].evaluations, 8);
  // Accuracies here follow from the widths layer by layer, as predictions assume.
  EXPECT_FALSE(found.curve.front().rank_correlation);
  EXPECT_TRUE(std::ranges::any_of(found.curve, [](const PairGeneration& generation) {
    return generation.rank_correlation > 0.5;
  }));
  if (GetParam() == SearchOrder::nested) {
    for (const StrategySummary& strategy : found.strategies) {
      EXPECT_TRUE(strategy.passes || !strategy.evaluated || strategy.generation == 0);
    }
  }
  static_cast<void>(resumed_after_kill(study, 20, whole, expected));
}

/// Both orders begin with the same uniform plans and the same stream of random ones; nesting takes
/// of these the first that pass.
TEST_P(JointSearchTest, SeedsAreAsManyAsThePopulation) {
  FakeAccuracyModel model;
  const SearchResult result = run(joint_study(GetParam()), model);
  std::int64_t seeds = 0;
  for (const StrategySummary& strategy : result.hardware_search->strategies) {
    const bool counts = GetParam() != SearchOrder::nested || strategy.passes;
    seeds += strategy.generation == 0 && counts ? 1 : 0;
  }
  EXPECT_EQ(seeds, GetParam() == SearchOrder::nested ? 8 : 9);  // 9 uniform plans of 8 wanted
}

INSTANTIATE_TEST_SUITE_P(Orders, JointSearchTest,
                         testing::Values(SearchOrder::nested, SearchOrder::sequential,
                                         SearchOrder::sequential_all),
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
    const bool is_baseline = strategy.plan == CompressionPlan::uniform(4, 8, 8) ||
                             strategy.plan == CompressionPlan::uniform(4, 4, 4);
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
    const CompressionPlan& plan = found.strategies[i].plan;
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

/// Designs of all accurate measured plans instead of the front's: the same plans, no less volume.
TEST_P(SequentialSearchTest, CanKeepEveryMeasuredPlan) {
  FakeAccuracyModel model;
  const SearchResult front = run(joint_study(GetParam()), model);
  const SearchResult all = run(joint_study(SearchOrder::sequential_all), model);
  const HardwareSearchSummary &few = *front.hardware_search, &many = *all.hardware_search;
  ASSERT_EQ(many.strategies.size(), few.strategies.size());
  std::size_t kept_by_both = 0, kept = 0;
  for (std::size_t i = 0; i < many.strategies.size(); ++i) {
    EXPECT_EQ(many.strategies[i].plan, few.strategies[i].plan);
    EXPECT_EQ(many.strategies[i].is_kept, fake_errors(many.strategies[i].plan) < 60);
    kept += many.strategies[i].is_kept ? 1 : 0;
    kept_by_both += many.strategies[i].is_kept && few.strategies[i].is_kept ? 1 : 0;
  }
  EXPECT_GT(kept, kept_by_both);
  EXPECT_GE(many.curve.back().hypervolume, few.curve.back().hypervolume);
}

INSTANTIATE_TEST_SUITE_P(Orders, SequentialSearchTest, testing::Values(SearchOrder::sequential));

}  // namespace
}  // namespace hwflow::study
