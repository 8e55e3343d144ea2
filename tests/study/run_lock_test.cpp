#include "study/run_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

TEST(RunLock, IsHeldByOneAtATimeAndNamesTheHolder) {
  const TemporaryFolder folder;
  const std::filesystem::path out = folder.path() / "new" / "folder";
  EXPECT_EQ(running_in(out), std::nullopt);
  const std::string self = "process " + std::to_string(getpid());
  {
    const auto held = RunLock::take(out, "--out there");
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(running_in(out), self);
    const auto second = RunLock::take(out, "--out there");
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error()[0].place, "--out there");
    EXPECT_THAT(second.error()[0].reason, testing::HasSubstr(self));
    EXPECT_EQ(running_in(out), self);  // the refused one took nothing away
  }
  EXPECT_EQ(running_in(out), std::nullopt);
  EXPECT_TRUE(RunLock::take(out, "again").has_value());
}

TEST(RunLock, LeavesNoTraceOfAFolderThatItMade) {
  const TemporaryFolder folder;
  const std::filesystem::path fresh = folder.path() / "fresh";
  RunLock::take(fresh, "").value().leave_no_trace();
  EXPECT_FALSE(std::filesystem::exists(fresh));
  RunLock::take(folder.path(), "").value().leave_no_trace();
  EXPECT_TRUE(std::filesystem::exists(folder.path()));
}

TEST(RunLock, OfAKilledProcessIsFree) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto held = RunLock::take(folder.path(), "");
    const char sign = held.has_value() ? 'y' : 'n';
    if (write(ready[1], &sign, 1) == 1) pause();
    _exit(0);
  }
  char sign = 0;
  ASSERT_EQ(read(ready[0], &sign, 1), 1);
  EXPECT_EQ(sign, 'y');
  EXPECT_EQ(running_in(folder.path()), "process " + std::to_string(child));
  EXPECT_FALSE(RunLock::take(folder.path(), "").has_value());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(running_in(folder.path()), std::nullopt);
  EXPECT_TRUE(RunLock::take(folder.path(), "").has_value());
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace hwflow::study
