#include "study/algorithms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "pareto/dominance.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using pareto::Objectives;

struct Outcome {
  SearchResult result;
  std::vector<CompressionPlan> measured;
};

class AlgorithmsTest : public testing::TestWithParam<Algorithm> {
 protected:
  Outcome search(const Study& study, int threads = 1) {
    const auto store = open_store(folder_.path() / std::to_string(++stores_));
    return search(study, *store, threads);
  }
  static Outcome search(const Study& study, RunStore& store, int threads = 1) {
    LayerByLayerModel hardware(small_network(), small_accelerator(), {}, map_by_formula);
    FakeAccuracyModel accuracy;
    accuracy.remember_asked = threads == 1;
    SearchSetting setting;
    setting.threads = threads;
    SearchResult result = search_plans(study, hardware, accuracy, store, setting).value();
    return {std::move(result), std::move(accuracy.asked)};
  }
  [[nodiscard]] static Study study() {
    Study study = small_study();
    study.search.algorithm = GetParam();
    study.search.agent.ddpg.hidden_units = 16;
    return study;
  }
  /// 64 plans: three layers at 4 or 8 bit.
  [[nodiscard]] static Study tiny_study() {
    Study tiny = study();
    tiny.search.weight_bits = tiny.search.input_bits = {4, 8};
    tiny.search.pinned = {{"first", 8, 8}};
    return tiny;
  }
  TemporaryFolder folder_;
  int stores_ = 0;
};

bool is_uniform(const CompressionPlan& plan) {
  return std::all_of(plan.layers.begin(), plan.layers.end(),
                     [&](const PrecisionPair& pair) { return pair == plan.layers.front(); });
}

TEST_P(AlgorithmsTest, SpendsTheBudgetToTheLastEvaluation) {
  for (const std::int64_t budget : {9, 10, 17, 25, 26, 60, 111}) {
    Study limited = study();
    limited.search.evaluations = budget;
    const Outcome outcome = search(limited);
    const std::int64_t expected = GetParam() == Algorithm::uniform ? 9 : budget;
    EXPECT_EQ(outcome.result.accuracy_evaluations, expected);
    EXPECT_EQ(outcome.measured.size(), static_cast<std::size_t>(expected));
    EXPECT_EQ(outcome.result.evaluated.size(), static_cast<std::size_t>(expected));
    EXPECT_EQ(outcome.result.generations.back().evaluations, expected);
    EXPECT_EQ(outcome.result.baselines.size(), 9U);
    EXPECT_FALSE(outcome.result.stopped);
  }
}

TEST_P(AlgorithmsTest, WithoutABudgetMeasuresWhatNsga2Would) {
  const std::int64_t count = search(study()).result.accuracy_evaluations;
  if (GetParam() == Algorithm::uniform) {
    EXPECT_EQ(count, 9);
    return;
  }
  // 9 uniform plans, 16 steps of which one... of 4 layers and 2 narrower widths each way, and 4
  // generations of 8; greedy has no path of half a population among its seeds.
  EXPECT_GE(count, 9 + 16 + 32);
  EXPECT_LE(count, 9 + 16 + 32 + 4);
}

TEST_P(AlgorithmsTest, SameResultWhateverTheThreadsAndAgainFromTheStore) {
  Study limited = study();
  limited.search.evaluations = 60;
  const auto store = open_store(folder_.path() / "same");
  const Outcome one = search(limited, *store);
  const Outcome again = search(limited, *store);
  const Outcome four = search(limited, 4);
  EXPECT_TRUE(again.measured.empty());
  for (const Outcome* other : {&again, &four}) {
    ASSERT_EQ(one.result.evaluated.size(), other->result.evaluated.size());
    for (std::size_t i = 0; i < one.result.evaluated.size(); ++i) {
      ASSERT_EQ(one.result.evaluated[i].plan, other->result.evaluated[i].plan);
      ASSERT_EQ(one.result.evaluated[i].generation, other->result.evaluated[i].generation);
    }
    EXPECT_EQ(one.result.front, other->result.front);
  }
}

