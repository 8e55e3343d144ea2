#include "cli/train_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "train/nn/safetensors.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> train_words(const TinyStudy& study, const std::string& out) {
  return study.training({"train", "fmnist_resnet"}, out,
                        {"--epochs", "2", "--warmup", "0", "--lr", "0.05"});
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

/// `words` with one option given another value, or added.
std::vector<std::string> with(std::vector<std::string> words, const std::string& option,
                              const std::string& value) {
  const auto at = std::find(words.begin(), words.end(), option);
  if (at == words.end()) {
    words.push_back(option);
    if (!value.empty()) words.push_back(value);
  } else {
    *(at + 1) = value;
  }
  return words;
}

TEST(Train, AgainstAnAdversaryItTellsHowRobustItIs) {
  const TinyStudy study;
  std::vector<std::string> words = train_words(study, "adversarial");
  words.insert(words.end(), {"--adversary", "fast", "--eps", "8/255", "--schedule", "cyclic",
                             "--norm-decay", "1e-4", "--weight-clip", "0.5"});
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json report = json::parse(outcome.output);
  for (const json& epoch : report["epochs"]) {
    EXPECT_GE(epoch["robust_accuracy"], 0.0);
    EXPECT_LE(epoch["robust_accuracy"], 1.0);
    EXPECT_FALSE(epoch["collapsed"].get<bool>());
  }
  const auto file = train::read_safetensors(report["model"].get<std::string>()).value();
  EXPECT_THAT(file.metadata.at("training"), HasSubstr("adversary fast eps 0.031373 step 0.039216"));
  EXPECT_THAT(file.metadata.at("training"), HasSubstr("cyclic rate 0.05"));
}

TEST(Train, RefusesAnEpsThatIsNone) {
  const TinyStudy study;
  std::vector<std::string> words = train_words(study, "refused");
  words.insert(words.end(), {"--adversary", "fast", "--eps", "8/0"});
  const Outcome outcome = run_hwflow(words);
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("must be above 0 and at most 1"));
}

struct Misuse {
  const char* option;
  const char* value;
  const char* message;
};

TEST(Train, RefusesMisuseUnderTheNameOfTheOption) {
  const TinyStudy study;
  const Misuse rows[] = {
      {"--hold-out", "-1", "--hold-out -1: must be >= 0"},
      {"--hold-out", "300",
       "--hold-out 300: leaves no image to train on: the training set has 300"},
      {"--hold-out", "5000", "(at most 299)"},
      {"--resume", "", "t/checkpoint.safetensors (name the --out of the run, or start without"},
      {"--lr", "0", "--lr: must be > 0, got 0"},
      {"--batch-size", "1", "--batch-size: must be >= 2, got 1"},
      {"--warmup", "-1", "--warmup: must be a number >= 0, got -1"}};
  for (const Misuse& row : rows) {
    const Outcome outcome = run_hwflow(with(train_words(study, "t"), row.option, row.value));
    EXPECT_EQ(outcome.exit_code, kWrongInput) << row.option;
    EXPECT_THAT(outcome.errors, HasSubstr(row.message));
    EXPECT_FALSE(std::filesystem::exists(study.out("t"))) << row.option;
  }
}

TEST(Train, ResumesWithTheSameSettingsOnly) {
  const TinyStudy study;
  const std::vector<std::string> words = with(train_words(study, "t"), "--epochs", "1");
  const Outcome first = run_hwflow(words);
  ASSERT_EQ(first.exit_code, 0);
  const std::vector<std::string> resumed = with(words, "--resume", "");
  const Outcome again = run_hwflow(resumed);
  ASSERT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_EQ(json::parse(again.output)["epochs"], json::parse(first.output)["epochs"]);
  EXPECT_THAT(run_hwflow(with(resumed, "--lr", "0.1")).errors,
              HasSubstr("learning rate 0.05 there, 0.1 here"));
  EXPECT_THAT(run_hwflow(with(resumed, "--hold-out", "60")).errors,
              HasSubstr("training images 200 ("));
  // As many images, but others.
  const Outcome split = run_hwflow(with(resumed, "--split-seed", "2"));
  EXPECT_EQ(split.exit_code, kWrongInput);
  EXPECT_THAT(split.errors, HasSubstr("other settings: training images 200 ("));
}

TEST(Train, WeightsSayWhatTheyAndTheirOriginHeldOut) {
  const TinyStudy study;
  const std::vector<std::string> words = with(train_words(study, "a"), "--epochs", "1");
  const auto held_out = [&](const std::string& out) {
    return train::read_safetensors(study.out(out) / "fmnist_resnet.safetensors")
        .value()
        .metadata.at("held_out");
  };
  ASSERT_EQ(run_hwflow(with(words, "--split-seed", "7")).exit_code, 0);
  EXPECT_EQ(held_out("a"), "100 training images, split seed 7");
  const std::string file = (study.out("a") / "fmnist_resnet.safetensors").string();
  const std::vector<std::string> tuned =
      with(with(words, "--out", study.out("b").string()), "--initial", file);
  ASSERT_EQ(run_hwflow(with(tuned, "--split-seed", "7")).exit_code, 0);
  EXPECT_EQ(held_out("b"), "100 training images, split seed 7");
  ASSERT_EQ(run_hwflow(with(tuned, "--split-seed", "8")).exit_code, 0);
  EXPECT_EQ(held_out("b"),
            "not known: the weights that it started from held out 100 training images, split seed "
            "7");
  // From these again: said once.
  const std::string second = (study.out("b") / "fmnist_resnet.safetensors").string();
  const std::string before = held_out("b");
  ASSERT_EQ(run_hwflow(with(with(words, "--out", study.out("c").string()), "--initial", second))
                .exit_code,
            0);
  EXPECT_EQ(held_out("c"), before);
}

TEST(Train, ItsHelpDoesNotPromiseThatThreadsDoNotMatter) {
  const Outcome outcome = run_hwflow({"train", "--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, testing::Not(HasSubstr("results do not depend")));
  EXPECT_THAT(run_hwflow({"map", "--help"}).output, HasSubstr("results do not depend on it"));
}

}  // namespace
}  // namespace hwflow::cli
