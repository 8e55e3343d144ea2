#include "cli/test_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "tests/workload/onnx_model.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;

std::vector<std::string> test_words(const TinyStudy& study) {
  const std::string root = std::getenv("HWFLOW_SOURCE_DIR");
  return {"test", root + "/models/fmnist_resnet.safetensors", "--data-dir", study.data().string()};
}

TEST(Test, JsonHasItsKeysAndTheBinomialError) {
  const TinyStudy study;
  std::vector<std::string> words = test_words(study);
  words.insert(words.end(), {"--json", "-"});
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  const double top1 = result["correct"].get<double>() / 40.0;
  EXPECT_EQ(result["total"], 40);
  EXPECT_DOUBLE_EQ(result["top1"].get<double>(), top1);
  EXPECT_NEAR(result["standard_error"].get<double>(), std::sqrt(top1 * (1 - top1) / 40.0), 1e-12);
  EXPECT_TRUE(result.contains("seconds"));
}

TEST(Test, FirstTakesThatManyImages) {
  const TinyStudy study;
  std::vector<std::string> words = test_words(study);
  words.insert(words.end(), {"--first", "7", "--json", "-"});
  EXPECT_EQ(json::parse(run_hwflow(words).output)["total"], 7);
}

TEST(Test, ImagesThatPlansWereChosenByAreLeftOut) {
  const TinyStudy study;
  std::vector<std::string> words = test_words(study);
  words.insert(words.end(), {"--without-search", "20", "--without-confirm", "10", "--json", "-"});
  EXPECT_EQ(json::parse(run_hwflow(words).output)["total"], 10);
  words[words.size() - 5] = "30";
  const Outcome refused = run_hwflow(words);
  EXPECT_EQ(refused.exit_code, kWrongInput);
  EXPECT_THAT(refused.errors, testing::HasSubstr("leave nothing of 40 test images"));
}

TEST(Test, OneLineWithoutJson) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(test_words(study));
  EXPECT_THAT(outcome.output, testing::HasSubstr("of 40 right, top-1 "));
  std::vector<std::string> words = test_words(study);
  words.emplace_back("--quiet");
  EXPECT_EQ(run_hwflow(words).output, "");
}

TEST(Test, AgainstComparesImageByImage) {
  const TinyStudy study;
  std::vector<std::string> words = test_words(study);
  words.insert(words.end(),
               {"--against", words[1], "--against-normalization", "none", "--json", "-"});
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  const json& pair = result["paired_test"];
  // The margins of the table are what the models get right by themselves.
  const auto sum = [&](const char* a, const char* b) {
    return pair[a].get<int>() + pair[b].get<int>();
  };
  EXPECT_EQ(sum("both_right", "only_model_right"), result["correct"]);
  EXPECT_EQ(sum("both_right", "only_against_right"), result["against"]["correct"]);
  EXPECT_EQ(sum("both_right", "only_model_right") + sum("only_against_right", "both_wrong"), 40);
  EXPECT_DOUBLE_EQ(pair["difference"].get<double>(),
                   result["top1"].get<double>() - result["against"]["top1"].get<double>());
  EXPECT_GT(pair["only_model_right"].get<int>(), 0);  // without normalisation it reads other images
}

TEST(Test, AgainstItselfThereIsNoDifference) {
  const TinyStudy study;
  std::vector<std::string> words = test_words(study);
  words.insert(words.end(), {"--against", words[1]});
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, testing::HasSubstr("difference +0.00 points"));
  EXPECT_THAT(outcome.output, testing::HasSubstr("p = 1)"));
}

TEST(Test, AMarginIsJudgedByTheLowerEndOfTheInterval) {
  const TinyStudy study;
  for (const char* margin : {"0.5", "20"}) {
    std::vector<std::string> words = test_words(study);
    words.insert(words.end(), {"--against", words[1], "--margin", margin, "--json", "-"});
    const json pair = json::parse(run_hwflow(words).output)["paired_test"];
    EXPECT_EQ(pair["not_inferior"].get<bool>(),
              100.0 * pair["low"].get<double>() > -std::stod(margin));
    // Forty equal answers: the interval is some points wide, and far narrower than twenty.
    EXPECT_EQ(pair["not_inferior"].get<bool>(), std::string(margin) == "20");
  }
}

TEST(Test, BothWrongModelsAreNamed) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow({"test", "no_a.safetensors", "--against", "no_b.safetensors",
                                      "--data-dir", study.data().string()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, testing::HasSubstr("no_a.safetensors"));
  EXPECT_THAT(outcome.errors, testing::HasSubstr("no_b.safetensors"));
}

/// x (1x28x28) -> Dropout -> Flatten -> "first" (10 classes), "second" (10 classes).
onnx_tests::Model two_heads(const std::vector<std::string>& outputs) {
  onnx_tests::Model model;
  model.input({1, 1, 28, 28}).floats("a", {784, 10}).floats("b", {784, 10});
  model.node("Dropout", {"x"}, {"d"}).node("Flatten", {"d"}, {"f"});
  model.node("Gemm", {"f", "a"}, {"first"}).node("Gemm", {"f", "b"}, {"second"});
  for (const std::string& output : outputs) model.output(output);
  return model;
}

Outcome test_model(const onnx_tests::Model& model, const std::vector<std::string>& more) {
  const TinyStudy study;
  const onnx_tests::Folder folder;
  std::vector<std::string> words{"test", folder.write("m.onnx", model.bytes()), "--data-dir",
                                 study.data().string()};
  words.insert(words.end(), more.begin(), more.end());
  return run_hwflow(words);
}

TEST(Test, RefusesAModelOfTwoOutputs) {
  const Outcome outcome = test_model(two_heads({"second", "first"}), {});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, testing::HasSubstr("has 2 outputs ('Gemm_4', 'Gemm_3'); accuracy is "
                                                 "that of one"));
}

TEST(Test, SaysWhatTheReaderSimplified) {
  const Outcome outcome = test_model(two_heads({"second"}), {"--json", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(json::parse(outcome.output)["notes"],
            (json{"Dropout_1: Dropout: identity at inference",
                  "graph: 1 nodes that no output needs are left out: 'Gemm_3'"}));
  EXPECT_THAT(outcome.errors, testing::HasSubstr("Dropout: identity at inference\n"));
}

}  // namespace
}  // namespace hwflow::cli