/// Whatever was measured before costs as much as what was not: searches that share a store do not
/// spend each other's evaluations.
TEST_P(AlgorithmsTest, CountsWhatTheStoreKnowsLikeTheRest) {
  const auto store = open_store(folder_.path() / "shared");
  Study limited = study();
  limited.search.evaluations = 40;
  const Outcome alone = search(limited);
  for (const Algorithm other : {Algorithm::greedy, Algorithm::random, Algorithm::nsga2}) {
    Study before = limited;
    before.search.algorithm = other;
    static_cast<void>(search(before, *store));
  }
  const Outcome after = search(limited, *store);
  EXPECT_LT(after.measured.size(), alone.measured.size());
  EXPECT_EQ(after.result.accuracy_evaluations, alone.result.accuracy_evaluations);
  EXPECT_EQ(after.result.accuracy_evaluations - after.result.accuracy_cache_hits,
            static_cast<std::int64_t>(after.measured.size()));
  ASSERT_EQ(after.result.evaluated.size(), alone.result.evaluated.size());
  for (std::size_t i = 0; i < alone.result.evaluated.size(); ++i) {
    EXPECT_EQ(after.result.evaluated[i].plan, alone.result.evaluated[i].plan);
  }
}

/// Every algorithm measures the same uniform plans first and counts them; those that take
/// sensitivity seeds measure the same 16 of them next. Witness: all pairs of 2, 4 and 8 bits, and
/// every plan that narrows one width of one layer.
TEST_P(AlgorithmsTest, BeginsWithTheSameBaselinesAndSeeds) {
  Study limited = study();
  limited.search.evaluations = 60;
  const std::vector<CompressionPlan> measured = search(limited).measured;
  std::set<std::string> uniform, single;
  for (std::size_t i = 0; i < 9; ++i) uniform.insert(to_text(measured.at(i)));
  for (const int weights : {2, 4, 8}) {
    for (const int inputs : {2, 4, 8}) {
      EXPECT_EQ(uniform.count(to_text(CompressionPlan::uniform(4, weights, inputs))), 1U);
    }
  }
  if (GetParam() == Algorithm::uniform || GetParam() == Algorithm::agent) return;
  for (std::size_t i = 9; i < 9 + 16; ++i) single.insert(to_text(measured.at(i)));
  for (std::size_t layer = 0; layer < 4; ++layer) {
    for (const int bits : {2, 4}) {
      CompressionPlan weights = CompressionPlan::uniform(4, 8, 8), inputs = weights;
      weights.layers[layer].weights = inputs.layers[layer].inputs = bits;
      EXPECT_EQ(single.count(to_text(weights)) + single.count(to_text(inputs)), 2U);
    }
  }
}

/// Given enough evaluations, the front is that of the enumerated space (uniform has no others, an
/// agent keeps to its budget).
TEST_P(AlgorithmsTest, FindsTheFrontOfATinySpace) {
  if (GetParam() == Algorithm::uniform || GetParam() == Algorithm::agent) return;
  Study tiny = tiny_study();
  tiny.search.evaluations = 64;
  const Outcome outcome = search(tiny);
  LayerByLayerModel hardware(small_network(), small_accelerator(), {}, map_by_formula);
  std::vector<CompressionPlan> all;
  const PlanSpace space(tiny.search, small_network());
  for (int code = 0; code < 64; ++code) {
    pareto::Genome genome;
    for (int gene = 0; gene < 6; ++gene) genome.push_back(code >> gene & 1);
    all.push_back(space.decode(genome));
  }
  ASSERT_TRUE(hardware.prepare(all, 1).empty());
  std::vector<Objectives> points;
  for (const CompressionPlan& plan : all) {
    const HardwareCost cost = hardware.cost(plan);
    points.push_back({static_cast<double>(fake_errors(plan)) / 1000.0, cost.energy_pj,
                      static_cast<double>(cost.cycles)});
  }
  std::size_t on_front = 0;
  for (const std::size_t i : pareto::pareto_front(points)) {
    ++on_front;
    const bool found = std::any_of(
        outcome.result.front.begin(), outcome.result.front.end(), [&](std::size_t place) {
          const EvaluatedPlan& plan = outcome.result.evaluated[place];
          return plan.hardware.energy_pj == points[i][1] &&
                 static_cast<double>(plan.hardware.cycles) == points[i][2] &&
                 1000 - plan.accuracy.correct == fake_errors(all[i]);
        });
    // The paths of greedy need not meet every plan.
    EXPECT_TRUE(found || GetParam() == Algorithm::greedy) << to_text(all[i]);
  }
  EXPECT_TRUE(outcome.result.front.size() == on_front || GetParam() == Algorithm::greedy);
}

