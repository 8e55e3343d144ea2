#include "study/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "study/run_session.hpp"
#include "study/schedules.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

/// The machine of the small world, with costs of its own: DRAM a hundred times dearer, or engines
/// that take a bit of each operand a cycle.
chip::Accelerator machine(const std::string& label) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.name = label;
  if (label == "serial") fields.engine.kind = chip::BitSerialEngine{1, 1};
  if (label == "dear") {
    fields.levels[0].read_energy_pj_per_bit = fields.levels[0].write_energy_pj_per_bit = 1000.0;
  }
  return chip::Accelerator::make(fields).value();
}

std::vector<LoadedStudy> small_studies() {
  std::vector<LoadedStudy> studies;
  for (const char* label : {"spatial", "serial", "dear"}) {
    LoadedStudy loaded{small_study(), "small", {}, {},   small_network(), machine(label), "a: 1\n",
                       label,         {},      {}, label};
    loaded.options.mapper.max_evaluations = 300;
    loaded.options.finish.picks = 1;
    loaded.options.finish.tolerance_points = 3.0;
    studies.push_back(std::move(loaded));
  }
  return studies;
}

class ComparisonTest : public testing::Test {
 protected:
  Expected<ComparisonResult> compare(FakeAccuracyModel& model, bool resume = false,
                                     int threads = 1) {
    ComparisonSetting setting;
    setting.begin = [&](const LoadedStudy& study) {
      const auto which = static_cast<std::size_t>(&study - studies_.data());
      return begin_run_of_several(*store_, studies_, which, resume, "2024-05-01T10:00:00Z");
    };
    setting.setting_of = [&](const LoadedStudy& study) {
      CodesignSetting one;
      one.threads = threads;
      one.stop = stop_.get_token();
      one.progress = [this, label = study.label, count = 0](const Progress& progress) mutable {
        const bool counts = label == stop_at_.first && progress.phase == "search";
        if (counts && ++count == stop_at_.second) stop_.request_stop();
      };
      return one;
    };
    setting.on_result = [&](const ComparedAccelerator& done) { told_.push_back(done.label); };
    setting.stop = stop_.get_token();
    return run_comparison(studies_, model, *store_, setting);
  }
  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  std::vector<LoadedStudy> studies_ = small_studies();
  std::stop_source stop_;
  std::pair<std::string, int> stop_at_;  ///< at so many plans of the search of a machine
  std::vector<std::string> told_;
};

/// The result of a machine's run by itself, in a store of its own.
CodesignResult alone(const LoadedStudy& study) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  const RunRecord run = begin_run(*store, study, false, "then").value();
  return run_codesign(study, run, model, *store, {}).value();
}

void expect_same_search(const CodesignResult& a, const CodesignResult& b) {
  ASSERT_EQ(a.evaluated.size(), b.evaluated.size());
  for (std::size_t i = 0; i < a.evaluated.size(); ++i) {
    ASSERT_EQ(a.evaluated[i].plan, b.evaluated[i].plan) << i;
    ASSERT_EQ(a.evaluated[i].hardware, b.evaluated[i].hardware) << i;
  }
  EXPECT_EQ(a.front, b.front);
}

TEST_F(ComparisonTest, MachinesSearchAsByThemselvesAndMeasureAPlanOnce) {
  FakeAccuracyModel model;
  model.remember_asked = true;
  const ComparisonResult comparison = compare(model).value();
  ASSERT_EQ(comparison.accelerators.size(), 3U);
  EXPECT_EQ(told_, (std::vector<std::string>{"spatial", "serial", "dear"}));
  std::set<std::string> distinct, asked;
  std::int64_t evaluations = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const CodesignResult& result = comparison.accelerators[i].result;
    expect_same_search(result, alone(studies_[i]));
    EXPECT_EQ(result.accelerator.name, told_[i]);
    evaluations += static_cast<std::int64_t>(result.evaluated.size());
    for (const EvaluatedPlan& plan : result.evaluated) distinct.insert(to_text(plan.plan));
  }
  for (const CompressionPlan& plan : model.asked) EXPECT_TRUE(asked.insert(to_text(plan)).second);
  EXPECT_EQ(asked, distinct);
  EXPECT_EQ(comparison.distinct_plans, static_cast<std::int64_t>(distinct.size()));
  EXPECT_EQ(comparison.evaluations, evaluations);
  EXPECT_LT(comparison.distinct_plans, comparison.evaluations);
  EXPECT_FALSE(comparison.stopped);
}

TEST_F(ComparisonTest, TheBestPlansAreTheCheapestWithinTheTolerance) {
  FakeAccuracyModel model;
  const ComparisonResult comparison = compare(model).value();
  for (const ComparedAccelerator& done : comparison.accelerators) {
    const CodesignResult& result = done.result;
    ASSERT_TRUE(done.least_energy && done.least_latency);
    for (const EvaluatedPlan& plan : result.evaluated) {
      if (plan.accuracy.top1() < 1.0 - 0.03) continue;  // the fake's float network errs nowhere
      EXPECT_GE(plan.hardware.energy_pj, result.evaluated[*done.least_energy].hardware.energy_pj);
      EXPECT_GE(plan.hardware.cycles, result.evaluated[*done.least_latency].hardware.cycles);
    }
    EXPECT_GE(result.evaluated[*done.least_energy].accuracy.top1(), 0.97);
  }
}

TEST_F(ComparisonTest, GoesOnAfterAStopToTheSameResultWithAnyThreads) {
  FakeAccuracyModel whole;
  const ComparisonResult expected = compare(whole).value();

  const TemporaryFolder other;
  store_ = open_store(other.path() / "runs.sqlite");
  told_.clear();
  FakeAccuracyModel stopped;
  stop_at_ = {"serial", 40};
  const ComparisonResult half = compare(stopped).value();
  EXPECT_TRUE(half.stopped);
  EXPECT_TRUE(half.transfers.empty());
  ASSERT_EQ(half.accelerators.size(), 2U);
  EXPECT_THAT(half.missing, testing::StartsWith("serial: the search ended after generation"));
  EXPECT_THAT(half.missing, testing::EndsWith("; machines that were not begun: 1"));

  stop_at_ = {};
  stop_ = std::stop_source();
  FakeAccuracyModel rest;
  const ComparisonResult resumed = compare(rest, true, 3).value();
  EXPECT_FALSE(resumed.stopped);
  EXPECT_EQ(stopped.evaluations + rest.evaluations, whole.evaluations);
  ASSERT_EQ(resumed.accelerators.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    expect_same_search(resumed.accelerators[i].result, expected.accelerators[i].result);
  }
  EXPECT_EQ(resumed.transfers[0].cells[0][1]->ratio, expected.transfers[0].cells[0][1]->ratio);
  EXPECT_EQ(store_->runs().size(), 3U);  // every machine went on with its own run
  for (const RunRecord& run : store_->runs()) EXPECT_EQ(run.state, "done");
}

TEST_F(ComparisonTest, AMachineThatCannotRunTheNetworkIsAnError) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.name = "tiny";
  fields.levels[1].capacity_bits = 8;
  studies_[1].accelerator = chip::Accelerator::make(fields).value();
  FakeAccuracyModel model;
  const auto comparison = compare(model);
  ASSERT_FALSE(comparison.has_value());
  EXPECT_THAT(to_text(comparison.error()), testing::HasSubstr("on tiny"));
}

}  // namespace
}  // namespace hwflow::study
