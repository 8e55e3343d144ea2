#include "study/finish.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

/// Uniform 8/8, uniform 4/4, and two picks, with energies 100, 40, 50 and 30.
CodesignResult four_plans() {
  CodesignResult result;
  const std::vector<CompressionPlan> plans{
      CompressionPlan::uniform(4, 8, 8), CompressionPlan::uniform(4, 4, 4),
      CompressionPlan{{{4, 8}, {8, 8}, {8, 8}, {8, 8}}}, CompressionPlan::uniform(4, 2, 2)};
  const std::vector<double> energies{100, 40, 50, 30};
  const std::vector<std::string> labels{"uniform 8/8", "uniform 4/4", "good", "cheap"};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    EvaluatedPlan evaluated;
    evaluated.plan = plans[i];
    evaluated.hardware = {energies[i], static_cast<std::int64_t>(10 * energies[i]), 1000, 8};
    result.evaluated.push_back(evaluated);
    PlanDetails details;
    details.label = labels[i];
    details.baseline = i < 2;
    details.evaluated = i;
    result.plans.push_back(details);
  }
  result.float_search = {1000, 1000};
  result.float_confirmation = train::AccuracyEstimate{2000, 2000};
  result.float_test = train::AccuracyEstimate{180, 200};
  result.tolerance = 0.005;
  return result;
}

TEST(FinishPlans, FillsInTestAccuracies) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult result = four_plans();
  const auto finished = finish_plans(result, FinishOptions{}, 1, model, *store, {2, {}, {}});
  ASSERT_EQ(finished.size(), 4U);
  // The fake: 20 wrong in float plus an eighth of the search errors (0, 4*10+4*4 = 56, 4, 84).
  EXPECT_EQ(result.plans[0].test_integer, (train::AccuracyEstimate{180, 200}));
  EXPECT_EQ(result.plans[1].test_integer, (train::AccuracyEstimate{173, 200}));
  EXPECT_EQ(result.plans[2].test_integer, (train::AccuracyEstimate{180, 200}));
  EXPECT_EQ(result.plans[3].test_integer, (train::AccuracyEstimate{170, 200}));
  EXPECT_EQ(finished[2].network.plan, result.evaluated[2].plan);
}

TEST(FinishPlans, DoesNotTrainWhatTheStoreHas) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult result = four_plans();
  ASSERT_EQ(finish_plans(result, FinishOptions{}, 1, model, *store, {}).size(), 4U);
  ASSERT_EQ(finish_plans(result, FinishOptions{}, 1, model, *store, {}).size(), 4U);
  EXPECT_EQ(model.finishes, 4);
  FinishOptions longer;
  longer.epochs = 9;  // another training is another result
  ASSERT_EQ(finish_plans(result, longer, 1, model, *store, {}).size(), 4U);
  EXPECT_EQ(model.finishes, 8);
}

TEST(FinishPlans, AStopGivesNothingAndKeepsNothingHalfDone) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult result = four_plans();
  std::stop_source source;
  SearchSetting setting;
  setting.stop = source.get_token();
  setting.progress = [&](const Progress& progress) {
    if (progress.done == 1) source.request_stop();
  };
  EXPECT_TRUE(finish_plans(result, FinishOptions{}, 1, model, *store, setting).empty());
  EXPECT_EQ(model.finishes, 1);
  setting = {};
  EXPECT_EQ(finish_plans(result, FinishOptions{}, 1, model, *store, setting).size(), 4U);
  EXPECT_EQ(model.finishes, 4);
}

TEST(FinishPlans, ShowsTheShareDoneAndTheTimeLeft) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult result = four_plans();
  std::vector<Progress> seen;
  SearchSetting setting;
  setting.progress = [&](const Progress& progress) { seen.push_back(progress); };
  ASSERT_EQ(finish_plans(result, FinishOptions{}, 1, model, *store, setting).size(), 4U);
  ASSERT_GE(seen.size(), 3U);
  EXPECT_EQ(seen[0].note, "uniform 8/8: starting");
  EXPECT_FALSE(seen[0].seconds_left.has_value());  // nothing to judge by yet
  EXPECT_EQ(seen[1].note, "uniform 8/8: epoch 1 of 2");
  EXPECT_TRUE(seen[1].seconds_left.has_value());
  EXPECT_EQ(seen.back().done, 4);
  EXPECT_EQ(seen.back().seconds_left, 0.0);
}

TEST(FinishPlans, GivesSignsOfLifeWhileAPlanSaysNothing) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult result = four_plans();
  result.plans.resize(1);
  std::counting_semaphore<1000> signs(0);
  int heard = 0;
  model.within_finish = [&] {
    while (signs.try_acquire()) {
    }  // what the plan itself reported
    for (int i = 0; i < 3; ++i) heard += signs.try_acquire_for(std::chrono::seconds(20)) ? 1 : 0;
  };
  SearchSetting setting;
  setting.heartbeat = std::chrono::milliseconds(1);
  setting.progress = [&](const Progress&) { signs.release(); };
  ASSERT_EQ(finish_plans(result, FinishOptions{}, 1, model, *store, setting).size(), 1U);
  EXPECT_EQ(heard, 3);
}