INSTANTIATE_TEST_SUITE_P(All, AlgorithmsTest,
                         testing::Values(Algorithm::nsga2, Algorithm::random, Algorithm::greedy,
                                         Algorithm::uniform, Algorithm::agent),
                         [](const auto& tested) { return std::string(name(tested.param)); });

TEST(Outlook, TellsWhatAnAlgorithmWillMeasure) {
  Study study = small_study();
  const PlanSpace space(study.search, small_network());
  study.search.algorithm = Algorithm::random;
  EXPECT_EQ(outlook_of(study, space).note,
            "seeds: 9 uniform, 16 that narrow one layer, at most 4 that narrow more; then random");
  study.search.evaluations = 33;
  EXPECT_EQ(outlook_of(study, space).total, 33);
  study.search.algorithm = Algorithm::uniform;
  EXPECT_EQ(outlook_of(study, space).note, "seeds: 9 uniform");
  EXPECT_EQ(outlook_of(study, space).total, 9);
  study.search.algorithm = Algorithm::nsga2;
  study.search.evaluations.reset();
  study.search.sensitivity_seeds = false;
  study.search.levels = {{Abstraction::coarse, 3, std::nullopt}, {Abstraction::fine, 2, 12}};
  EXPECT_EQ(outlook_of(study, space).note, "seeds: 9 uniform; then 3 coarse, 2 fine generations");
  EXPECT_EQ(outlook_of(study, space).total, 9 + 3 * 8 + 2 * 12);
}

// 9 uniform plans; then the levels want 20 seeds + 3 x 8 = 44, 2 x 12 = 24 and 2 x 8 = 16, in all
// 84. Of 51 evaluations 42 are left for them, half of what they want: 9 + 22, + 12, + 8.
TEST(LevelBudgets, EveryLevelGetsTheSameShareOfWhatItWants) {
  Study study = small_study();
  study.search.levels = {{Abstraction::coarse, 3, std::nullopt},
                         {Abstraction::mid, 2, 12},
                         {Abstraction::fine, 2, std::nullopt}};
  const PlanSpace space(study.search, small_network());
  using Budgets = std::vector<std::int64_t>;
  EXPECT_EQ(level_budgets(study, space), Budgets{});
  study.search.evaluations = 51;
  EXPECT_EQ(level_budgets(study, space), (Budgets{31, 43, 51}));
  study.search.evaluations = 9;  // for nothing but the uniform plans
  EXPECT_EQ(level_budgets(study, space), (Budgets{9, 9, 9}));
  study.search.evaluations = 9 + 84;  // enough: levels end by themselves
  EXPECT_EQ(level_budgets(study, space), (Budgets{93, 93, 93}));
  // Without those seeds the first population, of 12, is the 9 uniform plans and 3 at random.
  study.search.sensitivity_seeds = false;
  study.search.levels = {{Abstraction::coarse, 0, 12}, {Abstraction::fine, 1, 12}};
  study.search.evaluations = 9 + 5;
  EXPECT_EQ(level_budgets(study, space), (Budgets{10, 14}));
}

// Two agents measure 2 plans an episode and no seeds: 10 and 30 episodes want 20 and 60.
TEST(LevelBudgets, OfAgentsAreByEpisodes) {
  Study study = small_study();
  study.search.algorithm = Algorithm::agent;
  study.search.budgets = {{Objective::energy, 0.5}, {Objective::latency, 0.5}};
  study.search.levels = {{Abstraction::coarse, 10, {}}, {Abstraction::fine, 30, {}}};
  study.search.evaluations = 9 + 40;
  const PlanSpace space(study.search, small_network());
  EXPECT_EQ(level_budgets(study, space), (std::vector<std::int64_t>{9 + 10, 49}));
}

TEST(MakeAlgorithm, KnowsEveryNameOfTheStudyFile) {
  for (const auto& [text, algorithm] : enum_names(Algorithm{})) {
    EXPECT_NE(make_algorithm(algorithm), nullptr) << text;
  }
}

std::vector<EvaluatedPlan> channel_search(Algorithm algorithm, std::vector<double> shares,
                                          std::vector<int> bits) {
  TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs.sqlite");
  Study study = small_study();
  study.search.algorithm = algorithm;
  study.search.weight_bits = std::move(bits);
  study.search.input_bits = {8};
  study.baselines = study.finish.baselines = {{8, 8}};
  study.search.channels.emplace();
  study.search.channels->shares = std::move(shares);
  SmallModels models;
  FakeAccuracyModel accuracy;
  return search_plans(study, models.fine, accuracy, *store, {}).value().evaluated;
}

