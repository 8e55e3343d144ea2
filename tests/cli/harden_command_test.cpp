#include "cli/harden_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

std::string shipped() {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/models/fmnist_resnet.safetensors";
}

/// Forty images under faults, four under attack; one epoch of 300 images.
std::vector<std::string> harden_words(const TinyStudy& study, const std::string& out,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> words{"harden",
                                 shipped(),
                                 "--data-dir",
                                 study.data().string(),
                                 "--calibration-images",
                                 "8",
                                 "--hold-out",
                                 "0",
                                 "--epochs",
                                 "1",
                                 "--batch-size",
                                 "50",
                                 "--lr",
                                 "0.01",
                                 "--threads",
                                 "1",
                                 "--attack-images",
                                 "4",
                                 "--attack-steps",
                                 "2",
                                 "--queries",
                                 "2",
                                 "--inferences",
                                 "80",
                                 "--out",
                                 study.out(out).string(),
                                 "--json",
                                 "-",
                                 "--quiet"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

json run_json(const std::vector<std::string>& words) {
  const Outcome outcome = run_hwflow(words);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  return outcome.exit_code == 0 ? json::parse(outcome.output) : json();
}

TEST(Harden, TellsOfTheNetworkBeforeItsTwinAndTheHardenedOne) {
  const TinyStudy study;
  const json told = run_json(harden_words(
      study, "h", {"--control", "--rates", "1e-4", "1e-3", "--sites", "activations", "weights"}));
  expect_keys(told, {"network", "data", "seed", "confidence", "attacked_images", "training",
                     "weights", "models"});
  ASSERT_EQ(told["models"].size(), 3U);
  EXPECT_EQ(told["models"][0]["name"], "before");
  EXPECT_EQ(told["models"][1]["name"], "control");
  EXPECT_EQ(told["models"][2]["name"], "hardened");
  EXPECT_THAT(told["training"], HasSubstr("activations 0.003"));
  for (const json& model : told["models"]) {
    expect_keys(model, {"name", "model", "quantization", "right", "total", "clean", "attacked",
                        "faulty", "scales"});
    EXPECT_EQ(model["total"], 40);
    ASSERT_EQ(model["faulty"].size(), 4U);
    for (const json& faulty : model["faulty"]) {
      EXPECT_EQ(faulty["inferences"], 80);
      EXPECT_LE(faulty["low"], faulty["rate"]);
      EXPECT_GE(faulty["high"], faulty["rate"]);
      EXPECT_EQ(faulty.contains("change"), model["name"] != "before");
    }
  }
  // The same flips of networks of the same shape.
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(told["models"][0]["faulty"][i]["upsets"], told["models"][2]["faulty"][i]["upsets"]);
  EXPECT_NE(told["models"][1]["scales"], told["models"][2]["scales"]) << "errors were trained on";
  EXPECT_TRUE(fs::exists(study.out("h") / "harden.html"));
  EXPECT_EQ(read_json(study.out("h") / "harden.json"), told);
  // The test command is the witness of clean accuracies.
  const json test = run_json({"test", told["weights"], "--network", "fmnist_resnet", "--mode",
                              "integer", "--data-dir", study.data().string(), "--json", "-"});
  EXPECT_EQ(test["correct"], told["models"][2]["right"]);
}

TEST(Harden, MeasuresAsInjectAndAttackDo) {
  const TinyStudy study;
  std::vector<std::string> words =
      harden_words(study, "m",
                   {"--measure-only", "--rates", "1e-3", "--sites", "activations", "--attacks",
                    "pgd", "--beside", shipped()});
  *(std::ranges::find(words, "--attack-images") + 1) = "0";
  const json told = run_json(words);
  ASSERT_EQ(told["models"].size(), 2U);
  EXPECT_EQ(told["weights"], "");
  EXPECT_EQ(told["training"], "");
  const json& one = told["models"][0];
  const json& other = told["models"][1];
  EXPECT_EQ(one["scales"], other["scales"]);
  EXPECT_EQ(one["faulty"][0]["top1_changed"], other["faulty"][0]["top1_changed"]);
  EXPECT_EQ(other["faulty"][0]["change"]["ratio"], 1.0);
  EXPECT_EQ(other["faulty"][0]["change"]["low"], other["faulty"][0]["change"]["high"]);
  const json attack =
      run_json({"attack", shipped(), "--data-dir", study.data().string(), "--calibration-images",
                "8", "--mode", "integer", "--attacks", "pgd", "--steps", "2", "--no-probe",
                "--threads", "1", "--json", "-"});
  EXPECT_DOUBLE_EQ(one["attacked"][0]["accuracy"].get<double>(),
                   attack["eps"][0]["worst_case"]["top1"].get<double>());
  EXPECT_EQ(one["right"], attack["clean"]["correct"]);
}

TEST(Harden, IsTheSameForAnyThreadsAndResumesToTheSame) {
  const TinyStudy study;
  const std::vector<std::string> more{"--measure-only", "--rates", "1e-3", "--attack-eps", "none"};
  std::vector<std::string> two = harden_words(study, "b", more);
  *(std::ranges::find(two, "--threads") + 1) = "2";
  const json one = run_json(harden_words(study, "a", more));
  EXPECT_EQ(one["models"][0]["attacked"], json::array());
  EXPECT_EQ(one, run_json(two));
  const std::vector<std::string> training{"--rates", "1e-3", "--attack-eps", "none"};
  const json first = run_json(harden_words(study, "c", training));
  std::vector<std::string> again = harden_words(study, "c", training);
  again.emplace_back("--resume");
  EXPECT_EQ(first, run_json(again)) << "the training was over: it is measured again";
}

TEST(Harden, RefusesWhatCannotBeAndSaysAllOfIt) {
  const TinyStudy study;
  const Outcome wrong =
      run_hwflow(harden_words(study, "w",
                              {"--measure-only", "--control", "--resume", "--rates", "2",
                               "--attack-eps", "9", "--beside", "absent.safetensors"}));
  EXPECT_EQ(wrong.exit_code, 2);
  for (const char* place :
       {"--control", "--resume", "--rates 2", "--attack-eps 9", "absent.safetensors"})
    EXPECT_THAT(wrong.errors, HasSubstr(place));
  EXPECT_FALSE(fs::exists(study.out("w")));
}

}  // namespace
}  // namespace hwflow::cli
