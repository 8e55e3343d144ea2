/// What signals do to the real program. A run that was killed or stopped goes on to the same
/// result.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "base/random.hpp"
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

/// From now on the store notes every piece of work that is committed to it, again and again if it
/// is done again.
void note_commits(const std::filesystem::path& out) {
  std::filesystem::create_directories(out);
  const std::filesystem::path file = out / study::kStoreFile;
  ASSERT_TRUE(study::RunStore::open(file).has_value());
  study::Database(file).run(
      "CREATE TABLE commits (work TEXT NOT NULL);"
      "CREATE TRIGGER note_accuracy AFTER INSERT ON accuracies BEGIN"
      "  INSERT INTO commits VALUES ('accuracy of ' || NEW.plan || ' by ' || NEW.model); END;"
      "CREATE TRIGGER note_mapping AFTER INSERT ON mappings BEGIN"
      "  INSERT INTO commits VALUES ('mapping of ' || NEW.key); END;"
      "CREATE TRIGGER note_finished AFTER INSERT ON finished BEGIN"
      "  INSERT INTO commits VALUES ('training of ' || NEW.plan); END;");
}

std::int64_t count_in(const std::filesystem::path& out, const std::string& rows) {
  const study::Database database(out / study::kStoreFile);
  study::Statement count = database.prepare("SELECT count(*) FROM " + rows);
  return count.step() ? count.integer(0) : 0;
}

/// Kills at moments drawn at random, from the first to the last phase. Work is committed as soon as
/// it is done and one thread does one piece at a time: when nothing is ever committed twice, each
/// kill costs the piece in flight and no more.
TEST(CodesignProcess, KilledAgainAndAgainItDoesNothingTwice) {
  constexpr std::uint64_t kSeed = 20261;
  constexpr int kKills = 10;
  const TinyStudy study;
  const std::vector<std::string> words{
      "--quiet", "--threads", "1", "--set", "finish.epochs=1", "--set", "search.generations=4"};
  const auto with = [&words](const std::vector<std::string>& more) {
    std::vector<std::string> all = words;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto start = std::chrono::steady_clock::now();
  const Outcome whole = run_hwflow(study.codesign("whole", with({"--json", "-"})));
  ASSERT_EQ(whole.exit_code, 0) << whole.errors;
  const std::chrono::duration<double> needed = std::chrono::steady_clock::now() - start;

  const std::filesystem::path out = study.out("o");
  note_commits(out);
  Rng rng(kSeed);
  int kills = 0;
  for (int i = 0; i < kKills; ++i) {
    const bool begun = count_in(out, "runs") > 0;
    Process process(study.folder(), study.codesign("o", begun ? with({"--resume"}) : words));
    const auto percent = static_cast<double>(5 + rng.below(35));
    std::this_thread::sleep_for(needed * (percent / 100.0));
    if (!process.runs()) break;  // it came to its end
    process.send(SIGKILL);
    ASSERT_TRUE(WIFSIGNALED(process.wait())) << process.errors();
    ++kills;
  }
  EXPECT_GE(kills, 3) << "seed " << kSeed;
  const Outcome last = run_hwflow(study.codesign("o", with({"--resume", "--json", "-"})));
  ASSERT_EQ(last.exit_code, 0) << last.errors;
  EXPECT_EQ(lasting_part(json::parse(last.output)), lasting_part(json::parse(whole.output)));
  EXPECT_EQ(count_in(out, "commits"), count_in(out, "(SELECT DISTINCT work FROM commits)"));
  EXPECT_EQ(count_in(out, "runs"), 1);
  for (const char* table : {"accuracies", "finished", "mappings"}) {
    EXPECT_EQ(count_in(out, table), count_in(study.out("whole"), table)) << table;
  }
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
