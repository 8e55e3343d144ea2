#include "cli/quantized_train.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "train/nn/safetensors.hpp"
#include "train/quant/quantized_checkpoint.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> words(const TinyStudy& study, const std::string& out,
                               const std::vector<std::string>& more) {
  std::vector<std::string> all{"train",        "fmnist_resnet",
                               "--data-dir",   study.data().string(),
                               "--out",        study.out(out).string(),
                               "--epochs",     "1",
                               "--batch-size", "50",
                               "--hold-out",   "100",
                               "--warmup",     "0",
                               "--lr",         "0.01",
                               "--threads",    "1",
                               "--json",       "-",
                               "--quiet"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string float_model(const TinyStudy& study) {
  const Outcome outcome = run_hwflow(words(study, "float", {}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return json::parse(outcome.output)["model"].get<std::string>();
}

TEST(QuantizedTrain, WritesACheckpointThatTestAgreesWithAndTrainsOnFromIt) {
  const TinyStudy study;
  const std::string initial = float_model(study);
  const Outcome first = run_hwflow(words(
      study, "q4",
      {"--initial", initial, "--bits", "4/4", "--distill", "0.5", "--calibration-images", "32"}));
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const json report = json::parse(first.output);
  EXPECT_EQ(report["epochs"].size(), 1U);
  const std::string model = report["model"];
  const Outcome tested = run_hwflow({"test", model, "--mode", "integer", "--data-dir",
                                     study.data().string(), "--json", "-", "--quiet"});
  ASSERT_EQ(tested.exit_code, 0) << tested.errors;
  EXPECT_EQ(json::parse(tested.output)["correct"], report["test"]["correct"]);
  // From four bits to two, taught by the float network.
  const Outcome next =
      run_hwflow(words(study, "q2",
                       {"--initial", model, "--bits", "2/2", "--ends", "4/4", "--distill", "1",
                        "--teacher", initial, "--more-data", study.data().string()}));
  ASSERT_EQ(next.exit_code, 0) << next.errors;
  EXPECT_EQ(json::parse(next.output)["training_images"], 200 + 300);
}

TEST(QuantizedTrain, ACheckpointOfTheSameWidthsGoesOnAsItIs) {
  const TinyStudy study;
  const std::string initial = float_model(study);
  const auto train_on = [&](const std::string& out, const std::string& from,
                            const std::vector<std::string>& more) {
    std::vector<std::string> all{"--initial", from, "--bits", "2/2", "--ends", "2/2"};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_hwflow(words(study, out, all));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
    return json::parse(outcome.output);
  };
  const json first = train_on("first", initial, {"--note", "why=a test"});
  const std::string model = first["model"];
  const std::map<std::string, std::string> metadata =
      train::read_safetensors(model).value().metadata;
  EXPECT_EQ(metadata.at("seed"), "1");
  EXPECT_EQ(metadata.at("why"), "a test");
  EXPECT_EQ(metadata.at("format"), train::kQuantizedFormat);
  // Calibrated anew it would begin where the first one began.
  const json next = train_on("next", model, {});
  EXPECT_LT(next["epochs"][0]["loss"], first["epochs"][0]["loss"]);
}

TEST(QuantizedTrain, ATeacherIsAFloatNetwork) {
  const TinyStudy study;
  const std::string initial = float_model(study);
  const Outcome first = run_hwflow(words(study, "q4", {"--initial", initial, "--bits", "4/4"}));
  ASSERT_EQ(first.exit_code, 0) << first.errors;
  const std::string model = json::parse(first.output)["model"];
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--initial", model}, {"--initial", initial, "--teacher", model}}) {
    std::vector<std::string> all{"--bits", "2/2", "--distill", "1"};
    all.insert(all.end(), more.begin(), more.end());
    const Outcome outcome = run_hwflow(words(study, "refused", all));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.errors, HasSubstr("was trained to be rounded"));
  }
  const Outcome idle = run_hwflow(
      words(study, "idle", {"--initial", initial, "--bits", "2/2", "--teacher", initial}));
  EXPECT_EQ(idle.exit_code, 2);
  EXPECT_THAT(idle.errors, HasSubstr("--teacher: teaches nothing without --distill"));
}

TEST(QuantizedTrain, RemovesNoChannels) {
  const TinyStudy study;
  const std::string initial = float_model(study);
  std::string plan = "8/8";
  for (int layer = 1; layer < 14; ++layer) plan += " 4/4";
  const Outcome pruned = run_hwflow(
      words(study, "bad", {"--initial", initial, "--plan", plan + " | 8 8 8 8 8 8 8 8 8"}));
  EXPECT_EQ(pruned.exit_code, 2);
  EXPECT_THAT(pruned.errors, HasSubstr("--plan: removes channels, which training alone does not"));
  const Outcome bits = run_hwflow(words(study, "bad", {"--initial", initial, "--bits", "4/4 | 8"}));
  EXPECT_EQ(bits.exit_code, 2);
  EXPECT_THAT(bits.errors, HasSubstr("--bits 4/4 | 8: is not one pair of widths"));
}

TEST(QuantizedTrain, TellsAllThatIsWrongWithItsOptions) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(words(
      study, "bad", {"--bits", "2", "--plan", "8/8", "--ends", "x/8", "--quantizer", "magic"}));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.errors, AllOf(HasSubstr("--plan: cannot stand beside --bits"),
                                    HasSubstr("add --initial"), HasSubstr("--quantizer magic"),
                                    HasSubstr("--bits 2"), HasSubstr("--ends x/8")));
  const Outcome none = run_hwflow(words(study, "bad", {"--distill", "1"}));
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("--distill: needs a teacher (add --teacher FILE)"));
  const Outcome plan =
      run_hwflow(words(study, "bad", {"--initial", float_model(study), "--plan", "8/8 4/4"}));
  EXPECT_EQ(plan.exit_code, 2);
  EXPECT_THAT(plan.errors, HasSubstr("--plan: has 2 pairs, fmnist_resnet has "));
}

}  // namespace
}  // namespace hwflow::cli
