#include "study/channel_budget.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/layer_by_layer_model.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

/// Steps k = 1 to 4 keep k, k and 2k of the 4, 4 and 8 channels. By hand, at 8 bits:
///
///     k   MACs (cycles / 8)                       weights
///     4   9216 + 9216 + 18432 + 5120 = 41984      144 + 144 + 288 + 5120 = 5696
///     3   6912 + 5184 + 10368 + 3840 = 26304      108 +  81 + 162 + 3840 = 4191
///     2   4608 + 2304 +  4608 + 2560 = 14080       72 +  36 +  72 + 2560 = 2740
///     1   2304 +  576 +  1152 + 1280 =  5312       36 +   9 +  18 + 1280 = 1343
class LastStepWithin : public testing::Test {
 protected:
  Expected<int> find(const std::vector<CostShare>& budgets, const std::stop_token& stop = {}) {
    return last_step_within(model_, steps_, budgets, 1, stop);
  }

  LayerByLayerModel model_{small_network(), small_accelerator(), HardwareOptions{}, map_by_formula};
  ChannelSteps steps_{4, [](int k) {
                        CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
                        plan.channels = {k, k, 2 * k};
                        return plan;
                      }};
};

TEST_F(LastStepWithin, IsTheGreatestWithinItsShare) {
  struct Row {
    double share;
    int step;
  };
  // 26304, 14080 and 5312 of 41984 are 0.6265, 0.3354 and 0.1265.
  for (const Row& row : {Row{1.0, 4}, Row{0.99, 3}, Row{0.627, 3}, Row{0.626, 2}, Row{0.336, 2},
                         Row{0.335, 1}, Row{0.127, 1}}) {
    const Expected<int> step = find({{Objective::latency, row.share}});
    ASSERT_TRUE(step) << to_text(step.error());
    EXPECT_EQ(*step, row.step) << row.share;
  }
}

TEST_F(LastStepWithin, KeepsEveryBudget) {
  // 4191 and 2740 of 5696 are 0.7358 and 0.4810.
  EXPECT_EQ(find({{Objective::latency, 0.63}, {Objective::model_size, 0.74}}).value(), 3);
  EXPECT_EQ(find({{Objective::latency, 0.63}, {Objective::model_size, 0.73}}).value(), 2);
  EXPECT_EQ(find({{Objective::latency, 0.63}, {Objective::model_size, 0.48}}).value(), 1);
}

TEST_F(LastStepWithin, SaysWhatTheFewestChannelsCost) {
  const Expected<int> step = find({{Objective::latency, 0.1}, {Objective::model_size, 0.5}});
  ASSERT_FALSE(step);
  ASSERT_EQ(step.error().size(), 1U);
  EXPECT_EQ(step.error().front().place, "latency=0.1");
  EXPECT_THAT(step.error().front().reason,
              testing::HasSubstr("0.127 of the whole network's latency"));
  EXPECT_EQ(step.error().front().hint, "0.127 or more");
}

TEST_F(LastStepWithin, NothingWhenStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(find({{Objective::latency, 0.5}}, stop.get_token()).value(), 0);
}

}  // namespace
}  // namespace hwflow::study
