#include "study/search.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "base/random.hpp"
#include "pareto/dominance.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

LayerByLayerModel small_hardware() {
  return {small_network(), small_accelerator(), HardwareOptions{}, map_by_formula};
}

SearchResult search_with(RunStore& store, FakeAccuracyModel& model, int threads = 1,
                         const Study& study = small_study(), std::stop_token stop = {}) {
  LayerByLayerModel hardware = small_hardware();
  SearchSetting setting;
  setting.threads = threads;
  setting.stop = std::move(stop);
  return search_plans(study, hardware, model, store, setting).value();
}

void expect_same(const SearchResult& a, const SearchResult& b) {
  ASSERT_EQ(a.evaluated.size(), b.evaluated.size());
  for (std::size_t i = 0; i < a.evaluated.size(); ++i) {
    ASSERT_EQ(a.evaluated[i].plan, b.evaluated[i].plan) << i;
    ASSERT_EQ(a.evaluated[i].generation, b.evaluated[i].generation);
    ASSERT_EQ(a.evaluated[i].origin, b.evaluated[i].origin);
    ASSERT_EQ(a.evaluated[i].accuracy, b.evaluated[i].accuracy);
    ASSERT_EQ(a.evaluated[i].hardware, b.evaluated[i].hardware);
  }
  EXPECT_EQ(a.front, b.front);
  EXPECT_EQ(a.baselines, b.baselines);
  ASSERT_EQ(a.generations.size(), b.generations.size());
  for (std::size_t i = 0; i < a.generations.size(); ++i) {
    EXPECT_EQ(a.generations[i].hypervolume, b.generations[i].hypervolume);
  }
}

Progress first_progress(RunStore& store, const Study& study) {
  FakeAccuracyModel model;
  LayerByLayerModel hardware = small_hardware();
  SearchSetting setting;
  std::vector<Progress> shown;
  setting.progress = [&shown](const Progress& progress) { shown.push_back(progress); };
  static_cast<void>(search_plans(study, hardware, model, store, setting).value());
  return shown.front();
}

class SearchTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return folder_.path() / name;
  }
  SearchResult fresh(int threads = 1, const Study& study = small_study()) {
    FakeAccuracyModel model;
    const auto store = open_store(file("fresh" + std::to_string(++stores_)));
    return search_with(*store, model, threads, study);
  }
  TemporaryFolder folder_;
  int stores_ = 0;
};

/// 8 genes (weights and inputs of 4 layers) of 3 widths: 9 uniform plans, 8 * 2 single steps, half
/// a population of 8 along the greedy path.
TEST_F(SearchTest, TellsWhatItsSeedsCost) {
  const auto store = open_store(file("seeded"));
  const Progress first = first_progress(*store, small_study());
  EXPECT_EQ(first.note,
            "seeds: 9 uniform, 16 that narrow one layer, at most 4 that narrow more; then 4 "
            "generations of 8");
  EXPECT_EQ(first.total, 9 + 16 + 4 + 4 * 8);

  Study plain = small_study();
  plain.search.sensitivity_seeds = false;
  const auto other = open_store(file("plain"));
  const Progress start = first_progress(*other, plain);
  EXPECT_EQ(start.note, "seeds: 9 uniform; then 4 generations of 8");
  EXPECT_EQ(start.total, 9 + 4 * 8);
}

TEST_F(SearchTest, SameSeedSameResultWhateverTheThreads) {
  const SearchResult one = fresh(1);
  expect_same(one, fresh(2));
  expect_same(one, fresh(4));
  Study other = small_study();
  other.search.seed = 2;
  const SearchResult another = fresh(1, other);
  bool differs = one.evaluated.size() != another.evaluated.size();
  for (std::size_t i = 0; !differs && i < one.evaluated.size(); ++i) {
    differs = one.evaluated[i].plan != another.evaluated[i].plan;
  }
  EXPECT_TRUE(differs);
}

