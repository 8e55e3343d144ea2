#include <gtest/gtest.h>

#include <cmath>

#include "tests/study/agent_world.hpp"
#include "workload/shrink.hpp"

namespace hwflow::study {
namespace {

/// Nothing but channels: 4, 4 and 8 of conv1, conv2 and conv3, of which 1 (2), 2 (4), 3 (6) or all
/// may stay. At 8 bits cycles are 8 * (576 * (4 a + a b + b c) + 640 c) of a, b and c channels.
class ChannelAgentTest : public AgentSearchTest {
 protected:
  ChannelAgentTest() {
    study_.search.weight_bits = study_.search.input_bits = {8};
    study_.baselines = study_.finish.baselines = {{8, 8}};
    study_.search.channels.emplace();
  }
  [[nodiscard]] AgentTask always(double action) {
    AgentTask task = scripted([action](int, std::size_t) { return action; });
    task.budgets = {{Objective::latency, 0.5}};
    return task;
  }
  SearchResult at_all_levels(const AgentOptions& options, const SearchSetting& setting) {
    study_.search.algorithm = Algorithm::agent;
    study_.search.agent = options;
    SmallModels models;
    FakeAccuracyModel accuracy;
    const auto store = new_store();
    return search_plans(study_, models.all(), accuracy, *store, setting).value();
  }
};

TEST_F(ChannelAgentTest, ChannelsAreSharesOfTheirGroups) {
  const std::vector<double> actions{0.3, 0.7, 0.5};
  AgentTask some = scripted([&](int, std::size_t step) { return actions[step]; });
  some.budgets = {{Objective::latency, 1.0}};
  EXPECT_EQ(to_text(last_plan(fresh(some)).plan), "8/8 8/8 8/8 8/8 | 1 3 4");
  ASSERT_EQ(lessons_[0].steps.size(), 3U);
  const std::vector<double> last_shares{1.0, 0.25, 0.75};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::vector<double>& state = lessons_[0].steps[i].state;
    ASSERT_EQ(state.size(), 11U);
    EXPECT_EQ(state[8], last_shares[i]);
    EXPECT_EQ(state[9], 0.0);
    EXPECT_EQ(state[10], 1.0);
  }
}

// Half of 41,984 * 8 cycles. From the last: 4 4 6 takes 36,096 of them by 8, 4 3 6 30,336, 3 3 6
// 26,304, 3 3 4 21,568, 3 2 4 17,536.
TEST_F(ChannelAgentTest, NarrowsFromTheLastGroup) {
  EXPECT_EQ(to_text(last_plan(fresh(always(1.0))).plan), "8/8 8/8 8/8 8/8 | 3 2 4");
}

// The rest at its cheapest is 1 and 2 channels. conv1 may keep all: 4 1 2 takes 13,952. conv2: 4 4
// 2 takes 24,320, 4 3 2 20,864 of 20,992, so that conv3 keeps 2.
TEST_F(ChannelAgentTest, CapsEveryDecisionSoThatTheRestIsWithinReach) {
  AgentTask wide = always(1.0);
  wide.options.budget_rule = BudgetRule::cap;
  EXPECT_EQ(to_text(last_plan(fresh(wide)).plan), "8/8 8/8 8/8 8/8 | 4 3 2");
  EXPECT_EQ(lessons_[0].steps[2].action, std::vector<double>{1.0});  // as it was chosen
  EXPECT_EQ(lessons_[0].steps[2].state[8], 0.75);                    // as it was taken
}

/// As by cycles, which at 8 bits are 8 times the MACs; widths change none, so that all stay.
TEST_F(ChannelAgentTest, BudgetsOfMacsAreMetByChannelsAlone) {
  study_.search.weight_bits = study_.search.input_bits = {2, 4, 8};
  AgentTask wide = always(1.0);
  wide.budgets = {{Objective::macs, 0.5}};
  EXPECT_EQ(to_text(last_plan(fresh(wide)).plan), "8/8 8/8 8/8 8/8 | 3 2 4");
  wide.options.budget_rule = BudgetRule::cap;
  EXPECT_EQ(to_text(last_plan(fresh(wide)).plan), "8/8 8/8 8/8 8/8 | 4 3 2");
}

/// The witness: the network's own count after its channels were removed.
TEST_F(ChannelAgentTest, PlansKeepWithinABudgetOfMacs) {
  study_.search.weight_bits = {4, 8};
  study_.search.objectives = {Objective::accuracy, Objective::macs, Objective::energy};
  const ChannelGroups groups(small_network());
  for (const BudgetRule rule : {BudgetRule::narrow, BudgetRule::cap}) {
    AgentTask half = task();
    half.budgets = {{Objective::macs, 0.5}};
    half.options.budget_rule = rule;
    int found = 0;
    for (const EvaluatedPlan& plan : fresh(half).evaluated) {
      if (plan.origin != Origin::agent) continue;
      ++found;
      const Network left =
          shrink(small_network(), groups, KeptUnits::first(plan.plan.channels)).value().network;
      EXPECT_LE(left.macs(), small_network().macs() / 2) << to_text(plan.plan);
      EXPECT_EQ(plan.hardware.macs, left.macs());
    }
    EXPECT_GT(found, 20);
  }
}

// Between 576 * (4 + 1 + 2) + 1,280 = 5,312 MACs of 1 1 2 and 41,984: 12,646, 19,981, 27,315 and
// 34,650. From the last group: 4 4 6 has 36,096, 4 3 6 30,336, 3 3 6 26,304, 3 3 4 21,568, 3 2 4
// 17,536, 2 2 4 14,080, 2 2 2 10,496.
TEST_F(ChannelAgentTest, SpreadsBudgetsOfMacs) {
  study_.search.objectives = {Objective::accuracy, Objective::macs};
  AgentTask wide = always(1.0);
  wide.budgets.clear();
  std::vector<std::int64_t> macs;
  for (const EvaluatedPlan& plan : fresh(wide).evaluated)
    if (plan.origin == Origin::agent) macs.push_back(plan.hardware.macs);
  EXPECT_EQ(macs, (std::vector<std::int64_t>{10'496, 17'536, 26'304, 30'336}));
}

TEST_F(ChannelAgentTest, ABudgetOfMacsThatNothingMeetsIsToldAtOnce) {
  AgentTask tight = always(1.0);
  tight.budgets = {{Objective::macs, 0.1}};
  FakeAccuracyModel model;
  const auto store = new_store();
  const auto result = try_run(tight, *store, model);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error()[0].reason,
            "0.1 of the macs of uniform 8/8 is 4198.4, but the narrowest plan costs 5312");
}

