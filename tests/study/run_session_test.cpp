#include "study/run_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/build_signature.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

LoadedStudy study_with(const std::string& yaml, const std::string& hash) {
  return {small_study(), {}, {}, {}, small_network(), small_accelerator(), yaml, hash};
}

TEST(BeginRun, StartsAndResumesTheSameConfig) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  const LoadedStudy study = study_with("search: {seed: 1}\n", "aa");
  const auto first = begin_run(*store, study, false, "2024-05-01T10:00:00Z");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(store->runs()[0].state, "running");
  store->update_run(first->id, "stopped", 12, "");
  const auto again = begin_run(*store, study, true, "2024-05-01T11:00:00Z");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(again->started, "2024-05-01T10:00:00Z");
  EXPECT_EQ(store->runs()[0].state, "running");
  EXPECT_EQ(store->runs()[0].evaluations, 12);
  const auto anew = begin_run(*store, study, false, "2024-05-01T12:00:00Z");
  EXPECT_NE(anew->id, first->id);
}

TEST(BeginRun, RefusesAnotherConfigAndSaysWhichKeysDiffer) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  static_cast<void>(
      begin_run(*store, study_with("search: {population: 40, seed: 1}\n", "aa"), false, "then"));
  const auto refused =
      begin_run(*store, study_with("search: {population: 60, seed: 1}\n", "bb"), true, "now");
  ASSERT_FALSE(refused.has_value());
  ASSERT_EQ(refused.error().size(), 1U);
  EXPECT_EQ(refused.error()[0].place, "run 1 (config aa)");
  EXPECT_EQ(refused.error()[0].reason,
            "cannot be resumed with another config: search.population: 40 there, 60 here");
}

TEST(BeginRun, RecordsItsCodeAndRefusesToGoOnWithOther) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  const LoadedStudy study = study_with("search: {seed: 1}\n", "aa");
  const RunRecord run = begin_run(*store, study, false, "then").value();
  EXPECT_EQ(store->find_fact(run.id, kTrainingCodeFact), build_signature().training);
  EXPECT_EQ(store->find_fact(run.id, kHardwareCodeFact), build_signature().hardware);
  EXPECT_TRUE(begin_run(*store, study, true, "now").has_value());

  store->save_fact(run.id, kTrainingCodeFact, "0123456789abcdef");
  store->update_run(run.id, "stopped", 12, "");
  const auto refused = begin_run(*store, study, true, "now");
  ASSERT_FALSE(refused.has_value());
  ASSERT_EQ(refused.error().size(), 1U);
  EXPECT_EQ(refused.error()[0].reason,
            "cannot be resumed by a program of other code: training code 0123456789abcdef there, " +
                std::string(build_signature().training) + " here");
  EXPECT_THAT(refused.error()[0].hint, testing::HasSubstr("another --out"));
  EXPECT_EQ(store->runs()[0].state, "stopped");

  store->save_fact(run.id, kHardwareCodeFact, "");
  const auto both = begin_run(*store, study, true, "now");
  ASSERT_FALSE(both.has_value());
  EXPECT_EQ(both.error().size(), 2U);
  EXPECT_TRUE(begin_run(*store, study, false, "now").has_value());
}

TEST(BeginRun, RefusesToResumeNothing) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  const auto refused = begin_run(*store, study_with("", "aa"), true, "now");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(to_text(refused.error()), testing::HasSubstr("there is no run in this folder"));
}

}  // namespace
}  // namespace hwflow::study
