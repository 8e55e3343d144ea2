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
  std::vector<PrecisionPlan> measured;
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

bool is_uniform(const PrecisionPlan& plan) {
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

/// Given enough evaluations, the front is that of the enumerated space (uniform has no others).
TEST_P(AlgorithmsTest, FindsTheFrontOfATinySpace) {
  if (GetParam() == Algorithm::uniform) return;
  Study tiny = tiny_study();
  tiny.search.evaluations = 64;
  const Outcome outcome = search(tiny);
  LayerByLayerModel hardware(small_network(), small_accelerator(), {}, map_by_formula);
  std::vector<PrecisionPlan> all;
  const PlanSpace space(tiny.search, small_network());
  for (int code = 0; code < 64; ++code) {
    pareto::Genome genome;
    for (int gene = 0; gene < 6; ++gene) genome.push_back(code >> gene & 1);
    all.push_back(space.decode(genome));
  }
  ASSERT_TRUE(hardware.prepare(all, 1).empty());
  std::vector<Objectives> points;
  for (const PrecisionPlan& plan : all) {
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
                                         Algorithm::uniform),
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

TEST(FindAlgorithm, KnowsEveryNameOfTheStudyFile) {
  for (const auto& [text, algorithm] : enum_names(Algorithm{})) {
    EXPECT_NE(find_algorithm(algorithm), nullptr) << text;
  }
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
