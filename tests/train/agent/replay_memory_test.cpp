#include "train/agent/replay_memory.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace hwflow::train {
namespace {

Transition numbered(int number) {
  const auto value = static_cast<float>(number);
  return {{value, value + 0.5F},
          {value / 100.0F},
          value,
          {value + 1.0F, value + 1.5F},
          number % 4 == 3};
}

ReplayMemory filled(std::size_t capacity, int count) {
  ReplayMemory memory(capacity);
  for (int i = 0; i < count; ++i) memory.add(numbered(i));
  return memory;
}

TEST(ReplayMemory, ForgetsTheOldestFirst) {
  const ReplayMemory memory = filled(4, 7);
  EXPECT_EQ(memory.size(), 4U);
  Rng rng(1);
  const TransitionBatch batch = memory.draw(4, rng);
  EXPECT_EQ(std::set<float>(batch.rewards.begin(), batch.rewards.end()),
            (std::set<float>{3, 4, 5, 6}));
}

TEST(ReplayMemory, RowsOfABatchBelongTogether) {
  const ReplayMemory memory = filled(100, 50);
  Rng rng(2);
  const TransitionBatch batch = memory.draw(20, rng);
  ASSERT_EQ(batch.size(), 20U);
  ASSERT_EQ(batch.states.size(), 40U);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const float number = batch.rewards[i];
    EXPECT_EQ(batch.states[2 * i], number);
    EXPECT_EQ(batch.states[2 * i + 1], number + 0.5F);
    EXPECT_EQ(batch.actions[i], number / 100.0F);
    EXPECT_EQ(batch.next_states[2 * i], number + 1.0F);
    EXPECT_EQ(batch.last[i] != 0, static_cast<int>(number) % 4 == 3);
  }
}

TEST(ReplayMemory, DrawsWithoutRepetitionEveryStepEquallyOften) {
  const ReplayMemory memory = filled(10, 10);
  Rng rng(3);
  std::map<float, int> drawn;
  constexpr int kTrials = 4000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const TransitionBatch batch = memory.draw(3, rng);
    ASSERT_EQ(std::set<float>(batch.rewards.begin(), batch.rewards.end()).size(), 3U);
    for (const float reward : batch.rewards) ++drawn[reward];
  }
  // Binomial, 4000 draws with probability 0.3: 1200 +- 29; five standard deviations.
  for (const auto& [reward, count] : drawn) EXPECT_NEAR(count, 1200, 145) << reward;
  EXPECT_EQ(drawn.size(), 10U);
}

TEST(ReplayMemory, RepeatsWhatItHasWhenThatIsTooFew) {
  const ReplayMemory memory = filled(10, 2);
  Rng rng(4);
  const TransitionBatch batch = memory.draw(16, rng);
  EXPECT_EQ(batch.size(), 16U);
  EXPECT_EQ(std::set<float>(batch.rewards.begin(), batch.rewards.end()), (std::set<float>{0, 1}));
}

}  // namespace
}  // namespace hwflow::train
