/// 'hwflow quantize', and studies of several machines, in this process.

#include "cli/quantize_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// The words of TinyStudy::codesign() for this command.
std::vector<std::string> quantize(const TinyStudy& study, const std::string& out,
                                  const std::vector<std::string>& more) {
  std::vector<std::string> words = study.codesign(out, more);
  words.front() = "quantize";
  return words;
}

void append_to(const TinyStudy& study, const std::string& text) {
  std::ofstream(study.folder() / "s.yaml", std::ios::app) << text;
}

TEST(LevelsSetting, IsTheListOfTheStudy) {
  EXPECT_EQ(levels_setting("fine:3").value(), "search.levels=[{model: fine, generations: 3}]");
  EXPECT_EQ(levels_setting("coarse:4,fine:0").value(),
            "search.levels=[{model: coarse, generations: 4}, {model: fine, generations: 0}]");
  for (const char* wrong :
       {"coarse", "coarse:", ":3", "coarse:4,", "coarse:4,,fine:2", "fine:-1", "fine:two"}) {
    const auto refused = levels_setting(wrong);
    ASSERT_FALSE(refused.has_value()) << wrong;
    EXPECT_EQ(refused.error().front().place, "--levels " + std::string(wrong));
    EXPECT_THAT(refused.error().front().reason, HasSubstr("is no MODEL:GENERATIONS"));
  }
}

TEST(Quantize, OfOneMachineFindsWhatCodesignFinds) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("a", {"--quiet"})).exit_code, 0);
  const Outcome outcome = run_hwflow(quantize(study, "b", {"--quiet"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(lasting_part(read_json(study.out("a") / "result.json")),
            lasting_part(read_json(study.out("b") / "result.json")));
}

TEST(Quantize, ShorthandsAreKeysOfTheStudy) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(quantize(study, "u", {"--quiet", "--algorithm", "uniform"})).exit_code, 0);
  EXPECT_EQ(read_json(study.out("u") / "result.json")["run"]["algorithm"], "uniform");
  ASSERT_EQ(run_hwflow(quantize(study, "l", {"--quiet", "--levels", "coarse:1,fine:1"})).exit_code,
            0);
  const json levels = read_json(study.out("l") / "result.json")["levels"];
  ASSERT_EQ(levels.size(), 2U);
  EXPECT_EQ(levels[0]["model"], "coarse");
}

