#include "study/confirmation.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

class ConfirmationTest : public testing::Test {
 protected:
  ConfirmationTest() {
    for (const int bits : {8, 4, 2}) {
      EvaluatedPlan plan;
      plan.plan = CompressionPlan::uniform(4, bits, bits);
      plans_.push_back(plan);
    }
  }

  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
  std::vector<EvaluatedPlan> plans_;
};

TEST_F(ConfirmationTest, MeasuresEachPlanOnce) {
  FakeAccuracyModel model;
  SearchSetting setting;
  std::vector<std::pair<std::int64_t, std::int64_t>> progress;
  setting.progress = [&](const Progress& p) { progress.emplace_back(p.done, p.total); };
  Confirmation confirmation(model, *store_, setting);
  EXPECT_EQ(confirmation.float_accuracy(), (train::AccuracyEstimate{2000, 2000}));
  EXPECT_TRUE(confirmation.confirm(plans_, std::vector<std::size_t>{1}));
  EXPECT_EQ(plans_[0].confirmed, std::nullopt);
  // 4/4: of the four layers 4 * (1 + 2 + 3 + 4) + 4 * 4 = 56 errors; twice and 20: 132.
  EXPECT_EQ(plans_[1].confirmed, (train::AccuracyEstimate{1868, 2000}));
  EXPECT_TRUE(confirmation.confirm(plans_, std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(plans_[0].confirmed, (train::AccuracyEstimate{2000, 2000}));
  EXPECT_EQ(model.confirmations, 3);
  EXPECT_EQ(progress.front(), std::pair(std::int64_t{1}, std::int64_t{1}));
  EXPECT_EQ(progress.back(), std::pair(std::int64_t{3}, std::int64_t{3}));
}

TEST_F(ConfirmationTest, AStoppedOneGoesOnFromTheStore) {
  FakeAccuracyModel model;
  std::stop_source source;
  source.request_stop();
  SearchSetting stopped, known;
  stopped.stop = source.get_token();
  known.only_known = true;
  const std::vector<std::size_t> all{0, 1, 2};
  for (const SearchSetting& setting : {stopped, known}) {
    Confirmation confirmation(model, *store_, setting);
    EXPECT_EQ(confirmation.float_accuracy(), std::nullopt);
    EXPECT_FALSE(confirmation.confirm(plans_, all));
  }
  EXPECT_EQ(model.confirmations, 0);
  const SearchSetting free;
  Confirmation measured(model, *store_, free);
  EXPECT_TRUE(measured.confirm(plans_, all) && measured.float_accuracy());
  std::vector<EvaluatedPlan> again = plans_;
  for (EvaluatedPlan& plan : again) plan.confirmed.reset();
  Confirmation confirmation(model, *store_, known);
  EXPECT_TRUE(confirmation.confirm(again, all) && confirmation.float_accuracy());
  EXPECT_EQ(again[2].confirmed, plans_[2].confirmed);
  EXPECT_EQ(model.confirmations, 3);
}

}  // namespace
}  // namespace hwflow::study