TEST(FinishPlans, OnlyKnownTrainsNothingAndFillsInWhatTheStoreHas) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult first = four_plans();
  first.plans.resize(2);
  ASSERT_EQ(finish_plans(first, FinishOptions{}, 1, model, *store, {}).size(), 2U);
  CodesignResult result = four_plans();
  SearchSetting setting;
  setting.only_known = true;
  EXPECT_TRUE(finish_plans(result, FinishOptions{}, 1, model, *store, setting).empty());
  EXPECT_EQ(model.finishes, 2);
  EXPECT_EQ(result.plans[1].test_integer, (train::AccuracyEstimate{173, 200}));
  EXPECT_FALSE(result.plans[2].test_integer.has_value());
}

TEST(ComparePlans, EveryPickAgainstEveryBaselineAndTheSaving) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  FakeAccuracyModel model;
  CodesignResult result = four_plans();
  const auto finished = finish_plans(result, FinishOptions{}, 1, model, *store, {});
  compare_plans(result, finished, FinishOptions{});
  ASSERT_EQ(result.paired_tests.size(), 4U);
  // "cheap" (170 right) against 8/8 (180): the fake's wrong images are the first ones, so ten
  // discordant, all on one side: p = 2 / 2^10.
  const PairedTest& test = result.paired_tests[2];
  EXPECT_EQ(test.a, 3U);
  EXPECT_EQ(test.b, 0U);
  EXPECT_EQ(test.only_b_right, 10);
  EXPECT_EQ(test.only_a_right, 0);
  EXPECT_NEAR(test.p_value, 2.0 / 1024.0, 1e-12);
  // Wrong of the 2,000 held out: (2 * 4 + 20) / 4 = 7 of "good", (2 * 84 + 20) / 4 = 47 of "cheap".
  // Half a point is ten: "cheap" is out, "good" saves half.
  ASSERT_TRUE(result.headline.has_value());
  EXPECT_EQ(result.headline->pick, 2U);
  EXPECT_EQ(result.headline->baseline, 0U);
  EXPECT_DOUBLE_EQ(result.headline->energy, 0.5);
  EXPECT_DOUBLE_EQ(result.headline->latency, 0.5);
  EXPECT_DOUBLE_EQ(result.headline->dram, 0.0);
}

/// Two picks that are both good enough on the held-out images, of which the second is cheaper.
CodesignResult two_good_picks() {
  CodesignResult result = four_plans();
  result.plans[2].held_out = train::AccuracyEstimate{1999, 2000};
  result.plans[3].held_out = train::AccuracyEstimate{1990, 2000};
  return result;
}

std::size_t headline_of(CodesignResult result) {
  compare_plans(result, {}, FinishOptions{});
  return result.headline ? result.headline->pick : 0;
}

TEST(Headline, DoesNotDependOnTheTestSet) {
  for (const std::int64_t right : {0, 170, 180, 200}) {
    CodesignResult result = two_good_picks();
    result.float_test = train::AccuracyEstimate{200, 200};
    result.plans[2].test_integer = train::AccuracyEstimate{200 - right, 200};
    result.plans[3].test_integer = train::AccuracyEstimate{right, 200};
    EXPECT_EQ(headline_of(result), 3U) << right;
    result.plans[2].test_integer.reset();
    result.plans[3].test_integer.reset();
    EXPECT_EQ(headline_of(result), 3U);
  }
}

TEST(Headline, IsTheCheapestPickWithinTheToleranceOfFloatOnTheSameImages) {
  CodesignResult result = two_good_picks();
  result.plans[3].held_out->correct = 1989;  // 0.55 points
  EXPECT_EQ(headline_of(result), 2U);
  result.float_confirmation = train::AccuracyEstimate{1980, 2000};
  EXPECT_EQ(headline_of(result), 3U);
  // Without a confirmation split re-trained plans are measured on the search split, as float is.
  result.float_confirmation.reset();
  result.float_search = train::AccuracyEstimate{1000, 1000};
  EXPECT_EQ(headline_of(result), 2U);
  result.plans[2].held_out->correct = 1989;
  EXPECT_EQ(headline_of(result), 0U);  // none
}

TEST(FileStem, HasNothingThatAShellMinds) {
  EXPECT_EQ(file_stem("least energy within 0.5 points"), "least_energy_within_0.5_points");
  EXPECT_EQ(file_stem("uniform 8/8"), "uniform_8_8");
}

}  // namespace
}  // namespace hwflow::study