// AMC's reward. conv1 alone is narrow, at 4/4: 4 and 4 of 1,000 wrong; the plan keeps all MACs.
TEST_F(ChannelAgentTest, RewardsMayBeOfMacs) {
  study_.search.weight_bits = study_.search.input_bits = {4, 8};
  AgentTask scripted_task = scripted([](int, std::size_t step) { return step < 2 ? 0.0 : 1.0; });
  scripted_task.budgets = {{Objective::macs, 1.0}};
  scripted_task.options.reward = AgentReward::error_log_cost;
  const SearchResult result = fresh(scripted_task);
  EXPECT_EQ(to_text(last_plan(result).plan), "4/4 8/8 8/8 8/8");
  ASSERT_EQ(lessons_.size(), 1U);
  EXPECT_NEAR(lessons_[0].reward, -0.008 * std::log(41'984.0), 1e-12);
}

TEST_F(ChannelAgentTest, HardwareStateTellsWhatIsSpentAndLeft) {
  AgentTask wide = always(1.0);
  wide.options.budget_rule = BudgetRule::cap;
  wide.options.state = AgentState::hardware;
  static_cast<void>(fresh(wide));
  const auto& steps = lessons_[0].steps;
  ASSERT_EQ(steps.size(), 3U);
  constexpr double kWhole = 41'984.0, kBudget = kWhole / 2;
  // Behind the kinds: energy and latency so far, both of the layers behind, what is left.
  const std::vector<double> latency{1.0, 1.0, 35'072 / kWhole};
  const std::vector<double> rest{(9216 + 18'432 + 5120) / kWhole, (18'432 + 5120) / kWhole,
                                 5120 / kWhole};
  const std::vector<double> left{1 - 5312 / kBudget, 1 - 13'952 / kBudget, 1 - 20'864 / kBudget};
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(steps[i].state.size(), 8U + 5U + 3U + 5U);
    EXPECT_NEAR(steps[i].state[17], latency[i], 1e-12);
    EXPECT_NEAR(steps[i].state[19], rest[i], 1e-12);
    EXPECT_NEAR(steps[i].state[20], left[i], 1e-12);
  }
  // Energy by the formula: MACs * 64 and 8 for every output, 16 for those of the network.
  const double energy = kWhole * 64 + 8 * (256 + 256 + 512 + 20);
  EXPECT_NEAR(steps[2].state[16], (35'072 * 64 + 8 * (256 + 192 + 512 + 20)) / energy, 1e-12);
  EXPECT_NEAR(steps[2].state[18], (5120 * 64 + 160) / energy, 1e-12);
}

TEST_F(ChannelAgentTest, WhatIsLeftIsOfTheTightestLimit) {
  AgentTask wide = always(1.0);
  wide.options.budget_rule = BudgetRule::cap;
  wide.options.state = AgentState::hardware;
  wide.budgets = {{Objective::macs, 1.0, {{Objective::latency, 0.5}, {Objective::dram, 2.0}}}};
  static_cast<void>(fresh(wide));
  EXPECT_NEAR(lessons_[0].steps[0].state[20], 1 - 5312 / (41'984.0 / 2), 1e-12);
}

/// One agent plays two, one and three episodes.
TEST_F(ChannelAgentTest, AgentsGoOnFromLevelToLevel) {
  study_.search.levels = {
      {Abstraction::coarse, 2, {}}, {Abstraction::mid, 1, {}}, {Abstraction::fine, 3, {}}};
  AgentOptions options;
  study_.search.budgets = {{Objective::latency, 0.5}};
  options.state = AgentState::hardware;
  options.budget_rule = BudgetRule::cap;
  int made = 0;
  const ScriptedAgent::Script wander = [](int episode, std::size_t step) {
    return static_cast<double>((episode + static_cast<int>(step)) % 3) / 2.0;
  };
  SearchSetting setting;
  setting.make_agent = [&](const auto&, const auto&, std::uint64_t) {
    ++made;
    return std::make_unique<ScriptedAgent>(wander, lessons_);
  };
  const SearchResult result = at_all_levels(options, setting);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(lessons_.size(), 6U);
  ASSERT_EQ(result.levels.size(), 3U);
  EXPECT_EQ(result.levels[0].generations.size(), 1U + 2U);
  EXPECT_EQ(result.levels[2].generations.size(), 1U + 3U);
}

TEST_F(ChannelAgentTest, SameSeedSameResultAtAllLevels) {
  study_.search.weight_bits = study_.search.input_bits = {2, 4, 8};
  study_.search.levels = {{Abstraction::coarse, 8, {}}, {Abstraction::fine, 8, {}}};
  AgentOptions options = task().options;
  options.state = AgentState::hardware;
  options.budget_rule = BudgetRule::cap;
  SearchSetting setting;
  const SearchResult one = at_all_levels(options, setting);
  EXPECT_GT(one.evaluated.size(), 40U);
  setting.threads = 3;
  expect_same(one, at_all_levels(options, setting));
}

}  // namespace
}  // namespace hwflow::study
