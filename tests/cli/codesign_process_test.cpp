/// What signals do to the real program. A run that was killed or stopped goes on to the same
/// result.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "cli/command.hpp"
#include "study/run_store.hpp"
#include "study/sqlite.hpp"
#include "tests/cli/command_line.hpp"
#include "tests/cli/process.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// Plans whose accuracy is committed.
std::int64_t plans_in(const std::filesystem::path& out) {
  const std::filesystem::path file = out / study::kStoreFile;
  if (!std::filesystem::exists(file)) return 0;
  try {
    const study::Database database(file);
    study::Statement count =
        database.prepare("SELECT count(*) FROM accuracies WHERE plan NOT LIKE 'float%'");
    return count.step() ? count.integer(0) : 0;
  } catch (const study::SqliteError&) {
    return 0;  // its tables are not made yet
  }
}

/// Waits for another process: there is nothing to wait on but the clock.
bool wait_for_plans(Process& process, const std::filesystem::path& out, std::int64_t count) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (plans_in(out) < count) {
    if (!process.runs() || std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

json uninterrupted(const TinyStudy& study) {
  const Outcome outcome = run_hwflow(study.codesign("whole", {"--quiet", "--json", "-"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return json::parse(outcome.output);
}

TEST(CodesignProcess, KilledInMidSearchGoesOnToTheSameResult) {
  const TinyStudy study;
  const json whole = uninterrupted(study);
  std::int64_t committed = 0;
  {
    Process process(study.folder(), study.codesign("o", {"--quiet", "--threads", "2"}));
    ASSERT_TRUE(wait_for_plans(process, study.out("o"), 3)) << process.errors();
    process.send(SIGKILL);
    ASSERT_TRUE(WIFSIGNALED(process.wait()));
    committed = plans_in(study.out("o"));
  }
  ASSERT_LT(committed, whole["evaluations"].get<std::int64_t>()) << "killed too late";
  const Outcome resumed =
      run_hwflow(study.codesign("o", {"--quiet", "--json", "-", "--resume", "--threads", "2"}));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.errors;
  const json result = json::parse(resumed.output);
  EXPECT_EQ(lasting_part(result), lasting_part(whole));
  // All that was committed is used again; a thread commits each plan before it takes the next, so
  // only those in flight, one a thread at most, were lost.
  EXPECT_EQ(result["run"]["accuracies_reused"], committed);
}

TEST(CodesignProcess, InterruptedStopsCleanlyAndGoesOnToTheSameResult) {
  const TinyStudy study;
  const json whole = uninterrupted(study);
  {
    Process process(study.folder(), study.codesign("o", {"--quiet", "--threads", "1"}));
    ASSERT_TRUE(wait_for_plans(process, study.out("o"), 3)) << process.errors();
    process.send(SIGINT);
    const int status = process.wait();
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), kWorldFailed);
    EXPECT_THAT(process.errors(), HasSubstr("stopping after the work in flight"));
    EXPECT_THAT(process.errors(), HasSubstr("go on with --resume"));
    EXPECT_EQ(process.output(), "");
  }
  const Outcome listed = run_hwflow({"runs", "--out", study.out("o").string(), "--json", "-"});
  EXPECT_EQ(json::parse(listed.output)[0]["state"], "stopped");
  const Outcome resumed = run_hwflow(study.codesign("o", {"--quiet", "--json", "-", "--resume"}));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.errors;
  EXPECT_EQ(lasting_part(json::parse(resumed.output)), lasting_part(whole));
}

TEST(CodesignProcess, ASecondOneInTheFolderIsRefusedAndTheFirstGoesOn) {
  const TinyStudy study;
  const std::string out = study.out("o").string();
  Process process(study.folder(), study.codesign("o", {"--quiet", "--threads", "1"}));
  ASSERT_TRUE(wait_for_plans(process, study.out("o"), 1)) << process.errors();
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, std::vector<std::string>{"--resume"}}) {
    const Outcome second = run_hwflow(study.codesign("o", more));
    EXPECT_EQ(second.exit_code, kWrongInput);
    EXPECT_THAT(second.errors, HasSubstr("--out " + out));
    EXPECT_THAT(second.errors, HasSubstr("process " + std::to_string(process.id())));
  }
  const Outcome during = run_hwflow({"runs", "--out", out, "--json", "-"});
  EXPECT_EQ(json::parse(during.output)[0]["state"], "running");
  process.send(SIGKILL);
  process.wait();
  const Outcome after = run_hwflow({"runs", "--out", out, "--json", "-"});
  const json runs = json::parse(after.output);
  ASSERT_EQ(runs.size(), 1U);  // the refused ones left no run behind
  EXPECT_EQ(runs[0]["state"], "interrupted");
  EXPECT_EQ(runs[0]["evaluations"], plans_in(study.out("o")));
}

}  // namespace
}  // namespace hwflow::cli
