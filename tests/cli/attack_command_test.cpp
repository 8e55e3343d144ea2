#include "cli/attack_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "train/nn/safetensors.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// A short attack on the first ten of the tiny test set.
std::vector<std::string> attack_words(const TinyStudy& study,
                                      const std::vector<std::string>& more) {
  const std::string root = std::getenv("HWFLOW_SOURCE_DIR");
  std::vector<std::string> words{"attack",     root + "/models/fmnist_resnet.safetensors",
                                 "--data-dir", study.data().string(),
                                 "--first",    "10",
                                 "--steps",    "3",
                                 "--queries",  "5"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(Attack, JsonHasItsKeysAndItsSumsAgree) {
  const TinyStudy study;
  const Outcome outcome =
      run_hwflow(attack_words(study, {"--eps", "16/255", "2/255", "--json", "-"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  expect_keys(result, {"model", "network", "mode", "how", "transfer_from", "notes", "data", "total",
                       "options", "clean", "eps", "probe", "zero_gradients", "alarms", "seconds"});
  EXPECT_EQ(result["total"], 10);
  EXPECT_EQ(result["options"]["pixels"], "continuous");
  ASSERT_EQ(result["eps"].size(), 2U);
  EXPECT_EQ(result["eps"][0]["eps"], "2/255");
  // The test command is the witness of the clean accuracy.
  std::vector<std::string> test = attack_words(study, {});
  test[0] = "test";
  test.resize(6);
  test.insert(test.end(), {"--json", "-"});
  EXPECT_EQ(json::parse(run_hwflow(test).output)["correct"], result["clean"]["correct"]);
  for (const json& eps : result["eps"]) {
    ASSERT_EQ(eps["attacks"].size(), 5U);
    for (const json& attack : eps["attacks"]) {
      EXPECT_EQ(attack["attacked"], result["clean"]["correct"]);
      EXPECT_EQ(attack["attacked"].get<int>() - attack["broken"].get<int>(), attack["correct"]);
      EXPECT_LE(eps["worst_case"]["correct"], attack["correct"]);
    }
  }
}

TEST(Attack, FilesNameTheAttackThatBrokeAnImage) {
  const TinyStudy study;
  const std::string out = study.out("attacked").string();
  const Outcome outcome =
      run_hwflow(attack_words(study, {"--eps", "64/255", "--attacks", "fgsm", "pgd", "--mode",
                                      "integer", "--out", out, "--save-images"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = read_json(out + "/attack.json");
  EXPECT_EQ(result["mode"], "integer");
  EXPECT_EQ(result["options"]["pixels"], "bytes");
  EXPECT_THAT(result["how"].get<std::string>(), HasSubstr("8/8 bits"));
  std::ifstream csv(out + "/attacked_images.csv");
  std::string line;
  int rows = -1, broken = 0;
  for (; std::getline(csv, line); ++rows)
    broken += line.find("gd\r") != std::string::npos || line.find("fgsm\r") != std::string::npos;
  EXPECT_EQ(rows, 10);
  const json& eps = result["eps"][0];
  EXPECT_EQ(broken,
            result["clean"]["correct"].get<int>() - eps["worst_case"]["correct"].get<int>());
  EXPECT_GT(broken, 0);
  const auto saved = train::read_safetensors(out + "/adversarial_64_255.safetensors").value();
  EXPECT_EQ(saved.tensors.at("images").shape, (std::vector<std::int64_t>{10, 1, 28, 28}));
  int fooled = 0;
  for (const float into : saved.tensors.at("fooled_into").values) fooled += into >= 0 ? 1 : 0;
  EXPECT_EQ(fooled, broken);
  EXPECT_EQ(saved.metadata.at("eps"), "64/255");
}

TEST(Attack, QuantizedHereItTransfersFromItsFloatWeights) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(attack_words(
      study, {"--mode", "fake", "--attacks", "transfer", "--eps", "32/255", "--no-probe"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("transfer"));
  EXPECT_THAT(outcome.output, HasSubstr("worst case"));
  EXPECT_THAT(outcome.output, HasSubstr("bytes pixels"));
}

TEST(Attack, TellsAllProblemsAtOnce) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(attack_words(study, {"--eps",
                                                          "0",
                                                          "8/0",
                                                          "--restarts",
                                                          "0",
                                                          "--step-size",
                                                          "x",
                                                          "--square-p",
                                                          "7",
                                                          "--device",
                                                          "abacus",
                                                          "--batch-size",
                                                          "0",
                                                          "--mode",
                                                          "integer",
                                                          "--pixels",
                                                          "continuous",
                                                          "--attacks",
                                                          "pgd",
                                                          "pgd",
                                                          "--save-images",
                                                          "--transfer-from",
                                                          "no.safetensors"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  for (const char* said :
       {"--eps 0: must be above 0", "--eps 8/0", "--restarts", "--step-size x", "--square-p",
        "--device abacus", "--batch-size", "integer networks read bytes", "pgd is named twice",
        "--save-images", "--transfer-from"})
    EXPECT_THAT(outcome.errors, HasSubstr(said));
}

TEST(Attack, NamesAMissingModelAndAMissingSourceTogether) {
  const TinyStudy study;
  std::vector<std::string> words =
      attack_words(study, {"--attacks", "transfer", "--transfer-from", "no_b.safetensors"});
  words[1] = "no_a.safetensors";
  const Outcome outcome = run_hwflow(words);
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("no_a.safetensors"));
  EXPECT_THAT(outcome.errors, HasSubstr("no_b.safetensors"));
  const Outcome without = run_hwflow(attack_words(study, {"--attacks", "transfer"}));
  EXPECT_EQ(without.exit_code, kWrongInput);
  EXPECT_THAT(without.errors, HasSubstr("--transfer-from"));
}

}  // namespace
}  // namespace hwflow::cli
