#include "study/plan_evaluator.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "study/confirmation.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

class PlanEvaluatorTest : public testing::Test {
 protected:
  /// The stop comes while the second plan is measured.
  void measure_and_stop_in_the_second() {
    std::stop_source source;
    model_.before_evaluation = [&](int number) {
      if (number == 2) source.request_stop();
    };
    PlanEvaluator evaluator(hardware_, model_, *store_, 1, {}, source.get_token());
    const auto measured = evaluator.measure(plans_);
    ASSERT_TRUE(measured.has_value());
    EXPECT_FALSE(measured->has_value());
    EXPECT_EQ(model_.evaluations, 2);
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  LayerByLayerModel hardware_{small_network(), small_accelerator(), HardwareOptions{},
                              map_by_formula};
  FakeAccuracyModel model_;
  const std::vector<CompressionPlan> plans_{CompressionPlan::uniform(4, 8, 8),
                                            CompressionPlan::uniform(4, 4, 8),
                                            CompressionPlan::uniform(4, 2, 2)};
};

TEST_F(PlanEvaluatorTest, MeasuresInTheOrderOfThePlans) {
  PlanEvaluator evaluator(hardware_, model_, *store_, 2, {}, {});
  const auto measured = evaluator.measure(plans_);
  ASSERT_TRUE(measured && *measured);
  // The fake's rule: 4 bits off in layers weighted 1 + 2 + 3 + 4 = 10; then 6 * 10 + 6 * 4.
  EXPECT_EQ((**measured)[0].accuracy.correct, 1000);
  EXPECT_EQ((**measured)[1].accuracy.correct, 1000 - 4 * 10);
  EXPECT_EQ((**measured)[2].accuracy.correct, 1000 - 6 * 10 - 6 * 4);
  EXPECT_EQ((**measured)[1].hardware, hardware_.cost(plans_[1]));
}

TEST_F(PlanEvaluatorTest, AsksTheStoreFirst) {
  PlanEvaluator first(hardware_, model_, *store_, 1, {}, {});
  ASSERT_TRUE(first.measure(plans_));
  EXPECT_EQ(first.cache_hits(), 0);
  PlanEvaluator second(hardware_, model_, *store_, 1, {}, {});
  ASSERT_TRUE(second.measure(plans_));
  EXPECT_EQ(second.cache_hits(), 3);
  EXPECT_EQ(model_.evaluations, 3);
}

TEST_F(PlanEvaluatorTest, KeepsWhatWasDoneBeforeAnException) {
  model_.before_evaluation = [](int number) {
    if (number == 3) throw std::runtime_error("out of memory");
  };
  PlanEvaluator evaluator(hardware_, model_, *store_, 1, {}, {});
  EXPECT_THROW(static_cast<void>(evaluator.measure(plans_)), std::runtime_error);
  EXPECT_TRUE(store_->find_accuracy(model_.key(), to_text(plans_[0])));
  EXPECT_TRUE(store_->find_accuracy(model_.key(), to_text(plans_[1])));
  EXPECT_FALSE(store_->find_accuracy(model_.key(), to_text(plans_[2])));
}

TEST_F(PlanEvaluatorTest, AStopLeavesNoHalfBrood) {
  measure_and_stop_in_the_second();  // the one in flight was finished and kept
  EXPECT_TRUE(store_->find_accuracy(model_.key(), to_text(plans_[1])));
}

TEST_F(PlanEvaluatorTest, AStopEndsATraining) {
  model_.trains = true;
  measure_and_stop_in_the_second();
  EXPECT_TRUE(store_->find_accuracy(model_.key(), to_text(plans_[0])));
  EXPECT_FALSE(store_->find_accuracy(model_.key(), to_text(plans_[1])));  // half-trained
}

// What a training cost is not spent again to confirm: twice the errors of the search and 20.
TEST_F(PlanEvaluatorTest, KeepsTheConfirmationThatATrainingBringsAlong) {
  model_.trains = true;
  PlanEvaluator evaluator(hardware_, model_, *store_, 2, {}, {});
  ASSERT_TRUE(evaluator.measure(plans_));
  std::vector<EvaluatedPlan> evaluated(3);
  for (std::size_t i = 0; i < 3; ++i) evaluated[i].plan = plans_[i];
  const SearchSetting setting;
  Confirmation confirmation(model_, *store_, setting);
  ASSERT_TRUE(confirmation.confirm(evaluated, std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(model_.confirmations, 0);
  EXPECT_EQ(evaluated[0].confirmed, (train::AccuracyEstimate{2000, 2000}));
  EXPECT_EQ(evaluated[1].confirmed, (train::AccuracyEstimate{2000 - 2 * 40 - 20, 2000}));
  EXPECT_EQ(evaluated[2].confirmed, (train::AccuracyEstimate{2000 - 2 * 84 - 20, 2000}));
}

TEST_F(PlanEvaluatorTest, ReportsEveryPlanOnce) {
  std::vector<std::int64_t> done;
  PlanEvaluator evaluator(hardware_, model_, *store_, 2,
                          [&](const Progress& progress) { done.push_back(progress.done); }, {});
  ASSERT_TRUE(evaluator.measure(plans_));
  EXPECT_EQ(done, (std::vector<std::int64_t>{1, 2, 3}));
}

}  // namespace
}  // namespace hwflow::study
