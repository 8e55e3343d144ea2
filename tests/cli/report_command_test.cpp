#include "cli/report_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "study/run_store.hpp"
#include "study/sqlite.hpp"
#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Report, RendersAFinishedRunAgainWithoutItsData) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  const fs::path out = study.out("o");
  const json before = read_json(out / "result.json");
  for (const char* name : {"report.html", "result.json", "front.csv"}) fs::remove(out / name);
  fs::remove_all(study.data());
  const Outcome outcome = run_hwflow({"report", out.string(), "--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  const json after = read_json(out / "result.json");
  EXPECT_EQ(lasting_part(after), lasting_part(before));
  EXPECT_EQ(json::parse(outcome.output)["front"], before["front"]);
  EXPECT_EQ(after["run"]["started"], before["run"]["started"]);
  EXPECT_EQ(after["run"]["threads"], before["run"]["threads"]);
  EXPECT_EQ(after["run"]["mappings_searched"], 0);
  EXPECT_TRUE(fs::exists(out / "report.html"));
  EXPECT_TRUE(fs::exists(out / "front.csv"));
}

TEST(Report, WarnsThatTheRunWasOfOtherHardwareCode) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  study::Database(study.out("o") / study::kStoreFile)
      .run("UPDATE facts SET text = '0123456789abcdef' WHERE name = 'hardware code'");
  const Outcome outcome = run_hwflow({"report", study.out("o").string()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.errors, HasSubstr("led by those of another (0123456789abcdef)"));
}

/// A run whose re-training has not begun: the store forgets what came after the search.
TEST(Report, SaysWhatAnUnfinishedRunLacks) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  study::Database(study.out("o") / study::kStoreFile)
      .run("DELETE FROM finished; UPDATE runs SET state = 'stopped'");
  const Outcome outcome = run_hwflow({"report", study.out("o").string()});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.errors, HasSubstr("plans are not re-trained yet: uniform 8/8"));
  EXPECT_THAT(outcome.output, HasSubstr("report: "));
  const json result = read_json(study.out("o") / "result.json");
  EXPECT_EQ(result["run"]["stopped"], true);
  EXPECT_GT(result["front"].size(), 0U);
}

/// As when another version picks other plans: what it would lack is no reason to lose the report.
TEST(Report, KeepsTheReportOfAFinishedRunThatItCannotMakeAgain) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  const json before = read_json(study.out("o") / "result.json");
  study::Database(study.out("o") / study::kStoreFile).run("DELETE FROM finished");
  const Outcome outcome = run_hwflow({"report", study.out("o").string()});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("its report is left as it is"));
  EXPECT_EQ(read_json(study.out("o") / "result.json"), before);
}

TEST(Report, RefusesARunWithNothingToShow) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  study::Database(study.out("o") / study::kStoreFile).run("DELETE FROM accuracies");
  const Outcome outcome = run_hwflow({"report", study.out("o").string()});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("before its seeds were evaluated"));
}

TEST(Report, RefusesAFolderThatHoldsNoRun) {
  const TinyStudy study;
  for (const fs::path& folder : {study.folder(), study.folder() / "absent"}) {
    const Outcome outcome = run_hwflow({"report", folder.string()});
    EXPECT_EQ(outcome.exit_code, kWrongInput);
    EXPECT_THAT(outcome.errors, HasSubstr("has no run store"));
    EXPECT_FALSE(fs::exists(folder / study::kStoreFile));
  }
}

TEST(Report, RefusesARunOfAnOlderVersion) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  study::Database(study.out("o") / study::kStoreFile).run("DELETE FROM facts");
  const Outcome outcome = run_hwflow({"report", study.out("o").string()});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("does not say its study file"));
}

}  // namespace
}  // namespace hwflow::cli
