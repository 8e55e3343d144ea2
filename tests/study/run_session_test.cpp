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

class BeginRunOfSeveral : public testing::Test {
 protected:
  Expected<RunRecord> begin(std::size_t which, bool resume) {
    return begin_run_of_several(*store_, studies_, which, resume, "then");
  }
  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs");
  std::vector<LoadedStudy> studies_{study_with("a: 1\n", "aa"), study_with("a: 2\n", "bb"),
                                    study_with("a: 3\n", "cc")};
};

TEST_F(BeginRunOfSeveral, TakesUpWhatWasBegunAndBeginsTheRest) {
  ASSERT_EQ(begin(0, false)->id, 1);
  ASSERT_EQ(begin(1, false)->id, 2);  // and was killed
  EXPECT_EQ(begin(0, true)->id, 1);
  EXPECT_EQ(begin(1, true)->id, 2);
  EXPECT_EQ(begin(2, true)->id, 3);
  EXPECT_EQ(begin(2, true)->id, 3);
  EXPECT_EQ(begin(0, false)->id, 4);  // anew
  EXPECT_EQ(begin(0, true)->id, 4);
  EXPECT_EQ(store_->runs().size(), 4U);
}

TEST_F(BeginRunOfSeveral, RefusesToResumeWhatIsNotThere) {
  const auto nothing = begin(0, true);
  ASSERT_FALSE(nothing.has_value());
  EXPECT_THAT(to_text(nothing.error()), testing::HasSubstr("there is no run in this folder"));
  static_cast<void>(begin_run(*store_, study_with("a: 9\n", "zz"), false, "then"));
  const auto other = begin(0, true);
  ASSERT_FALSE(other.has_value());
  EXPECT_THAT(to_text(other.error()), testing::HasSubstr("another config: a: 9 there, 1 here"));
}

TEST_F(BeginRunOfSeveral, RefusesOtherCodeMachineByMachine) {
  ASSERT_TRUE(begin(0, false) && begin(1, false));
  store_->save_fact(2, kHardwareCodeFact, "0123456789abcdef");
  EXPECT_TRUE(begin(0, true).has_value());
  const auto refused = begin(1, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error()[0].reason, testing::HasSubstr("by a program of other code"));
}

TEST_F(BeginRunOfSeveral, RemembersWhatItWasBegunBeside) {
  const RunRecord lone = begin_run(*store_, study_with("a: 9\n", "zz"), false, "then").value();
  EXPECT_TRUE(compared_runs(*store_, lone).begun.empty());
  ASSERT_TRUE(begin(0, false).has_value());
  const RunRecord last = begin(1, false).value();
  const ComparedRuns runs = compared_runs(*store_, last);
  EXPECT_EQ(runs.studies, 3U);
  ASSERT_EQ(runs.begun.size(), 2U);
  EXPECT_EQ(runs.begun[0].config_hash, "aa");
  EXPECT_EQ(runs.begun[1].config_hash, "bb");
}

TEST(BeginRun, NamesTheMachineOfSeveral) {
  const TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs");
  LoadedStudy study = study_with("", "aa");
  study.label = "serial";
  EXPECT_EQ(begin_run(*store, study, false, "then")->study, "small/serial");
}

}  // namespace
}  // namespace hwflow::study