TEST_F(SearchTest, EvaluatesAllUniformPlansAndNothingTwice) {
  FakeAccuracyModel model;
  const auto store = open_store(file("runs"));
  const SearchResult result = search_with(*store, model);
  ASSERT_EQ(result.baselines.size(), 9U);  // 3 weight widths times 3 input widths
  for (const std::size_t i : result.baselines) {
    EXPECT_EQ(result.evaluated[i].origin, Origin::uniform);
    const CompressionPlan& plan = result.evaluated[i].plan;
    EXPECT_THAT(plan.layers, testing::Each(plan.layers.front()));
  }
  EXPECT_EQ(model.evaluations, static_cast<int>(result.evaluated.size()));
  // 9 uniform plans, 4 layers * 4 single steps (one plan is no uniform plan), 4 greedy ones, and at
  // most 8 in each of 4 generations.
  EXPECT_GE(result.evaluated.size(), 9U + 16U + 4U);
  EXPECT_LE(result.evaluated.size(), 9U + 16U + 4U + 32U);
}

TEST_F(SearchTest, TheFrontIsWhatNothingDominates) {
  const SearchResult result = fresh();
  for (std::size_t i = 0; i < result.evaluated.size(); ++i) {
    bool dominated = false;
    for (const EvaluatedPlan& other : result.evaluated) {
      dominated = dominated || pareto::dominates(other.objectives, result.evaluated[i].objectives);
    }
    const bool listed =
        std::find(result.front.begin(), result.front.end(), i) != result.front.end();
    EXPECT_EQ(listed, result.evaluated[i].on_front);
    EXPECT_FALSE(listed && dominated) << i;
    if (!dominated && !listed) {  // then an equal point is
      bool equal = false;
      for (const std::size_t k : result.front) {
        equal = equal || result.evaluated[k].objectives == result.evaluated[i].objectives;
      }
      EXPECT_TRUE(equal) << i;
    }
  }
}

TEST_F(SearchTest, HypervolumeNeverFalls) {
  const SearchResult result = fresh();
  ASSERT_EQ(result.generations.size(), 5U);
  for (std::size_t i = 1; i < result.generations.size(); ++i) {
    EXPECT_GE(result.generations[i].hypervolume, result.generations[i - 1].hypervolume);
  }
  EXPECT_GT(result.generations.back().hypervolume, 0.0);
  EXPECT_LT(result.generations.back().hypervolume, 1.0);  // the box is the unit cube
}

/// All that a search found as one number.
std::uint64_t fingerprint(const SearchResult& result) {
  std::string text;
  for (const EvaluatedPlan& plan : result.evaluated) {
    text += to_text(plan.plan) +
            fmt::format(" {} {} {}\n", plan.generation, name(plan.origin), plan.on_front);
  }
  for (const GenerationSummary& generation : result.generations) {
    text += fmt::format("{} {} {} {:.12g}\n", generation.generation, generation.evaluations,
                        generation.front_size, generation.hypervolume);
  }
  return stable_hash(text);
}

/// Golden: recorded from the search as it was before it knew levels, budgets and other operators.
TEST_F(SearchTest, WithTheFirstOperatorsItIsTheFirstSearch) {
  Study study = small_study();
  study.search.crossover = pareto::Crossover::gene_run;
  study.search.mutation = pareto::Mutation::redraw;
  EXPECT_EQ(fingerprint(fresh(1, study)), 551324182386444551U);
  study.search.seed = 5;
  study.search.objectives = {Objective::accuracy, Objective::energy, Objective::latency,
                             Objective::dram};
  study.search.pinned = {{"first", 8, 8}};
  study.search.sensitivity_seeds = false;
  study.search.population = 16;
  study.search.generations = 9;
  EXPECT_EQ(fingerprint(fresh(1, study)), 12705404784511258817U);
}

TEST_F(SearchTest, ObjectivesAreThoseOfTheStudy) {
  Study study = small_study();
  study.search.objectives = {Objective::model_size, Objective::accuracy, Objective::dram};
  const SearchResult result = fresh(1, study);
  for (const EvaluatedPlan& plan : result.evaluated) {
    EXPECT_EQ(plan.objectives, (std::vector<double>{static_cast<double>(plan.hardware.model_bits),
                                                    1.0 - plan.accuracy.top1(),
                                                    static_cast<double>(plan.hardware.dram_bits)}));
  }
}

