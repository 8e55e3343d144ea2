/// Signals end processes, so every test runs in one of its own.

#include "cli/interrupt.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <semaphore>

namespace hwflow::cli {
namespace {

/// Exits with 7 when a signal asks the watch for a stop, with 1 when it does not.
[[noreturn]] void exit_when_asked(int signal) {
  const InterruptWatch watch;
  std::binary_semaphore asked(0);
  const std::stop_callback callback(watch.token(), [&] { asked.release(); });
  kill(getpid(), signal);
  std::_Exit(asked.try_acquire_for(std::chrono::seconds(10)) ? 7 : 1);
}

[[noreturn]] void interrupt_twice() {
  const InterruptWatch watch;
  std::binary_semaphore asked(0);
  const std::stop_callback callback(watch.token(), [&] { asked.release(); });
  kill(getpid(), SIGINT);
  asked.acquire();
  kill(getpid(), SIGINT);
  pause();
  std::_Exit(1);
}

[[noreturn]] void interrupt_after_the_watch() {
  { const InterruptWatch watch; }
  kill(getpid(), SIGINT);
  std::_Exit(1);
}

class InterruptDeathTest : public testing::Test {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(InterruptDeathTest, TheFirstSignalAsksForAStop) {
  EXPECT_EXIT(exit_when_asked(SIGINT), testing::ExitedWithCode(7), "stopping after the work");
  EXPECT_EXIT(exit_when_asked(SIGTERM), testing::ExitedWithCode(7), "stopping after the work");
}

TEST_F(InterruptDeathTest, TheSecondEndsTheProgram) {
  EXPECT_EXIT(interrupt_twice(), testing::KilledBySignal(SIGINT), "once more to end at once");
}

TEST_F(InterruptDeathTest, SignalsAreAsUsualAfterwards) {
  EXPECT_EXIT(interrupt_after_the_watch(), testing::KilledBySignal(SIGINT), "");
}

TEST(InterruptWatch, NothingIsAskedWithoutASignal) {
  const InterruptWatch watch;
  EXPECT_FALSE(watch.token().stop_requested());
}

}  // namespace
}  // namespace hwflow::cli
