#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <csignal>
#include <set>

#include "pareto/dominance.hpp"
#include "pareto/hypervolume.hpp"
#include "study/search.hpp"
#include "tests/study/small_world.hpp"

/// Searches over several levels of abstraction: what one hands on to the next.
namespace hwflow::study {
namespace {

using pareto::Objectives;

Study study_with_levels() {
  Study study = small_study();
  study.search.levels = {{Abstraction::coarse, 3, std::nullopt},
                         {Abstraction::mid, 2, 12},
                         {Abstraction::fine, 2, std::nullopt}};
  return study;
}

/// A result, and every plan that was measured in order.
struct Outcome {
  SearchResult result;
  std::vector<CompressionPlan> measured;
  std::int64_t schedules = 0;
};

Outcome search(const Study& study, RunStore& store, int threads = 1, std::stop_token stop = {}) {
  SmallModels models;
  FakeAccuracyModel accuracy;
  accuracy.remember_asked = threads == 1;
  SearchSetting setting;
  setting.threads = threads;
  setting.stop = std::move(stop);
  Outcome outcome;
  outcome.result = search_plans(study, models.all(), accuracy, store, setting).value();
  outcome.measured = std::move(accuracy.asked);
  outcome.schedules = models.fine.schedules_searched();
  return outcome;
}

void expect_same(const SearchResult& a, const SearchResult& b) {
  ASSERT_EQ(a.evaluated.size(), b.evaluated.size());
  for (std::size_t i = 0; i < a.evaluated.size(); ++i) {
    ASSERT_EQ(a.evaluated[i].plan, b.evaluated[i].plan) << i;
    ASSERT_EQ(a.evaluated[i].generation, b.evaluated[i].generation);
    ASSERT_EQ(a.evaluated[i].hardware, b.evaluated[i].hardware);
  }
  EXPECT_EQ(a.front, b.front);
  EXPECT_EQ(a.accuracy_evaluations, b.accuracy_evaluations);
  ASSERT_EQ(a.levels.size(), b.levels.size());
  for (std::size_t l = 0; l < a.levels.size(); ++l) {
    EXPECT_EQ(a.levels[l].widths, b.levels[l].widths);
    EXPECT_EQ(a.levels[l].skipped, b.levels[l].skipped);
    EXPECT_EQ(a.levels[l].front.size(), b.levels[l].front.size());
    ASSERT_EQ(a.levels[l].generations.size(), b.levels[l].generations.size());
    for (std::size_t g = 0; g < a.levels[l].generations.size(); ++g) {
      const GenerationSummary& x = a.levels[l].generations[g];
      const GenerationSummary& y = b.levels[l].generations[g];
      EXPECT_EQ(x.evaluations, y.evaluations);
      EXPECT_EQ(x.hypervolume, y.hypervolume);
      EXPECT_EQ(x.final_hypervolume, y.final_hypervolume);
      EXPECT_EQ(x.schedules_searched, y.schedules_searched);
    }
  }
}

/// The witness: plans priced by a fine model of its own.
struct Priced {
  std::vector<Objectives> points;
  Objectives widest;
};

Priced price_all(const std::vector<CompressionPlan>& plans,
                 const std::vector<Objective>& objectives) {
  SmallModels models;
  EXPECT_TRUE(models.fine.prepare(plans, 1).empty());
  Priced priced;
  for (const CompressionPlan& plan : plans) {
    Objectives point;
    for (const Objective objective : objectives) {
      point.push_back(
          objective_value(objective, {1000 - fake_errors(plan), 1000}, models.fine.cost(plan)));
    }
    priced.points.push_back(std::move(point));
  }
  return priced;
}

std::set<Objectives> front_points(const std::vector<Objectives>& points) {
  std::set<Objectives> front;
  for (const std::size_t i : pareto::pareto_front(points)) front.insert(points[i]);
  return front;
}

std::set<Objectives> front_points(const SearchResult& result) {
  std::set<Objectives> front;
  for (const std::size_t i : result.front) front.insert(result.evaluated[i].objectives);
  return front;
}

class LevelsTest : public testing::Test {
 protected:
  Outcome fresh(const Study& study, int threads = 1) {
    return search(study, *open_store(folder_.path() / std::to_string(++stores_)), threads);
  }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const {
    return folder_.path() / name;
  }
  TemporaryFolder folder_;
  int stores_ = 0;
};

TEST_F(LevelsTest, OneFineLevelIsTheSearchWithoutLevels) {
  Study study = small_study();
  const Outcome without = fresh(study);
  study.search.levels = {{Abstraction::fine, study.search.generations, std::nullopt}};
  const Outcome with = fresh(study);
  expect_same(without.result, with.result);
  EXPECT_EQ(without.measured, with.measured);
}

TEST_F(LevelsTest, TheStandInsAreBounds) {
  SmallModels models;
  std::vector<CompressionPlan> plans;
  for (int code = 0; code < 6561; code += 7) {
    CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
    int rest = code;
    for (PrecisionPair& pair : plan.layers) {
      constexpr std::array kWidths{2, 4, 8};
      pair.weights = kWidths[static_cast<std::size_t>(rest % 3)];
      pair.inputs = kWidths[static_cast<std::size_t>(rest / 3 % 3)];
      rest /= 9;
    }
    plans.push_back(plan);
  }
  for (HardwareModel* model :
       std::array<HardwareModel*, 3>{&models.coarse, &models.mid, &models.fine}) {
    ASSERT_TRUE(model->prepare(plans, 1).empty());
  }
  for (const CompressionPlan& plan : plans) {
    const HardwareCost low = models.coarse.cost(plan), mid = models.mid.cost(plan);
    const HardwareCost high = models.fine.cost(plan);
    EXPECT_TRUE(low.energy_pj <= mid.energy_pj && mid.energy_pj <= high.energy_pj);
    EXPECT_TRUE(low.cycles <= mid.cycles && mid.cycles <= high.cycles);
    EXPECT_TRUE(low.dram_bits <= mid.dram_bits && mid.dram_bits <= high.dram_bits);
    EXPECT_TRUE(low.macs == mid.macs && mid.macs == high.macs);
  }
}

TEST_F(LevelsTest, MeasuresNoPlanTwiceAndCountsAll) {
  const Outcome outcome = fresh(study_with_levels());
  std::set<std::string> distinct;
  for (const CompressionPlan& plan : outcome.measured) distinct.insert(to_text(plan));
  EXPECT_EQ(distinct.size(), outcome.measured.size());
  EXPECT_EQ(outcome.result.accuracy_evaluations,
            static_cast<std::int64_t>(outcome.measured.size()));
  ASSERT_EQ(outcome.result.levels.size(), 3U);
  int generation = 0;
  std::int64_t evaluations = 0;
  for (const LevelSummary& level : outcome.result.levels) {
    for (const GenerationSummary& summary : level.generations) {
      EXPECT_EQ(summary.generation, generation++);
      EXPECT_GE(summary.evaluations, evaluations);
      evaluations = summary.evaluations;
    }
  }
  EXPECT_EQ(generation, 4 + 3 + 3);  // each level's generation 0 is what was handed on
  EXPECT_EQ(evaluations, outcome.result.accuracy_evaluations);
  EXPECT_EQ(outcome.result.baselines.size(), 9U);
}

/// Bounds leave plans unmapped, and the front is that of all measured plans all the same.
TEST_F(LevelsTest, SkippedPlansAreNeverOnTheFront) {
  const std::vector<std::vector<Objective>> choices{
      {Objective::accuracy, Objective::energy, Objective::latency},
      {Objective::dram, Objective::accuracy},
      {Objective::accuracy, Objective::energy, Objective::dram, Objective::model_size},
      {Objective::accuracy, Objective::macs, Objective::energy}};
  std::int64_t skipped = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Study study = study_with_levels();
    study.search.seed = seed;
    study.search.objectives = choices[seed % choices.size()];
    if (seed % choices.size() == 3) study.search.channels.emplace();
    study.search.sensitivity_seeds = seed % 2 == 0;
    const Outcome outcome = fresh(study);
    const Priced priced = price_all(outcome.measured, study.search.objectives);
    EXPECT_EQ(front_points(outcome.result), front_points(priced.points)) << "seed " << seed;
    const LevelSummary& last = outcome.result.levels.back();
    EXPECT_EQ(static_cast<std::size_t>(last.priced), outcome.result.evaluated.size());
    EXPECT_LE(last.priced, outcome.result.accuracy_evaluations);
    EXPECT_GE(last.priced + last.skipped, outcome.result.accuracy_evaluations);
    skipped += last.skipped;
  }
  EXPECT_GT(skipped, 0);
}

/// Everything is measured at the coarse level; then the fine front is that of the whole space.
TEST_F(LevelsTest, FindsTheFrontOfASpaceThatItEnumerates) {
  Study study = small_study();
  study.search.weight_bits = study.search.input_bits = {4, 8};
  study.search.pinned = {{"first", 8, 8}};
  study.search.levels = {{Abstraction::coarse, 60, std::nullopt},
                         {Abstraction::fine, 0, std::nullopt}};
  const Outcome outcome = fresh(study);
  std::vector<CompressionPlan> all;
  for (int code = 0; code < 64; ++code) {
    CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
    for (std::size_t i = 0; i < 3; ++i) {
      plan.layers[i + 1] = {(code >> (2 * i) & 1) != 0 ? 8 : 4,
                            (code >> (2 * i + 1) & 1) != 0 ? 8 : 4};
    }
    all.push_back(plan);
  }
  EXPECT_EQ(outcome.result.accuracy_evaluations, 64);
  EXPECT_EQ(front_points(outcome.result),
            front_points(price_all(all, study.search.objectives).points));
}

/// The curves, worked out anew from the plans in the order in which they were measured.
TEST_F(LevelsTest, ComparesLevelsByWhatTheirPlansCostInTheEnd) {
  const Study study = study_with_levels();
  const Outcome outcome = fresh(study);
  const Priced priced = price_all(outcome.measured, study.search.objectives);
  const Objectives reference(3, 1.0);
  for (const LevelSummary& level : outcome.result.levels) {
    for (const GenerationSummary& summary : level.generations) {
      std::vector<Objectives> known(
          priced.points.begin(),
          priced.points.begin() + static_cast<std::ptrdiff_t>(summary.evaluations));
      for (Objectives& point : known) {
        for (std::size_t k = 1; k < 3; ++k) point[k] /= priced.points[0][k];  // the widest plan
      }
      ASSERT_TRUE(summary.final_hypervolume.has_value());
      EXPECT_NEAR(*summary.final_hypervolume, pareto::hypervolume(known, reference), 1e-12)
          << name(level.model) << " generation " << summary.generation;
      if (level.model == Abstraction::fine) {
        EXPECT_EQ(summary.hypervolume, *summary.final_hypervolume);
      } else {
        EXPECT_NE(summary.hypervolume, *summary.final_hypervolume);
      }
    }
  }
}

TEST_F(LevelsTest, ComparingChangesNothingElseAndIsCountedByItself) {
  Study study = study_with_levels();
  const Outcome compared = fresh(study);
  study.search.compare_levels = false;
  const Outcome plain = fresh(study);
  ASSERT_EQ(plain.result.evaluated.size(), compared.result.evaluated.size());
  EXPECT_EQ(plain.result.front, compared.result.front);
  EXPECT_EQ(plain.result.levels[0].generations[0].final_hypervolume, std::nullopt);
  EXPECT_EQ(plain.result.comparing_searches, 0);
  EXPECT_EQ(compared.schedules - plain.schedules, compared.result.comparing_searches);
  EXPECT_EQ(plain.schedules, plain.result.generations.back().schedules_searched);
}

TEST_F(LevelsTest, CoarseLevelsSearchForNoSchedules) {
  const Outcome outcome = fresh(study_with_levels());
  const auto& levels = outcome.result.levels;
  for (const LevelSummary& level : {levels[0], levels[1]}) {
    for (const GenerationSummary& summary : level.generations) {
      EXPECT_EQ(summary.schedules_searched, 0);
    }
  }
  EXPECT_GT(levels[2].generations[0].schedules_searched, 0);
  EXPECT_LT(levels[2].generations[0].schedules_searched,
            fresh(small_study()).schedules);  // which maps all that it measures
}

/// The widths of a level, by hand from the front that was handed on.
TEST_F(LevelsTest, NarrowsToTheFrontThatWasHandedOn) {
  Study study = study_with_levels();
  study.search.narrow_steps = 0;
  study.search.narrow_share = 0.3;
  const Outcome outcome = fresh(study);
  const auto& levels = outcome.result.levels;
  EXPECT_NEAR(levels[0].space_log10, std::log10(std::pow(9.0, 4)), 1e-12);
  for (std::size_t l = 1; l < levels.size(); ++l) {
    EXPECT_LE(levels[l].space_log10, levels[l - 1].space_log10);
    const double least = 0.3 * static_cast<double>(levels[l - 1].front.size());
    double log10 = 0.0;
    for (std::size_t layer = 0; layer < 4; ++layer) {
      std::vector<int> expected;
      for (const int width : levels[l - 1].widths[layer].weights) {
        double count = 0.0;
        for (const LevelPlan& plan : levels[l - 1].front) {
          count += plan.plan.layers[layer].weights == width ? 1.0 : 0.0;
        }
        if (count >= least) expected.push_back(width);
      }
      EXPECT_EQ(levels[l].widths[layer].weights, expected);
      log10 += std::log10(static_cast<double>(levels[l].widths[layer].weights.size() *
                                              levels[l].widths[layer].inputs.size()));
    }
    EXPECT_NEAR(levels[l].space_log10, log10, 1e-12);
  }
  EXPECT_LT(levels[2].space_log10, levels[0].space_log10);
  // What the last level bred lies in its space.
  const int last = levels[2].generations.front().generation;
  for (const EvaluatedPlan& plan : outcome.result.evaluated) {
    if (plan.generation <= last) continue;
    for (std::size_t layer = 0; layer < 4; ++layer) {
      EXPECT_THAT(levels[2].widths[layer].weights,
                  testing::Contains(plan.plan.layers[layer].weights));
    }
  }
}

TEST_F(LevelsTest, FrontsOfLevelsAreByTheirOwnModels) {
  const Outcome outcome = fresh(study_with_levels());
  SmallModels models;
  for (const LevelSummary& level : outcome.result.levels) {
    EXPECT_FALSE(level.front.empty());
    HardwareModel& model = models.all().at(level.model);
    for (const LevelPlan& plan : level.front) {
      ASSERT_TRUE(model.prepare(std::vector{plan.plan}, 1).empty());
      EXPECT_EQ(plan.hardware, model.cost(plan.plan));
      if (plan.evaluated) {
        EXPECT_EQ(outcome.result.evaluated[*plan.evaluated].plan, plan.plan);
      }
    }
  }
  const LevelSummary& last = outcome.result.levels.back();
  ASSERT_EQ(last.front.size(), outcome.result.front.size());
  for (std::size_t i = 0; i < last.front.size(); ++i) {
    EXPECT_EQ(last.front[i].evaluated, std::optional(outcome.result.front[i]));
  }
}

TEST_F(LevelsTest, SameResultWhateverTheThreads) {
  const Outcome one = fresh(study_with_levels());
  expect_same(one.result, fresh(study_with_levels(), 2).result);
  expect_same(one.result, fresh(study_with_levels(), 4).result);
}

TEST_F(LevelsTest, AKilledSearchGoesOnAsIfNothingHadHappened) {
  for (const int fatal : {20, 50, 66}) {  // at the coarse, the mid and the fine level
    const std::filesystem::path path = file("killed" + std::to_string(fatal));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {  // no test macros here: this process only searches, and dies of its own hand
      SmallModels models;
      FakeAccuracyModel accuracy;
      accuracy.before_evaluation = [fatal](int number) {
        if (number == fatal) kill(getpid(), SIGKILL);
      };
      const auto store = open_store(path);
      static_cast<void>(search_plans(study_with_levels(), models.all(), accuracy, *store, {}));
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "never evaluated plan " << fatal;
    const Outcome resumed = search(study_with_levels(), *open_store(path));
    EXPECT_EQ(resumed.result.accuracy_cache_hits, fatal - 1);
    expect_same(resumed.result, fresh(study_with_levels()).result);
  }
}

TEST_F(LevelsTest, AStopAtACoarseLevelTellsThatLevelAndLaterGoesOn) {
  const auto store = open_store(file("stopped"));
  std::stop_source source;
  SmallModels models;
  FakeAccuracyModel accuracy;
  accuracy.before_evaluation = [&](int number) {
    if (number == 40) source.request_stop();
  };
  SearchSetting setting;
  setting.stop = source.get_token();
  const SearchResult stopped =
      search_plans(study_with_levels(), models.all(), accuracy, *store, setting).value();
  EXPECT_TRUE(stopped.stopped);
  EXPECT_TRUE(stopped.evaluated.empty());  // nothing is priced as it runs
  ASSERT_EQ(stopped.levels.size(), 1U);
  EXPECT_FALSE(stopped.levels[0].front.empty());
  expect_same(search(study_with_levels(), *store).result, fresh(study_with_levels()).result);
}

TEST_F(LevelsTest, RemembersTheTimeOfGenerationsInTheRun) {
  const auto store = open_store(file("timed"));
  RunRecord record;
  record.state = "running";
  const std::int64_t run = store->add_run(record);
  const auto timed = [&] {
    SmallModels models;
    FakeAccuracyModel accuracy;
    SearchSetting setting;
    setting.run = run;
    return search_plans(study_with_levels(), models.all(), accuracy, *store, setting).value();
  };
  const SearchResult first = timed();
  const SearchResult again = timed();
  for (std::size_t l = 0; l < first.levels.size(); ++l) {
    for (std::size_t g = 0; g < first.levels[l].generations.size(); ++g) {
      EXPECT_EQ(first.levels[l].generations[g].seconds, again.levels[l].generations[g].seconds);
    }
  }
  EXPECT_GE(first.generations.back().seconds, first.levels[0].generations[0].seconds);
}

TEST_F(LevelsTest, TheBudgetIsOfAllLevelsTogether) {
  for (const std::int64_t budget : {12, 30, 45, 90}) {
    Study study = study_with_levels();
    study.search.evaluations = budget;
    const Outcome outcome = fresh(study);
    EXPECT_EQ(outcome.result.accuracy_evaluations, budget);
    EXPECT_EQ(outcome.measured.size(), static_cast<std::size_t>(budget));
    EXPECT_EQ(outcome.result.levels.size(), 3U);
    const Priced priced = price_all(outcome.measured, study.search.objectives);
    EXPECT_EQ(front_points(outcome.result), front_points(priced.points));
  }
}

/// By hand in LevelBudgets: half of what the levels want.
TEST_F(LevelsTest, NoLevelSpendsTheEvaluationsOfAnother) {
  Study study = study_with_levels();
  study.search.evaluations = 51;
  const SearchResult result = fresh(study).result;
  std::vector<std::int64_t> spent;
  for (const LevelSummary& level : result.levels) {
    spent.push_back(level.generations.back().evaluations);
  }
  EXPECT_EQ(spent, (std::vector<std::int64_t>{31, 43, 51}));
  // More than they want: the first levels end as without a budget, the last one takes the rest.
  study.search.evaluations = 120;
  const SearchResult rich = fresh(study).result;
  const SearchResult free = fresh(study_with_levels()).result;
  for (const std::size_t level : {0U, 1U}) {
    EXPECT_EQ(rich.levels[level].generations.back().evaluations,
              free.levels[level].generations.back().evaluations);
  }
  EXPECT_EQ(rich.accuracy_evaluations, 120);
}

}  // namespace
}  // namespace hwflow::study
