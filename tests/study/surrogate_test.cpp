#include "study/surrogate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;
using pareto::Objectives;

Study surrogate_study(int oversample) {
  Study study = small_study();
  study.search.weight_bits = study.search.input_bits = {2, 3, 4, 5, 6, 7, 8};
  study.baselines = {{8, 8}, {4, 4}, {2, 2}};
  study.finish.baselines = {{8, 8}, {4, 4}};
  study.search.generations = 6;
  study.search.surrogate.oversample = oversample;
  return study;
}

LayerByLayerModel hardware_of_any_width() {
  return {small_network(), small_accelerator(), HardwareOptions{}, map_by_formula};
}

/// A ledger of the small network in which some plans are measured.
class SurrogateTest : public testing::Test {
 protected:
  SurrogateTest() : study_(surrogate_study(4)), store_(open_store(folder_.path() / "runs")) {
    ledger_.begin_level(Abstraction::fine, PlanSpace(study_.search, small_network()));
    std::vector<Genome> known;
    for (std::size_t gene = 0; gene < 8; ++gene) {
      for (const int value : {0, 3}) {
        known.emplace_back(8, 6);
        known.back()[gene] = value;
      }
    }
    EXPECT_TRUE(ledger_.measure(known, Origin::random).has_value());
  }
  [[nodiscard]] Objectives true_objectives(const Genome& genome) {
    return ledger_.measure(std::vector<Genome>{genome}, Origin::random)->front();
  }
  TemporaryFolder folder_;
  Study study_;
  std::unique_ptr<RunStore> store_;
  LayerByLayerModel hardware_ = hardware_of_any_width();
  LevelModels models_{hardware_};
  FakeAccuracyModel accuracy_;
  SearchSetting setting_;
  SearchLedger ledger_{study_, models_, accuracy_, *store_, setting_};
  Surrogate surrogate_{ledger_};
};

/// Narrow inputs cost one image a bit, whatever the layer; narrow weights of the last layer four.
/// So of these, only the first is not dominated by a population that has the second.
TEST_F(SurrogateTest, ChoosesWhatThePopulationDoesNotDominate) {
  const Genome good{0, 0, 6, 6, 6, 6, 6, 6};  // conv1 narrow: many MACs, little harm
  const Genome bad{6, 6, 6, 6, 6, 6, 0, 0};   // fc narrow: few MACs, much harm
  const Genome widest(8, 6);
  const int before = accuracy_.evaluations;
  const std::vector<Genome> brood{bad, widest, good};
  EXPECT_EQ(surrogate_.choose(brood, 2), (std::vector<std::size_t>{1, 2}));  // `bad` is dominated
  EXPECT_EQ(surrogate_.choose(std::vector<Genome>{bad, good}, 1), std::vector<std::size_t>{1});
  EXPECT_EQ(accuracy_.evaluations, before);  // nothing was measured
  EXPECT_EQ(surrogate_.choose(std::vector<Genome>{bad}, 4), std::vector<std::size_t>{0});
}

TEST_F(SurrogateTest, PrefersGapsOfThePopulation) {
  // Two offspring on the front, one beside a member of the population, one far from all.
  const Genome near{0, 6, 6, 6, 6, 6, 6, 6}, far{0, 0, 0, 0, 0, 6, 6, 6};
  const Genome beside{1, 6, 6, 6, 6, 6, 6, 6}, narrowest(8, 0), widest(8, 6);
  surrogate_.set_population(
      {true_objectives(widest), true_objectives(beside), true_objectives(narrowest)});
  EXPECT_EQ(surrogate_.choose(std::vector<Genome>{near, far}, 1), std::vector<std::size_t>{1});
}

TEST_F(SurrogateTest, ComparesWhatItSaidWithWhatWasMeasured) {
  const std::vector<Genome> brood{Genome(8, 1), Genome(8, 2), Genome(8, 4)};
  ASSERT_TRUE(surrogate_.choose(brood, 3).has_value());
  const std::vector<Objectives> rising{{0.3, 1, 1}, {0.2, 1, 1}, {0.1, 1, 1}};
  const std::vector<Objectives> falling{{0.1, 1, 1}, {0.2, 1, 1}, {0.3, 1, 1}};
  EXPECT_DOUBLE_EQ(surrogate_.compare(brood, rising).value(), 1.0);
  EXPECT_DOUBLE_EQ(surrogate_.compare(brood, falling).value(), -1.0);
  EXPECT_FALSE(surrogate_.compare(brood, std::span(rising).first(1)).has_value());  // the budget
}

