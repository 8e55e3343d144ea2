#include "cli/train_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> train_words(const TinyStudy& study, const std::string& out) {
  return {"train",
          "fmnist_resnet",
          "--data-dir",
          study.data().string(),
          "--out",
          study.out(out).string(),
          "--epochs",
          "2",
          "--batch-size",
          "50",
          "--hold-out",
          "100",
          "--warmup",
          "0",
          "--lr",
          "0.05",
          "--no-flip",
          "--pad",
          "0",
          "--threads",
          "1",
          "--json",
          "-",
          "--quiet"};
}

TEST(Train, LearnsAndWritesWeightsThatTestAgreesWith) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(train_words(study, "t"));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  const json report = json::parse(outcome.output);
  EXPECT_EQ(report["training_images"], 200);  // 300 without those held out
  ASSERT_EQ(report["epochs"].size(), 2U);
  EXPECT_LT(report["epochs"][1]["loss"], report["epochs"][0]["loss"]);
  EXPECT_EQ(report["test"]["total"], 40);
  const Outcome tested = run_hwflow({"test", report["model"].get<std::string>(), "--data-dir",
                                     study.data().string(), "--json", "-", "--quiet"});
  ASSERT_EQ(tested.exit_code, 0) << tested.errors;
  EXPECT_EQ(json::parse(tested.output)["correct"], report["test"]["correct"]);
}

TEST(Train, OneSeedAndOneThreadCountOneResult) {
  const TinyStudy study;
  const auto losses = [&](const std::string& out) {
    const json report = json::parse(run_hwflow(train_words(study, out)).output);
    return std::vector<json>{report["epochs"][0]["loss"], report["epochs"][1]["loss"],
                             report["test"]["correct"]};
  };
  EXPECT_EQ(losses("a"), losses("b"));
}

TEST(Train, ItsHelpDoesNotPromiseThatThreadsDoNotMatter) {
  const Outcome outcome = run_hwflow({"train", "--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, testing::Not(HasSubstr("results do not depend")));
  EXPECT_THAT(run_hwflow({"map", "--help"}).output, HasSubstr("results do not depend on it"));
}

}  // namespace
}  // namespace hwflow::cli
