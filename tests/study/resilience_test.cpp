#include "study/resilience.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "study/codesign.hpp"
#include "study/run_session.hpp"
#include "tests/study/flip_world.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using train::fault::Site;

LoadedStudy resilient() {
  LoadedStudy loaded{small_study(),       "small",  {},   {}, small_network(),
                     small_accelerator(), "a: 1\n", "aa", {}};
  loaded.options.mapper.max_evaluations = 2000;
  loaded.options.search.objectives = {Objective::accuracy, Objective::energy,
                                      Objective::failure_rate};
  loaded.options.resilience.emplace();
  return loaded;
}

/// The more of the bits are high ones, the more of the flips fail.
double falls_with_width(const StoredWords& words) { return 0.9 / (words.bits * words.bits); }

class ResilienceTest : public testing::Test {
 protected:
  CodesignResult run(const LoadedStudy& study, FakeFlips& flips, CodesignSetting setting = {},
                     bool resume = false) {
    setting.campaigns = &flips;
    const RunRecord record = begin_run(*store_, study, resume, "2024-05-01T10:00:00Z").value();
    return run_codesign(study, record, model_, *store_, setting).value();
  }
  /// Of all plans of the front.
  static CompressionPlan fails_least(const CodesignResult& result) {
    const std::size_t best = *std::ranges::min_element(
        result.front, {}, [&](std::size_t i) { return result.evaluated[i].hardware.failure_rate; });
    return result.evaluated[best].plan;
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  FakeAccuracyModel model_;
};

TEST(CalibrationWidths, HaveEveryWidthInAsManyNetworksAsThereAreWidths) {
  SearchOptions search;
  search.weight_bits = {8, 2, 4};
  search.input_bits = {4, 8};
  EXPECT_EQ(calibration_widths(search), (std::vector<WidthPair>{{2, 4}, {4, 8}, {8, 8}}));
  search.weight_bits = {8};
  EXPECT_EQ(calibration_widths(search), (std::vector<WidthPair>{{8, 4}, {8, 8}}));
}

TEST_F(ResilienceTest, WhereEveryFlipFailsAlikeTheFewestBitsFailLeast) {
  FakeFlips flips([](const StoredWords&) { return 0.1; });
  const CodesignResult result = run(resilient(), flips);
  EXPECT_EQ(fails_least(result), CompressionPlan::uniform(4, 2, 2));
}

/// Of b bits 0.9 / b^2 fail each: 0.9 / b of a word, the least of the widest.
TEST_F(ResilienceTest, WhereNarrowWordsFailMoreTheWidestPlanFailsLeast) {
  FakeFlips flips(falls_with_width);
  LoadedStudy study = resilient();
  study.options.resilience->flips = 100'000;
  const CodesignResult result = run(study, flips);
  EXPECT_EQ(fails_least(result), CompressionPlan::uniform(4, 8, 8));
  // Of equal accuracy and more energy, it is there for its failures alone.
  LoadedStudy other = resilient();
  other.options.search.objectives = {Objective::energy, Objective::accuracy};
  other.options.resilience.reset();
  const CodesignResult without = run(other, flips);
  EXPECT_FALSE(without.resilience.has_value());
  EXPECT_EQ(without.evaluated.front().hardware.failure_rate, 0.0);
}

/// One layer whose flips all fail: plans of the front that fail less have it narrow.
TEST_F(ResilienceTest, ALayerThatFailsMoreIsNarrowedFirst) {
  FakeFlips flips([](const StoredWords& words) {
    return words.site == Site::weights && words.node == 4 ? 0.9 : 0.001;
  });
  LoadedStudy study = resilient();
  study.options.search.objectives = {Objective::accuracy, Objective::failure_rate};
  const CodesignResult result = run(study, flips);
  std::vector<double> narrow, wide;
  for (const std::size_t i : result.front) {
    const EvaluatedPlan& plan = result.evaluated[i];
    (plan.plan.layers[3].weights == 2 ? narrow : wide).push_back(plan.hardware.failure_rate);
  }
  ASSERT_FALSE(narrow.empty());
  ASSERT_FALSE(wide.empty());
  EXPECT_LT(std::ranges::max(narrow), std::ranges::min(wide));
}

/// The fake fails exactly as predicted, but for rounding: measured failures are those predicted.
TEST_F(ResilienceTest, TellsWhatFinishedAndDrawnPlansComeTo) {
  FakeFlips flips(falls_with_width);
  LoadedStudy study = resilient();
  study.options.resilience->flips = 100'000;
  study.options.resilience->measured_flips = 1'000'000;
  study.options.resilience->checked_plans = 5;
  const CodesignResult result = run(study, flips);
  ASSERT_TRUE(result.resilience.has_value());
  const ResilienceSummary& found = *result.resilience;
  EXPECT_EQ(found.calibrated_on,
            (std::vector<std::string>{"uniform 2/2", "uniform 4/4", "uniform 8/8"}));
  EXPECT_EQ(found.risks.size(), 2U * 4U * 3U);
  ASSERT_EQ(found.plans.size(), result.plans.size());
  ASSERT_EQ(found.drawn.size(), 5U);
  EXPECT_TRUE(std::ranges::is_sorted(found.drawn, {}, &FailureCheck::predicted));
  EXPECT_GT(found.rank_correlation.value(), 0.99);
  for (const auto* checks : {&found.plans, &found.drawn}) {
    for (const FailureCheck& check : *checks) {
      EXPECT_EQ(check.predicted, result.evaluated[check.evaluated].hardware.failure_rate);
      EXPECT_NEAR(check.measured, check.predicted, 0.01 * check.predicted);
      EXPECT_EQ(check.stored_bits, check.predicted_bits);
      EXPECT_LT(check.low, check.measured);
      EXPECT_GT(check.high, check.measured);
    }
  }
  for (std::size_t i = 0; i < found.plans.size(); ++i)
    EXPECT_EQ(found.plans[i].evaluated, result.plans[i].evaluated);
  EXPECT_EQ(flips.runs, 3 + static_cast<int>(result.plans.size()) + 5);
}

/// Stopped within every campaign in turn: what was done is not done again, and the end is the same.
TEST_F(ResilienceTest, AResumedRunComesToTheSameResult) {
  LoadedStudy study = resilient();
  study.options.search.generations = 1;
  study.options.search.sensitivity_seeds = false;
  study.options.finish.picks = 1;
  study.options.resilience->checked_plans = 2;
  FakeFlips whole(falls_with_width);
  const CodesignResult expected = run(study, whole);
  const int all = whole.runs;
  for (int last = 1; last <= all; ++last) {
    const TemporaryFolder folder;
    store_ = open_store(folder.path() / "runs.sqlite");
    FakeFlips flips(falls_with_width);
    std::stop_source stop;
    flips.before_run = [&](int number) {
      if (number == last) stop.request_stop();
    };
    CodesignSetting setting;
    setting.stop = stop.get_token();
    const CodesignResult stopped = run(study, flips, setting);
    EXPECT_TRUE(stopped.stopped);
    EXPECT_THAT(stopped.missing, testing::HasSubstr("not")) << last;
    flips.before_run = [](int) {};
    const CodesignResult resumed = run(study, flips, {}, true);
    EXPECT_FALSE(resumed.stopped);
    EXPECT_EQ(resumed.resilience, expected.resilience) << last;
    EXPECT_EQ(resumed.front, expected.front) << last;
    EXPECT_EQ(flips.runs, all + 1) << last;
    store_.reset();
  }
}

TEST_F(ResilienceTest, AReportTellsWhatTheStoreHas) {
  const LoadedStudy study = resilient();
  FakeFlips flips(falls_with_width);
  const CodesignResult expected = run(study, flips);
  CodesignSetting report;
  report.only_known = true;
  const RunRecord record = begin_run(*store_, study, true, "2024-05-01T10:00:00Z").value();
  const CodesignResult shown = run_codesign(study, record, model_, *store_, report).value();
  EXPECT_FALSE(shown.stopped);
  EXPECT_EQ(shown.resilience, expected.resilience);
}

/// Costs of coarse levels tell failures as well: they do not depend on the hardware.
TEST_F(ResilienceTest, LevelsPredictTheSame) {
  FakeFlips flips(falls_with_width);
  LoadedStudy study = resilient();
  study.options.search.levels = {{Abstraction::coarse, 2, {}}, {Abstraction::fine, 2, {}}};
  const CodesignResult result = run(study, flips);
  ASSERT_EQ(result.levels.size(), 2U);
  for (const LevelPlan& plan : result.levels[0].front) {
    EXPECT_GT(plan.hardware.failure_rate, 0.0);
    if (plan.evaluated)
      EXPECT_EQ(plan.hardware.failure_rate,
                result.evaluated[*plan.evaluated].hardware.failure_rate);
  }
}

}  // namespace
}  // namespace hwflow::study