TEST(Quantize, TellsWhatIsWrongWithTheStudyToo) {
  const TinyStudy study;
  const Outcome outcome =
      run_hwflow(quantize(study, "o", {"--levels", "coarse", "--algorithm", "annealing"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--levels coarse: 'coarse' is no MODEL:GENERATIONS"));
  EXPECT_THAT(outcome.errors, HasSubstr("search.algorithm=annealing"));
}

TEST(Quantize, RefusesAHardwareSearchAndSaysWhatToUse) {
  const TinyStudy study;
  append_to(study, "hardware: {search: {space: overlay}}\n");
  const Outcome of_file = run_hwflow(quantize(study, "o", {"--levels", "coarse"}));
  EXPECT_EQ(of_file.exit_code, kWrongInput);
  EXPECT_THAT(of_file.errors, HasSubstr("s.yaml: hardware.search: quantize chooses widths on "
                                        "machines that are given (leave the key out, or 'hwflow "
                                        "codesign' to search for hardware as well)"));
  EXPECT_THAT(of_file.errors, HasSubstr("--levels coarse: 'coarse' is no MODEL:GENERATIONS"));
  const TinyStudy plain;
  const Outcome of_setting =
      run_hwflow(quantize(plain, "o", {"--set", "hardware.search.space=overlay"}));
  EXPECT_EQ(of_setting.exit_code, kWrongInput);
  EXPECT_THAT(of_setting.errors, HasSubstr("--set hardware.search.space=overlay: quantize"));
}

TEST(Quantize, RefusesChannels) {
  const TinyStudy study;
  const Outcome outcome =
      run_hwflow(quantize(study, "o", {"--set", "search.channels={shares: [0.5, 1]}"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--set search.channels={shares: [0.5, 1]}: quantize "
                                        "chooses widths alone"));
}

/// The tiny study on two machines.
class Machines : public testing::Test {
 protected:
  Machines() {
    const fs::path file = study_.folder() / "s.yaml";
    std::ifstream stream(file);
    std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const std::string one = "accelerator: eyeriss\n";
    text.replace(text.find(one), one.size(),
                 "accelerators:\n  - {accelerator: eyeriss}\n"
                 "  - {accelerator: eyeriss, label: half, set: [\"levels[1].fanout.y=6\"]}\n");
    std::ofstream(file) << text;
  }
  TinyStudy study_;
};

TEST_F(Machines, EachHasItsReportAndTheComparisonHasAll) {
  const Outcome outcome = run_hwflow(quantize(study_, "o", {"--json", "-", "--quiet"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  const json comparison = json::parse(outcome.output);
  const fs::path out = study_.out("o");
  EXPECT_EQ(read_json(out / "comparison.json"), comparison);
  for (const char* file : {"index.html", "comparison.csv", "transfers.csv", "runs.sqlite",
                           "eyeriss/report.html", "half/report.html", "half/front.csv"}) {
    EXPECT_TRUE(fs::exists(out / file)) << file;
  }
  ASSERT_EQ(comparison["accelerators"].size(), 2U);
  EXPECT_EQ(comparison["accelerators"][1]["label"], "half");
  const json half = read_json(out / "half" / "result.json");
  EXPECT_EQ(comparison["accelerators"][1]["front"].size(), half["front"].size());
  EXPECT_TRUE(fs::exists(out / "half" / half["baselines"][0]["files"][0].get<std::string>()));
  // The uniform plan at least was measured for the first machine already.
  EXPECT_GT(half["run"]["accuracies_reused"].get<int>(), 0);
  for (const char* cost : {"energy", "latency"}) {
    for (const json& cell : comparison["transfers"][cost]) {
      if (cell["from"] != cell["to"]) continue;
      EXPECT_EQ(cell["ratio"], 1.0);
    }
  }
}

TEST_F(Machines, CodesignComparesThemToo) {
  const Outcome outcome = run_hwflow(study_.codesign("o", {"--threads", "2"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("energy: plan of, on"));
  EXPECT_THAT(outcome.output, HasSubstr("index.html"));
}

TEST_F(Machines, ResumeAndReportFindTheSame) {
  ASSERT_EQ(run_hwflow(quantize(study_, "o", {"--quiet"})).exit_code, 0);
  const json first = read_json(study_.out("o") / "comparison.json");
  ASSERT_EQ(run_hwflow(quantize(study_, "o", {"--quiet", "--resume"})).exit_code, 0);
  EXPECT_EQ(read_json(study_.out("o") / "comparison.json"), first);
  const fs::path copy = study_.out("copy");
  const Outcome report =
      run_hwflow({"report", study_.out("o").string(), "--out", copy.string(), "--quiet"});
  ASSERT_EQ(report.exit_code, 0) << report.errors;
  EXPECT_EQ(read_json(copy / "comparison.json"), first);
  EXPECT_EQ(lasting_part(read_json(copy / "half" / "result.json")),
            lasting_part(read_json(study_.out("o") / "half" / "result.json")));
}

TEST_F(Machines, ResumeWithAnotherConfigNamesTheKey) {
  ASSERT_EQ(run_hwflow(quantize(study_, "o", {"--quiet"})).exit_code, 0);
  const Outcome outcome =
      run_hwflow(quantize(study_, "o", {"--resume", "--set", "search.population=12"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("cannot be resumed with another config"));
}

TEST_F(Machines, ProblemsOfAnEntryNameIt) {
  const Outcome outcome = run_hwflow(
      quantize(study_, "o", {"--set", "accelerators[1].label=eyeriss", "--algorithm", "genetic"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--set search.algorithm=genetic: must be one of"));
}

}  // namespace
}  // namespace hwflow::cli
