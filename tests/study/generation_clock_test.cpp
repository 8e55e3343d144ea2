#include "study/generation_clock.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using namespace std::chrono_literals;

class GenerationClockTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs.sqlite");
};

TEST_F(GenerationClockTest, AddsUpParts) {
  GenerationClock clock(*store_, std::nullopt, false);
  std::this_thread::sleep_for(20ms);
  const auto first = clock.close("a", std::array{1.5, 2.0});
  ASSERT_EQ(first.size(), 3U);
  EXPECT_GE(first[0], 0.02);
  const auto second = clock.close("b", std::array{0.25, 1.0});
  EXPECT_GE(second[0], first[0]);
  EXPECT_EQ(second[1], 1.75);
  EXPECT_EQ(second[2], 3.0);
}

/// A second process tells the times of the first one, and goes on from there.
TEST_F(GenerationClockTest, TheProcessThatFinishedAPartFirstCounts) {
  GenerationClock(*store_, 7, false).close("a", std::array{1.5});
  GenerationClock again(*store_, 7, false);
  EXPECT_EQ(again.close("a", std::array{40.0})[1], 1.5);
  EXPECT_EQ(again.close("b", std::array{1.0})[1], 2.5);
  EXPECT_EQ(GenerationClock(*store_, 8, false).close("a", std::array{3.0})[1], 3.0);
}

TEST_F(GenerationClockTest, WhoOnlyLooksWritesNothing) {
  EXPECT_EQ(GenerationClock(*store_, 7, true).close("a", std::array{1.0})[1], 1.0);
  EXPECT_EQ(GenerationClock(*store_, 7, false).close("a", std::array{5.0})[1], 5.0);
}

TEST(ProcessorClock, CountsTheWorkOfAllThreads) {
  ProcessorClock clock;
  const auto work = [] {
    ProcessorClock own;
    volatile double sum = 0.0;
    for (double done = 0.0; done < 0.05; done += own.lap()) {
      for (int i = 0; i < 10'000; ++i) sum = sum + i;
    }
  };
  std::jthread other(work);
  other.join();
  EXPECT_GE(clock.lap(), 0.05);
  EXPECT_LT(clock.lap(), 0.05);  // counted from there on
}

}  // namespace
}  // namespace hwflow::study
