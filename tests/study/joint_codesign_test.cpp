#include <gtest/gtest.h>

#include "study/codesign.hpp"
#include "study/run_session.hpp"
#include "tests/study/joint_world.hpp"

/// Whole runs whose study searches for designs, too.
namespace hwflow::study {
namespace {

LoadedStudy joint_loaded(SearchOrder order) {
  LoadedStudy loaded{joint_study(order),  "small",  {},   {}, small_network(),
                     small_accelerator(), "a: 1\n", "aa", {}};
  loaded.options.mapper.max_evaluations = 300;
  return loaded;
}

class JointCodesignTest : public testing::TestWithParam<SearchOrder> {
 protected:
  CodesignResult run(FakeAccuracyModel& model, const LoadedStudy& study,
                     CodesignSetting setting = {}) {
    const RunRecord record = begin_run(*store_, study, false, "2024-05-01T10:00:00Z").value();
    return run_codesign(study, record, model, *store_, setting).value();
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
};

TEST_P(JointCodesignTest, PicksAreRetrainedOnDesignsOfTheirOwn) {
  const LoadedStudy study = joint_loaded(GetParam());
  FakeAccuracyModel model;
  const CodesignResult result = run(model, study);
  EXPECT_FALSE(result.stopped);
  ASSERT_TRUE(result.hardware_search.has_value());
  EXPECT_EQ(result.objectives,
            (std::vector<Objective>{Objective::accuracy, Objective::latency, Objective::dram}));
  EXPECT_EQ(result.accelerator.level_names, std::vector<std::string>{"DRAM"});
  EXPECT_TRUE(result.energy_components.empty());
  ASSERT_GE(result.plans.size(), 3U);
  const auto space = small_overlay_space(study.options);
  for (const PlanDetails& plan : result.plans) {
    ASSERT_TRUE(plan.test_integer.has_value());
    ASSERT_EQ(plan.layers.size(), 4U);
    const EvaluatedPlan& evaluated = result.evaluated[plan.evaluated];
    const DesignPoint& design = result.hardware_search->chosen[plan.evaluated];
    EXPECT_EQ(space->point(evaluated.plan, design.sizes).value(), design);
    std::int64_t cycles = 0;
    for (const LayerDetails& layer : plan.layers) cycles += layer.cycles;
    EXPECT_EQ(cycles, evaluated.hardware.cycles);
    if (plan.baseline) {
      EXPECT_EQ(design.sizes, space->reference());
      continue;
    }
    for (std::size_t k = 0; k < design.costs.size(); ++k)
      EXPECT_LE(design.costs[k], result.hardware_search->limits[k] * 1.000001);
  }
  EXPECT_EQ(store_->runs()[0].state, "done");
}

TEST_P(JointCodesignTest, AStoppedRunGoesOnToTheSameResult) {
  const LoadedStudy study = joint_loaded(GetParam());
  FakeAccuracyModel whole, cut, rest;
  const CodesignResult expected = run(whole, study);
  store_ = open_store(folder_.path() / "other.sqlite");
  std::stop_source source;
  cut.before_evaluation = [&](int number) {
    if (number == 20) source.request_stop();
  };
  CodesignSetting setting;
  setting.stop = source.get_token();
  const CodesignResult stopped = run(cut, study, setting);
  EXPECT_TRUE(stopped.stopped);
  EXPECT_FALSE(stopped.missing.empty());

  const RunRecord record = begin_run(*store_, study, true, "2024-05-02T10:00:00Z").value();
  const CodesignResult resumed = run_codesign(study, record, rest, *store_, {}).value();
  EXPECT_LT(rest.evaluations, whole.evaluations);
  ASSERT_EQ(resumed.evaluated.size(), expected.evaluated.size());
  EXPECT_EQ(resumed.front, expected.front);
  ASSERT_EQ(resumed.plans.size(), expected.plans.size());
  for (std::size_t i = 0; i < expected.plans.size(); ++i)
    EXPECT_EQ(resumed.plans[i].evaluated, expected.plans[i].evaluated);
}

/// The report of a run that is done: the same numbers, times too, and nothing measured.
TEST_P(JointCodesignTest, AReportTellsTheSame) {
  const LoadedStudy study = joint_loaded(GetParam());
  FakeAccuracyModel model, looking;
  const CodesignResult once = run(model, study);
  CodesignSetting setting;
  setting.only_known = true;
  const CodesignResult again =
      run_codesign(study, store_->runs()[0], looking, *store_, setting).value();
  EXPECT_EQ(looking.evaluations, 0);
  EXPECT_EQ(looking.finishes, 0);
  EXPECT_FALSE(again.stopped);
  const auto& a = once.hardware_search->curve;
  const auto& b = again.hardware_search->curve;
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].hypervolume, b[i].hypervolume);
    EXPECT_EQ(a[i].seconds, b[i].seconds);
    EXPECT_EQ(a[i].hardware_seconds, b[i].hardware_seconds);
    EXPECT_EQ(a[i].cpu_seconds, b[i].cpu_seconds);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, JointCodesignTest,
                         testing::Values(SearchOrder::nested, SearchOrder::sequential),
                         [](const auto& order) { return std::string(name(order.param)); });

class ArrayCodesignTest : public JointCodesignTest {};

/// Arrays are mapped: a small space on the real mapper.
TEST_F(ArrayCodesignTest, SearchesForArraysToo) {
  LoadedStudy study = joint_loaded(SearchOrder::nested);
  HardwareSearchOptions& search = *study.options.hardware.search;
  search.space = DesignSpaceKind::array;
  search.array.rows = {1, 2};
  search.array.buffer_bits = {32'768, 65'536};
  search.targets = {};
  search.targets.energy = 0.9;
  study.options.search.generations = 1;
  FakeAccuracyModel model;
  const CodesignResult result = run(model, study);
  EXPECT_EQ(result.energy_components,
            (std::vector<std::string>{"DRAM", "buffer", "NoC", "MAC", "leakage"}));
  ASSERT_FALSE(result.hardware_search->pairs.empty());
  for (const DesignPair& pair : result.hardware_search->pairs) {
    ASSERT_EQ(pair.point.costs.size(), 3U);  // energy, latency, area
    EXPECT_LE(pair.point.costs[0], 0.9 * result.hardware_search->reference.costs[0] * 1.000001);
    EXPECT_LE(pair.point.costs[2], result.hardware_search->reference.costs[2] * 1.000001);
  }
  for (const PlanDetails& plan : result.plans) EXPECT_FALSE(plan.layers[0].loop_nest.empty());
}

}  // namespace
}  // namespace hwflow::study