std::vector<std::string> channel_plans(Algorithm algorithm, std::vector<double> shares) {
  std::vector<std::string> plans;
  for (const EvaluatedPlan& plan : channel_search(algorithm, std::move(shares), {8}))
    plans.push_back(to_text(plan.plan));
  return plans;
}

// Of 4, 4 and 8 channels.
TEST(UniformSearch, KeepsTheSameShareOfEveryGroup) {
  EXPECT_EQ(channel_plans(Algorithm::uniform, {0.25, 0.5, 1.0}),
            (std::vector<std::string>{"8/8 8/8 8/8 8/8", "8/8 8/8 8/8 8/8 | 1 1 2",
                                      "8/8 8/8 8/8 8/8 | 2 2 4"}));
}

// The stand-in takes of 16 the last first: 0.75 of them are 4 4 4, 0.5 4 3 1, 0.25 1 2 1. What is
// wanted is rounded up to 2, 4 and 4, 8 here.
TEST(MagnitudeSearch, KeepsCountsByScoreThatTheStudyAllows) {
  const std::vector<std::string> plans = channel_plans(Algorithm::magnitude, {0.5, 1.0});
  EXPECT_EQ(plans,
            (std::vector<std::string>{"8/8 8/8 8/8 8/8", "8/8 8/8 8/8 8/8 | 2 2 4",
                                      "8/8 8/8 8/8 8/8 | 4 2 4", "8/8 8/8 8/8 8/8 | 4 4 4"}));
}

/// Plans of one algorithm are not to be taken for those of the other: both measure uniform widths
/// with all channels, be they baselines (8/8) or not (4/8).
TEST(MagnitudeSearch, ItsPlansAreNoUniformOnes) {
  for (const auto& [algorithm, origin] : {std::pair{Algorithm::magnitude, Origin::magnitude},
                                          {Algorithm::uniform, Origin::uniform}}) {
    int whole = 0, shrunk = 0;
    for (const EvaluatedPlan& plan : channel_search(algorithm, {0.5, 1.0}, {4, 8})) {
      ++(plan.plan.channels.empty() ? whole : shrunk);
      EXPECT_EQ(plan.origin, plan.plan.channels.empty() ? Origin::uniform : origin);
    }
    EXPECT_EQ(whole, 2);
    EXPECT_EQ(shrunk, algorithm == Algorithm::magnitude ? 6 : 2);  // at each of two widths
  }
}

/// A report has no weights to judge channels by: it reads what the run wrote down.
TEST(MagnitudeSearch, IsReadBackFromTheStore) {
  TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs.sqlite");
  Study study = small_study();
  study.search.algorithm = Algorithm::magnitude;
  study.search.channels.emplace();
  SmallModels models;
  FakeAccuracyModel accuracy;
  SearchSetting setting;
  setting.run = store->add_run({});
  const SearchResult result = search_plans(study, models.fine, accuracy, *store, setting).value();
  EXPECT_EQ(accuracy.scorings, 19);
  setting.only_known = true;
  FakeAccuracyModel idle;
  const SearchResult read = search_plans(study, models.fine, idle, *store, setting).value();
  EXPECT_EQ(idle.scorings + idle.evaluations, 0);
  EXPECT_FALSE(read.stopped);
  ASSERT_EQ(read.evaluated.size(), result.evaluated.size());
  EXPECT_GT(read.evaluated.size(), 9U);
  for (std::size_t i = 0; i < read.evaluated.size(); ++i)
    EXPECT_EQ(read.evaluated[i].plan, result.evaluated[i].plan);
}

TEST(UniformSearch, MeasuresUniformPlansOnly) {
  TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs.sqlite");
  Study study = small_study();
  study.search.algorithm = Algorithm::uniform;
  study.baselines = {{8, 8}, {4, 4}};
  LayerByLayerModel hardware(small_network(), small_accelerator(), {}, map_by_formula);
  FakeAccuracyModel accuracy;
  const SearchResult result = search_plans(study, hardware, accuracy, *store, {}).value();
  EXPECT_EQ(result.evaluated.size(), 9U);
  for (const EvaluatedPlan& plan : result.evaluated) EXPECT_TRUE(is_uniform(plan.plan));
  EXPECT_EQ(result.baselines.size(), 2U);
}

}  // namespace
}  // namespace hwflow::study
