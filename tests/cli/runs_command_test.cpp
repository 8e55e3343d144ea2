#include "cli/runs_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/run_lock.hpp"
#include "study/run_session.hpp"
#include "study/run_store.hpp"
#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Runs, ListsEveryRunOfAStoreWithItsState) {
  const TinyStudy folder;
  {
    const auto store = study::RunStore::open(folder.folder() / study::kStoreFile).value();
    study::RunRecord run;
    run.study = "first";
    run.started = "2024-05-01T10:00:00Z";
    run.seed = 5;
    const std::int64_t id = store->add_run(run);
    store->update_run(id, "done", 120, "120 plans, 9 on the front");
    run.study = "second";
    static_cast<void>(store->add_run(run));
  }
  const std::vector<std::string> words{"runs", "--out", folder.folder().string()};
  const Outcome table = run_hwflow(words);
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.output, HasSubstr("120 plans, 9 on the front"));
  const Outcome listed =
      run_hwflow({"runs", "--out", folder.folder().string(), "--json", "-", "--quiet"});
  const json runs = json::parse(listed.output);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]["study"], "first");
  EXPECT_EQ(runs[0]["state"], "done");
  EXPECT_EQ(runs[0]["evaluations"], 120);
  EXPECT_EQ(runs[0]["seed"], 5);
  EXPECT_EQ(runs[1]["study"], "second");
  EXPECT_EQ(runs[1]["state"], "interrupted");  // nobody holds the lock of the folder
}

TEST(Runs, TellsARunningRunFromAKilledOneAndCountsItsPlans) {
  const TinyStudy folder;
  {
    const auto store = study::RunStore::open(folder.folder() / study::kStoreFile).value();
    study::RunRecord run;
    run.study = "killed";
    const std::int64_t killed = store->add_run(run);
    run.study = "at work";
    const std::int64_t at_work = store->add_run(run);
    store->save_fact(killed, study::kAccuracyModelFact, "model a");
    store->save_fact(at_work, study::kAccuracyModelFact, "model b");
    for (const char* plan : {"8/8", "4/4", "float, search split"}) {
      store->save_accuracy("model a", plan, {9, 10});
    }
    store->save_accuracy("model b", "8/8", {9, 10});
  }
  const std::vector<std::string> words{"runs", "--out", folder.folder().string(), "--json", "-"};
  const auto lock = study::RunLock::take(folder.folder(), "here");
  ASSERT_TRUE(lock.has_value());
  const json runs = json::parse(run_hwflow(words).output);
  EXPECT_EQ(runs[0]["state"], "interrupted");
  EXPECT_EQ(runs[0]["evaluations"], 2);  // 8/8 and 4/4; float is no plan
  EXPECT_EQ(runs[1]["state"], "running");
  EXPECT_EQ(runs[1]["evaluations"], 1);
}

TEST(Runs, RefusesAFolderWithoutAStore) {
  const TinyStudy folder;
  const Outcome outcome = run_hwflow({"runs", "--out", folder.folder().string()});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("has no run store"));
}

}  // namespace
}  // namespace hwflow::cli
