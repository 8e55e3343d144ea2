#include "cli/test_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

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

TEST(Test, OneLineWithoutJson) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(test_words(study));
  EXPECT_THAT(outcome.output, testing::HasSubstr("of 40 right, top-1 "));
  std::vector<std::string> words = test_words(study);
  words.emplace_back("--quiet");
  EXPECT_EQ(run_hwflow(words).output, "");
}

}  // namespace
}  // namespace hwflow::cli
