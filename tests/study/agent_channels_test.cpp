#include <gtest/gtest.h>

#include "tests/study/agent_world.hpp"

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
    task.options.budgets = {{Objective::latency, 0.5}};
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
  some.options.budgets = {{Objective::latency, 1.0}};
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

/// One agent plays two, one and three episodes.
TEST_F(ChannelAgentTest, AgentsGoOnFromLevelToLevel) {
  study_.search.levels = {
      {Abstraction::coarse, 2, {}}, {Abstraction::mid, 1, {}}, {Abstraction::fine, 3, {}}};
  AgentOptions options;
  options.budgets = {{Objective::latency, 0.5}};
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