/// With channels, MACs are minimised like any other cost: the fake sees no harm in fewer channels,
/// so that the front is where they are fewest.
TEST_F(SearchTest, MacsAreACostOfChannels) {
  Study study = small_study();
  study.search.objectives = {Objective::accuracy, Objective::macs};
  study.search.channels.emplace();
  study.search.evaluations = 60;
  const SearchResult result = fresh(1, study);
  const double most = 9216.0 + 9216.0 + 18'432.0 + 5120.0;
  EXPECT_EQ(result.normalisers, (std::vector{1.0, most}));
  for (const EvaluatedPlan& plan : result.evaluated) {
    std::vector<std::int64_t> left(plan.plan.channels.begin(), plan.plan.channels.end());
    if (left.empty()) left = {4, 4, 8};
    const std::int64_t macs =
        576 * (4 * left[0] + left[0] * left[1] + left[1] * left[2]) + 640 * left[2];
    EXPECT_EQ(plan.objectives,
              (std::vector<double>{1.0 - plan.accuracy.top1(), static_cast<double>(macs)}))
        << to_text(plan.plan);
  }
  for (const std::size_t i : result.front) EXPECT_LT(result.evaluated[i].objectives[1], 0.5 * most);
}

TEST_F(SearchTest, RandomPlansFillUpWhatSeedsDoNot) {
  Study study = small_study();
  study.search.sensitivity_seeds = false;
  study.search.population = 20;
  study.search.generations = 0;
  const SearchResult result = fresh(1, study);
  EXPECT_EQ(result.evaluated.size(), 20U);
  EXPECT_EQ(std::count_if(result.evaluated.begin(), result.evaluated.end(),
                          [](const EvaluatedPlan& p) { return p.origin == Origin::random; }),
            11);
}

TEST_F(SearchTest, GoesOnAfterAnExceptionAsIfNothingHadHappened) {
  const auto store = open_store(file("runs"));
  FakeAccuracyModel failing;
  failing.before_evaluation = [](int number) {
    if (number == 37) throw std::runtime_error("out of memory");  // in the first generation
  };
  EXPECT_THROW(static_cast<void>(search_with(*store, failing)), std::runtime_error);
  FakeAccuracyModel model;
  const SearchResult resumed = search_with(*store, model);
  EXPECT_EQ(resumed.accuracy_cache_hits, 36);
  EXPECT_EQ(static_cast<std::size_t>(model.evaluations), resumed.evaluated.size() - 36);
  expect_same(resumed, fresh());
}

TEST_F(SearchTest, AKilledProcessLosesOnlyThePlanInFlight) {
  const std::filesystem::path path = file("killed");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // no test macros here: this process only searches, and dies of its own hand
    FakeAccuracyModel model;
    model.before_evaluation = [](int number) {
      if (number == 41) kill(getpid(), SIGKILL);
    };
    const auto store = open_store(path);
    static_cast<void>(search_with(*store, model));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(WTERMSIG(status), SIGKILL);

  FakeAccuracyModel model;
  const auto store = open_store(path);
  const SearchResult resumed = search_with(*store, model);
  EXPECT_EQ(resumed.accuracy_cache_hits, 40);  // all but the one that it died in
  expect_same(resumed, fresh());
}

TEST_F(SearchTest, AStopKeepsWholeGenerationsAndLaterGoesOn) {
  const auto store = open_store(file("runs"));
  std::stop_source source;
  FakeAccuracyModel model;
  model.before_evaluation = [&](int number) {
    if (number == 40) source.request_stop();
  };
  const SearchResult stopped = search_with(*store, model, 1, small_study(), source.get_token());
  EXPECT_TRUE(stopped.stopped);
  EXPECT_EQ(model.evaluations, 40);
  EXPECT_LT(stopped.generations.size(), 5U);
  FakeAccuracyModel again;
  const SearchResult resumed = search_with(*store, again);
  EXPECT_EQ(resumed.accuracy_cache_hits, 40);
  expect_same(resumed, fresh());
}

TEST_F(SearchTest, AnUnmappableLayerIsAnError) {
  LayerByLayerModel hardware(small_network(), small_accelerator(), HardwareOptions{},
                             [](const Layer& layer) -> Expected<chip::MappingResult> {
                               if (layer.bits.weights != 2) return map_by_formula(layer);
                               return Unexpected{Diagnostics{{"buffer", "too small", ""}}};
                             });
  FakeAccuracyModel model;
  const auto store = open_store(file("runs"));
  const auto result = search_plans(small_study(), hardware, model, *store, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(to_text(result.error()), testing::HasSubstr("on small: buffer: too small"));
}

}  // namespace
}  // namespace hwflow::study