/// Whole searches.
class SurrogateSearch : public testing::Test {
 protected:
  static SearchResult search(const Study& study, RunStore& store, int threads = 1,
                             FakeAccuracyModel* model = nullptr, SearchSetting setting = {}) {
    LayerByLayerModel hardware = hardware_of_any_width();
    FakeAccuracyModel own;
    setting.threads = threads;
    return search_plans(study, hardware, model == nullptr ? own : *model, store, setting).value();
  }
  SearchResult fresh(const Study& study, int threads = 1) {
    const auto store = open_store(folder_.path() / std::to_string(++stores_));
    return search(study, *store, threads);
  }
  TemporaryFolder folder_;
  int stores_ = 0;
};

std::vector<std::string> text_of(const SearchResult& result) {
  std::vector<std::string> lines;
  for (const EvaluatedPlan& plan : result.evaluated) lines.push_back(to_text(plan.plan));
  for (const GenerationSummary& generation : result.generations) {
    lines.push_back(std::to_string(generation.hypervolume) + " " +
                    std::to_string(generation.rank_correlation.value_or(-2.0)));
  }
  return lines;
}

TEST_F(SurrogateSearch, OffItPredictsNothing) {
  const SearchResult result = fresh(surrogate_study(1));
  for (const GenerationSummary& generation : result.generations) {
    EXPECT_FALSE(generation.rank_correlation.has_value());
  }
}

/// The errors of the fake add up over layers, so they can be predicted, and the plans measured are
/// better for it: as many of them, but more hypervolume, whatever the seed.
TEST_F(SurrogateSearch, PredictsWhatAddsUpAndFindsMore) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    Study with = surrogate_study(10), without = surrogate_study(1);
    with.search.seed = without.search.seed = seed;
    const SearchResult found = fresh(with), plain = fresh(without);
    EXPECT_EQ(found.accuracy_evaluations, plain.accuracy_evaluations);
    ASSERT_EQ(found.generations.size(), 7U);
    EXPECT_FALSE(found.generations[0].rank_correlation.has_value());
    for (std::size_t i = 1; i < found.generations.size(); ++i) {
      EXPECT_GT(found.generations[i].rank_correlation.value(), 0.98) << "seed " << seed;
    }
    EXPECT_GT(found.generations.back().hypervolume, plain.generations.back().hypervolume);
  }
}

TEST_F(SurrogateSearch, ReportsMeasuredAccuraciesOnly) {
  for (const EvaluatedPlan& plan : fresh(surrogate_study(5)).evaluated) {
    EXPECT_EQ(plan.accuracy.correct, 1000 - fake_errors(plan.plan));
  }
}

TEST_F(SurrogateSearch, IsTheSameForAnyThreadsAndAfterAStop) {
  const Study study = surrogate_study(6);
  const std::vector<std::string> expected = text_of(fresh(study));
  EXPECT_EQ(text_of(fresh(study, 3)), expected);

  const auto store = open_store(folder_.path() / "stopped");
  std::stop_source source;
  SearchSetting setting;
  setting.stop = source.get_token();
  FakeAccuracyModel model;
  model.before_evaluation = [&](int number) {
    if (number == 75) source.request_stop();
  };
  const SearchResult stopped = search(study, *store, 1, &model, setting);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_LT(stopped.generations.size(), 7U);
  const SearchResult resumed = search(study, *store);
  EXPECT_EQ(resumed.accuracy_cache_hits, 75);
  EXPECT_EQ(text_of(resumed), expected);
}

TEST_F(SurrogateSearch, SpendsTheBudgetAndNoMore) {
  Study study = surrogate_study(4);
  study.search.evaluations = 77;
  const SearchResult result = fresh(study);
  EXPECT_EQ(result.accuracy_evaluations, 77);
  EXPECT_FALSE(result.stopped);
}

TEST_F(SurrogateSearch, WorksAtEveryLevel) {
  Study study = surrogate_study(4);
  study.search.weight_bits = study.search.input_bits = {2, 4, 8};
  study.search.levels = {{Abstraction::coarse, 2, std::nullopt},
                         {Abstraction::mid, 2, {}},
                         {Abstraction::fine, 2, {}}};
  const auto store = open_store(folder_.path() / "levels");
  SmallModels models;
  FakeAccuracyModel accuracy;
  const SearchResult result =
      search_plans(study, models.all(), accuracy, *store, SearchSetting{}).value();
  ASSERT_EQ(result.levels.size(), 3U);
  for (const LevelSummary& level : result.levels) {
    ASSERT_EQ(level.generations.size(), 3U);
    for (std::size_t i = 1; i < 3; ++i) {
      EXPECT_GT(level.generations[i].rank_correlation.value(), 0.9);
    }
  }
}

}  // namespace
}  // namespace hwflow::study
