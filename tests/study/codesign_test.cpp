#include "study/codesign.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/build_signature.hpp"
#include "study/run_session.hpp"
#include "study/sqlite.hpp"
#include "tests/study/small_world.hpp"
#include "workload/shrink.hpp"

namespace hwflow::study {
namespace {

LoadedStudy small_loaded() {
  LoadedStudy loaded{small_study(),       "small",  {},   {}, small_network(),
                     small_accelerator(), "a: 1\n", "aa", {}};
  loaded.options.mapper.max_evaluations = 2000;
  return loaded;
}

CodesignResult run_with(RunStore& store, FakeAccuracyModel& model, CodesignSetting setting = {},
                        const LoadedStudy& study = small_loaded()) {
  const RunRecord run = begin_run(store, study, false, "2024-05-01T10:00:00Z").value();
  return run_codesign(study, run, model, store, setting).value();
}

class CodesignTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
};

TEST_F(CodesignTest, FillsInEverythingThatTheReportShows) {
  FakeAccuracyModel model;
  LoadedStudy study = small_loaded();
  study.options.formats = {ExportFormat::qdq};
  CodesignSetting setting;
  std::vector<std::string> exported;
  setting.export_plan = [&](ExportFormat, const train::FinishedPlan& plan,
                            const std::string& stem) {
    EXPECT_EQ(plan.network.network, small_network());
    exported.push_back(stem);
    return stem + ".onnx";
  };
  const CodesignResult result = run_with(*store_, model, setting, study);
  EXPECT_EQ(result.run_id, "1");
  EXPECT_EQ(result.started, "2024-05-01T10:00:00Z");
  EXPECT_EQ(result.config_hash, "aa");
  EXPECT_EQ(result.network.layer_weights, (std::vector<std::int64_t>{144, 144, 288, 5120}));
  EXPECT_EQ(result.network.layer_macs, (std::vector<std::int64_t>{9216, 9216, 18432, 5120}));
  EXPECT_EQ(result.network.channels, 4 + 4 + 8 + 10);
  EXPECT_EQ(result.accelerator.compute_units, 4);
  EXPECT_EQ(result.accelerator.level_names, (std::vector<std::string>{"DRAM", "buffer"}));
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(result.generations.size(), 5U);
  EXPECT_EQ(result.baselines.size(), 9U);

  ASSERT_GE(result.plans.size(), 3U);
  EXPECT_EQ(result.plans[0].label, "uniform 8/8");
  EXPECT_EQ(result.plans[1].label, "uniform 4/4");
  for (const PlanDetails& plan : result.plans) {
    ASSERT_TRUE(plan.test_integer.has_value());
    ASSERT_EQ(plan.layers.size(), 4U);
    double energy = 0.0;
    for (const LayerDetails& layer : plan.layers) {
      energy += layer.energy_pj;
      EXPECT_FALSE(layer.loop_nest.empty());
      EXPECT_GT(layer.cycles, 0);
      EXPECT_GT(layer.utilization, 0.0);
      EXPECT_LE(layer.utilization, 1.0);
    }
    EXPECT_NEAR(energy, result.evaluated[plan.evaluated].hardware.energy_pj, 1e-6 * energy);
    EXPECT_EQ(plan.files,
              (std::vector<std::string>{
                  exported[static_cast<std::size_t>(&plan - result.plans.data())] + ".onnx"}));
  }
  const std::size_t picks = result.plans.size() - 2;
  EXPECT_EQ(result.paired_tests.size(), 2 * picks);
  const std::vector<RunRecord> runs = store_->runs();
  EXPECT_EQ(runs[0].state, "done");
  EXPECT_EQ(runs[0].evaluations, static_cast<std::int64_t>(result.evaluated.size()));
}

/// Half of 4, 4 and 8 channels stay: the witness is the network that shrink() makes.
TEST_F(CodesignTest, PlansTellWhatTheyLeaveOfTheNetwork) {
  FakeAccuracyModel model;
  LoadedStudy study = small_loaded();
  study.options.search.algorithm = Algorithm::uniform;
  study.options.search.channels.emplace();
  study.options.search.channels->shares = {0.5, 1.0};
  const CodesignResult result = run_with(*store_, model, {}, study);
  const Network whole = small_network();
  const Network half =
      shrink(whole, ChannelGroups(whole), KeptUnits::first(std::array{2, 2, 4}))->network;
  int pruned = 0;
  for (const PlanDetails& plan : result.plans) {
    const bool is_whole = result.evaluated[plan.evaluated].plan.channels.empty();
    const Network& left = is_whole ? whole : half;
    EXPECT_EQ(plan.size,
              (NetworkSize{is_whole ? 26 : 2 + 2 + 4 + 10, left.macs(), left.parameters()}));
    pruned += is_whole ? 0 : 1;
  }
  EXPECT_GT(pruned, 0);
}

LoadedStudy with_budgets() {
  LoadedStudy study = small_loaded();
  study.options.search.algorithm = Algorithm::evolution;
  study.options.search.sensitivity_seeds = false;
  study.options.search.evaluations = 60;
  study.options.search.budgets = {{Objective::energy, 0.5}, {Objective::latency, 0.4}};
  return study;
}

/// The witness goes through all that was evaluated.
TEST_F(CodesignTest, TellsAndPicksTheMostAccurateWithinEachBudget) {
  FakeAccuracyModel model;
  LoadedStudy study = with_budgets();
  study.options.accuracy.confirm_images = 0;
  const CodesignResult result = run_with(*store_, model, {}, study);
  const HardwareCost& whole = result.evaluated.front().hardware;  // 8/8
  EXPECT_EQ(result.budget_reference->label, "uniform 8/8");
  EXPECT_EQ(result.budget_reference->hardware, whole);
  EXPECT_FALSE(result.winners_confirmed);
  ASSERT_EQ(result.budget_winners.size(), 3U);
  const auto least_errors = [&](double energy, double latency) {
    std::int64_t least = 1000;
    for (const EvaluatedPlan& plan : result.evaluated) {
      if (plan.hardware.energy_pj <= energy * whole.energy_pj &&
          static_cast<double>(plan.hardware.cycles) <= latency * static_cast<double>(whole.cycles))
        least = std::min(least, fake_errors(plan.plan));
    }
    return least;
  };
  const auto errors_of = [&](std::size_t row) {
    return fake_errors(result.evaluated[result.budget_winners[row].evaluated.value()].plan);
  };
  EXPECT_EQ(errors_of(0), least_errors(0.5, 1.0));
  EXPECT_EQ(errors_of(1), least_errors(1.0, 0.4));
  EXPECT_EQ(errors_of(2), least_errors(0.5, 0.4));
  EXPECT_EQ(result.plans[2].label, "most accurate within 0.5 of energy");
  EXPECT_EQ(result.plans[2].evaluated, result.budget_winners[0].evaluated);
  EXPECT_EQ(result.plans[3].label, "most accurate within 0.4 of latency");
}

/// What is told is what is picked, by further images; without picks nothing is confirmed for it.
TEST_F(CodesignTest, ConfirmsTheMostAccurateWithinEachBudgetToPickThem) {
  FakeAccuracyModel model;
  LoadedStudy study = with_budgets();
  const CodesignResult result = run_with(*store_, model, {}, study);
  EXPECT_TRUE(result.winners_confirmed);
  for (const BudgetWinner& winner : result.budget_winners)
    EXPECT_TRUE(result.evaluated[winner.evaluated.value()].confirmed);
  EXPECT_EQ(result.plans[2].evaluated, result.budget_winners[0].evaluated);
  EXPECT_THAT(result.plans[2].reason, testing::HasSubstr("most accurate by the search within 0.5"));

  FakeAccuracyModel other;
  const auto store = open_store(folder_.path() / "other.sqlite");
  study.options.finish.picks = 0;
  const CodesignResult searched = run_with(*store, other, {}, study);
  EXPECT_FALSE(searched.winners_confirmed);
  EXPECT_EQ(other.confirmations, 2);  // the baselines
  EXPECT_TRUE(searched.budget_winners[0].evaluated);
}

/// finish.reference need not be measured where nothing is re-trained.
TEST_F(CodesignTest, SharesAreOfTheReferenceThoughNothingMeasuresIt) {
  FakeAccuracyModel model;
  LoadedStudy study = with_budgets();
  study.options.finish.baselines = {};
  study.options.finish.picks = 0;
  study.options.finish.reference = {4, 8};
  study.options.baselines = {{8, 8}};
  study.options.search.budgets = {{Objective::energy, 0.9}, {Objective::latency, 0.8}};
  const CodesignResult result = run_with(*store_, model, {}, study);
  const std::int64_t cycles = result.budget_reference->hardware.cycles;
  EXPECT_EQ(result.budget_reference->label, "uniform 4/8");
  EXPECT_GT(cycles, 0);
  EXPECT_LT(cycles, result.evaluated.front().hardware.cycles);
  EXPECT_EQ(result.budget_winners[1].limits[0].most, 0.8 * static_cast<double>(cycles));
}

TEST_F(CodesignTest, ASecondRunEvaluatesMapsAndTrainsNothing) {
  FakeAccuracyModel first, second;
  const CodesignResult once = run_with(*store_, first);
  EXPECT_GT(once.mappings_searched, 0);
  const CodesignResult twice = run_with(*store_, second);
  EXPECT_EQ(second.evaluations, 0);
  EXPECT_EQ(second.finishes, 0);
  EXPECT_EQ(twice.mappings_searched, 0);
  EXPECT_EQ(twice.accuracy_cache_hits, static_cast<std::int64_t>(once.evaluated.size()));
  ASSERT_EQ(once.evaluated.size(), twice.evaluated.size());
  for (std::size_t i = 0; i < once.evaluated.size(); ++i) {
    EXPECT_EQ(once.evaluated[i].plan, twice.evaluated[i].plan);
    EXPECT_EQ(once.evaluated[i].hardware, twice.evaluated[i].hardware);
  }
}

TEST_F(CodesignTest, MapsAnewWhatOtherHardwareCodeMapped) {
  FakeAccuracyModel model;
  const CodesignResult once = run_with(*store_, model);
  EXPECT_EQ(once.hardware_code, build_signature().hardware);
  EXPECT_EQ(once.training_code, build_signature().training);
  Database(folder_.path() / "runs.sqlite")
      .run("UPDATE mappings SET key = replace(key, '" + once.hardware_code +
           "', '0123456789abcdef')");
  const CodesignResult again = run_with(*store_, model);
  EXPECT_EQ(again.mappings_searched, once.mappings_searched);
}

/// The report of a run of other code shows the mappings of that run and keeps its own to itself.
TEST_F(CodesignTest, OnlyKnownUsesTheMappingsOfTheRunsOwnCode) {
  FakeAccuracyModel model;
  const CodesignResult once = run_with(*store_, model);
  const RunRecord run = store_->runs()[0];
  store_->save_fact(run.id, kHardwareCodeFact, "0123456789abcdef");
  Database database(folder_.path() / "runs.sqlite");
  database.run("UPDATE mappings SET key = replace(key, '" + once.hardware_code +
               "', '0123456789abcdef')");
  CodesignSetting setting;
  setting.only_known = true;
  const LoadedStudy study = small_loaded();
  EXPECT_EQ(run_codesign(study, run, model, *store_, setting).value().mappings_searched, 0);

  database.run("DELETE FROM mappings");
  EXPECT_GT(run_codesign(study, run, model, *store_, setting).value().mappings_searched, 0);
  Statement count = database.prepare("SELECT count(*) FROM mappings");
  ASSERT_TRUE(count.step());
  EXPECT_EQ(count.integer(0), 0);
}

LoadedStudy fused_loaded() {
  LoadedStudy study = small_loaded();
  study.options.schedule = Schedule::fused;
  study.options.mapper.max_evaluations = 300;
  return study;
}

TEST_F(CodesignTest, FusedPlansShowTheirGroups) {
  FakeAccuracyModel model;
  const CodesignResult result = run_with(*store_, model, {}, fused_loaded());
  EXPECT_EQ(result.schedule, "fused");
  EXPECT_FALSE(result.stopped);
  ASSERT_GE(result.plans.size(), 3U);
  for (const PlanDetails& plan : result.plans) {
    double energy = 0.0;
    std::size_t layers = 0;
    for (const GroupDetails& group : plan.groups) {
      energy += group.energy_pj;
      layers += group.members.size();
    }
    EXPECT_EQ(layers, 4U);
    EXPECT_NEAR(energy, result.evaluated[plan.evaluated].hardware.energy_pj, 1e-9 * energy);
  }
}

TEST_F(CodesignTest, ASecondFusedRunMapsNothingAndGivesTheSame) {
  FakeAccuracyModel first, second;
  const CodesignResult once = run_with(*store_, first, {}, fused_loaded());
  EXPECT_GT(once.mappings_searched, 0);
  CodesignSetting setting;
  setting.threads = 3;
  const CodesignResult twice = run_with(*store_, second, setting, fused_loaded());
  EXPECT_EQ(twice.mappings_searched, 0);
  ASSERT_EQ(once.evaluated.size(), twice.evaluated.size());
  for (std::size_t i = 0; i < once.evaluated.size(); ++i)
    EXPECT_EQ(once.evaluated[i].hardware, twice.evaluated[i].hardware);
}

TEST_F(CodesignTest, AStoppedFusedRunGoesOnToTheSameResult) {
  FakeAccuracyModel whole, cut, rest;
  const auto other = open_store(folder_.path() / "other.sqlite");
  const CodesignResult expected = run_with(*other, whole, {}, fused_loaded());
  std::stop_source source;
  cut.before_evaluation = [&](int number) {
    if (number == 35) source.request_stop();
  };
  CodesignSetting setting;
  setting.stop = source.get_token();
  EXPECT_TRUE(run_with(*store_, cut, setting, fused_loaded()).stopped);
  const LoadedStudy study = fused_loaded();
  const RunRecord run = begin_run(*store_, study, true, "2024-05-02T10:00:00Z").value();
  const CodesignResult resumed = run_codesign(study, run, rest, *store_, {}).value();
  ASSERT_EQ(resumed.evaluated.size(), expected.evaluated.size());
  for (std::size_t i = 0; i < expected.evaluated.size(); ++i) {
    EXPECT_EQ(resumed.evaluated[i].plan, expected.evaluated[i].plan);
    EXPECT_EQ(resumed.evaluated[i].hardware, expected.evaluated[i].hardware);
  }
  EXPECT_EQ(resumed.front, expected.front);
}

TEST_F(CodesignTest, AStopDuringTheSearchFinishesNothing) {
  std::stop_source source;
  FakeAccuracyModel model;
  model.before_evaluation = [&](int number) {
    if (number == 35) source.request_stop();
  };
  CodesignSetting setting;
  setting.stop = source.get_token();
  const CodesignResult result = run_with(*store_, model, setting);
  EXPECT_TRUE(result.stopped);
  EXPECT_TRUE(result.plans.empty());
  EXPECT_EQ(model.finishes, 0);
  EXPECT_EQ(store_->runs()[0].state, "stopped");
}

TEST_F(CodesignTest, OnlyKnownGivesTheResultOfAFinishedRunAgain) {
  FakeAccuracyModel first, second;
  CodesignSetting setting;
  setting.machine = "a machine";
  const CodesignResult once = run_with(*store_, first, setting);
  const RunRecord run = store_->runs()[0];
  setting.only_known = true;
  const CodesignResult again = run_codesign(small_loaded(), run, second, *store_, setting).value();
  EXPECT_EQ(second.evaluations, 0);
  EXPECT_EQ(second.finishes, 0);
  EXPECT_FALSE(again.stopped);
  EXPECT_EQ(again.front, once.front);
  ASSERT_EQ(again.plans.size(), once.plans.size());
  for (std::size_t i = 0; i < once.plans.size(); ++i) {
    EXPECT_EQ(again.plans[i].label, once.plans[i].label);
    EXPECT_EQ(again.plans[i].test_integer, once.plans[i].test_integer);
  }
  ASSERT_EQ(again.phases.size(), once.phases.size());
  for (std::size_t i = 0; i < once.phases.size(); ++i) {
    EXPECT_NEAR(again.phases[i].seconds, once.phases[i].seconds, 5e-4);  // stored to the ms
  }
  EXPECT_EQ(store_->runs().size(), 1U);
  EXPECT_EQ(store_->find_fact(run.id, kMachineFact), "a machine");
  EXPECT_EQ(store_->find_fact(run.id, kAccuracyModelFact), "fake of tests");
}

TEST_F(CodesignTest, OnlyKnownSaysWhatAStoppedRunLacks) {
  std::stop_source source;
  FakeAccuracyModel model;
  // Seeds: 9 uniform plans, then 2 widths of 8 genes each narrowed alone, then the greedy path.
  model.before_evaluation = [&](int number) {
    if (number == 35) source.request_stop();
  };
  CodesignSetting setting;
  setting.stop = source.get_token();
  const CodesignResult stopped = run_with(*store_, model, setting);
  EXPECT_THAT(stopped.missing, testing::HasSubstr("of 4"));
  setting = {};
  setting.only_known = true;
  const int evaluations = model.evaluations;
  const CodesignResult shown =
      run_codesign(small_loaded(), store_->runs()[0], model, *store_, setting).value();
  EXPECT_TRUE(shown.stopped);
  EXPECT_EQ(shown.missing, stopped.missing);
  EXPECT_EQ(shown.evaluated.size(), stopped.evaluated.size());
  EXPECT_EQ(model.evaluations, evaluations);
  EXPECT_EQ(store_->runs()[0].state, "stopped");
}

LoadedStudy leveled(LoadedStudy study) {
  study.options.search.levels = {{Abstraction::coarse, 2, std::nullopt},
                                 {Abstraction::mid, 1, std::nullopt},
                                 {Abstraction::fine, 1, std::nullopt}};
  return study;
}

/// By the real bounds and the mapper, both schedules: what the fine level says is no less.
TEST_F(CodesignTest, LevelsEndWithTheFrontOfPlansAsTheyRun) {
  for (const LoadedStudy& study : {leveled(small_loaded()), leveled(fused_loaded())}) {
    FakeAccuracyModel model;
    const CodesignResult result = run_with(*store_, model, {}, study);
    EXPECT_FALSE(result.stopped);
    EXPECT_EQ(result.algorithm, "nsga2");
    ASSERT_EQ(result.levels.size(), 3U);
    EXPECT_LE(result.evaluated.size(), static_cast<std::size_t>(result.accuracy_evaluations));
    EXPECT_GE(result.plans.size(), 3U);
    for (const LevelSummary& level : result.levels) {
      for (const LevelPlan& plan : level.front) {
        if (!plan.evaluated) continue;
        const HardwareCost& cost = result.evaluated[*plan.evaluated].hardware;
        EXPECT_LE(plan.hardware.energy_pj, cost.energy_pj * (1.0 + 1e-9));
        EXPECT_LE(plan.hardware.cycles, cost.cycles);
        EXPECT_LE(plan.hardware.dram_bits, cost.dram_bits);
      }
      EXPECT_TRUE(level.generations.back().final_hypervolume.has_value());
    }
    EXPECT_EQ(result.generations.size(), result.levels.back().generations.size());
    EXPECT_TRUE(std::any_of(result.phases.begin(), result.phases.end(),
                            [](const PhaseTime& phase) { return phase.name == "comparing"; }));
  }
}

TEST_F(CodesignTest, OnlyKnownGivesTheLevelsAgain) {
  FakeAccuracyModel first, second;
  const LoadedStudy study = leveled(small_loaded());
  const CodesignResult once = run_with(*store_, first, {}, study);
  CodesignSetting setting;
  setting.only_known = true;
  setting.threads = 2;
  const CodesignResult again =
      run_codesign(study, store_->runs()[0], second, *store_, setting).value();
  EXPECT_EQ(second.evaluations, 0);
  EXPECT_FALSE(again.stopped);
  EXPECT_EQ(again.front, once.front);
  ASSERT_EQ(again.levels.size(), once.levels.size());
  for (std::size_t l = 0; l < once.levels.size(); ++l) {
    EXPECT_EQ(again.levels[l].widths, once.levels[l].widths);
    ASSERT_EQ(again.levels[l].generations.size(), once.levels[l].generations.size());
    for (std::size_t g = 0; g < once.levels[l].generations.size(); ++g) {
      const GenerationSummary& x = again.levels[l].generations[g];
      const GenerationSummary& y = once.levels[l].generations[g];
      EXPECT_EQ(x.seconds, y.seconds);
      EXPECT_EQ(x.hypervolume, y.hypervolume);
      EXPECT_EQ(x.final_hypervolume, y.final_hypervolume);
      EXPECT_EQ(x.schedules_searched, y.schedules_searched);
    }
  }
}

TEST_F(CodesignTest, SaysAtWhichLevelItWasStopped) {
  std::stop_source source;
  FakeAccuracyModel model;
  model.before_evaluation = [&](int number) {
    if (number == 47) source.request_stop();
  };
  CodesignSetting setting;
  setting.stop = source.get_token();
  const CodesignResult result = run_with(*store_, model, setting, leveled(small_loaded()));
  EXPECT_TRUE(result.stopped);
  // 29 seeds, then generations 1 and 2 of 8 at the coarse level: up to 37 and 45. Generation 3 is
  // what the mid level was handed, 47 is in its first brood.
  EXPECT_EQ(result.missing, "the search ended after generation 3, at level 2 of 3 (mid)");
}

TEST_F(CodesignTest, NothingFeasibleIsAnErrorWithTheLayersByName) {
  LoadedStudy study = small_loaded();
  chip::Accelerator::Fields fields = study.accelerator.fields();
  fields.levels[1].capacity_bits = 4;  // no weight, input and output fit at once
  study.accelerator = chip::Accelerator::make(fields).value();
  FakeAccuracyModel model;
  const RunRecord run = begin_run(*store_, study, false, "now").value();
  const auto result = run_codesign(study, run, model, *store_, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(to_text(result.error()), testing::HasSubstr("layer conv1 on small"));
  EXPECT_EQ(store_->runs()[0].state, "stopped");
}

}  // namespace
}  // namespace hwflow::study
