#include "study/run_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/parallel.hpp"
#include "study/sqlite.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

TEST(RunStore, RemembersAcrossOpenings) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "runs.sqlite";
  const train::FinishedPlan plan =
      FakeAccuracyModel().finish(CompressionPlan::uniform(4, 8, 8), {}, {}, {}).value();
  std::int64_t id = 0;
  {
    const auto store = open_store(file);
    store->save_accuracy("model", "8/8", {90, 100});
    store->save_mapping("key", "DRAM: k4");
    store->save_finished("model", "8/8", "epochs 2", plan);
    RunRecord run;
    run.study = "s";
    run.config_yaml = "schema: 1\n";
    run.config_hash = "00ff";
    run.seed = 7;
    run.version = "0.1.0";
    run.started = "2024-01-01T00:00:00Z";
    id = store->add_run(run);
    store->update_run(id, "done", 300, "all well");
  }
  const auto store = open_store(file);
  EXPECT_EQ(store->find_accuracy("model", "8/8"), (train::AccuracyEstimate{90, 100}));
  EXPECT_EQ(store->find_mapping("key"), std::optional<std::string>{"DRAM: k4"});
  ASSERT_TRUE(store->find_finished("model", "8/8", "epochs 2").has_value());
  EXPECT_EQ(store->find_finished("model", "8/8", "epochs 2")->network, plan.network);
  const std::vector<RunRecord> runs = store->runs();
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].id, id);
  EXPECT_EQ(runs[0].state, "done");
  EXPECT_EQ(runs[0].evaluations, 300);
  EXPECT_EQ(runs[0].summary, "all well");
  EXPECT_EQ(runs[0].seed, 7);
}

TEST(RunStore, KeysAreWhole) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs.sqlite");
  store->save_accuracy("model", "8/8", {90, 100});
  EXPECT_EQ(store->find_accuracy("another model", "8/8"), std::nullopt);
  EXPECT_EQ(store->find_accuracy("model", "8/4"), std::nullopt);
  EXPECT_EQ(store->find_mapping("key"), std::nullopt);
  EXPECT_FALSE(store->find_finished("model", "8/8", "epochs 3").has_value());
}

TEST(RunStore, TakesThreads) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs.sqlite");
  parallel_for(200, 4, [&](std::size_t i) {
    store->save_accuracy("m", std::to_string(i), {static_cast<std::int64_t>(i), 1000});
  });
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(store->find_accuracy("m", std::to_string(i)), (train::AccuracyEstimate{i, 1000}));
  }
}

std::string refusal(const std::filesystem::path& file) {
  const auto store = RunStore::open(file);
  return store ? "opened" : to_text(store.error());
}

TEST(RunStore, RefusesForeignDamagedAndNewerFilesByName) {
  const TemporaryFolder folder;
  const std::filesystem::path text = folder.path() / "text.sqlite";
  std::ofstream(text) << "this is a letter to my aunt, and long enough to look like something\n";
  EXPECT_THAT(refusal(text), testing::HasSubstr("text.sqlite: is not a run store"));

  const std::filesystem::path foreign = folder.path() / "browser.sqlite";
  Database(foreign).run("CREATE TABLE history (url TEXT)");
  EXPECT_THAT(refusal(foreign),
              testing::HasSubstr("browser.sqlite: is an SQLite file of another program"));

  const std::filesystem::path newer = folder.path() / "newer.sqlite";
  static_cast<void>(open_store(newer));
  Database(newer).run("PRAGMA user_version = 9");
  EXPECT_THAT(refusal(newer), testing::HasSubstr("is a run store of version 9"));

  const std::filesystem::path damaged = folder.path() / "damaged.sqlite";
  {
    const auto store = open_store(damaged);
    for (int i = 0; i < 2000; ++i) store->save_mapping(std::to_string(i), "DRAM: k4 p2");
  }
  std::filesystem::resize_file(damaged, std::filesystem::file_size(damaged) / 2);
  EXPECT_THAT(refusal(damaged), testing::HasSubstr("damaged.sqlite"));

  EXPECT_THAT(refusal(folder.path() / "no such folder" / "runs.sqlite"),
              testing::HasSubstr("cannot be opened or created"));
}

TEST(RunStore, CampaignsLastAndAreReplaced) {
  const TemporaryFolder folder;
  {
    const auto store = open_store(folder.path() / "runs");
    EXPECT_FALSE(store->find_campaign("a").has_value());
    store->save_campaign("a", "first");
    store->save_campaign("a", "second\nline");
  }
  const auto store = open_store(folder.path() / "runs");
  EXPECT_EQ(store->find_campaign("a"), "second\nline");
  EXPECT_FALSE(store->find_mapping("a").has_value());
}

TEST(RunStore, FactsAreOfOneRunAndReplaced) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  store->save_fact(1, "machine", "first");
  store->save_fact(1, "machine", "second");
  EXPECT_EQ(store->find_fact(1, "machine"), "second");
  EXPECT_FALSE(store->find_fact(2, "machine").has_value());
  EXPECT_FALSE(store->find_fact(1, "threads").has_value());
}

}  // namespace
}  // namespace hwflow::study
