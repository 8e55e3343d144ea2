/// 'hwflow codesign' as a whole, in this process.

#include "cli/codesign_command.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "train/nn/safetensors.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
namespace fs = std::filesystem;

std::int64_t lines_of(const fs::path& file) {
  std::ifstream stream(file);
  return std::count(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>(), '\n');
}

TEST(Codesign, WritesEverythingAndOnlyJsonToStandardOutput) {
  const TinyStudy study;
  const Outcome outcome =
      run_hwflow(study.codesign("o", {"--json", "-", "--quiet", "--threads", "2"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  const json result = json::parse(outcome.output);  // throws when anything else was printed
  for (const char* key : {"evaluations", "hypervolume", "front", "baselines", "picks", "report"}) {
    EXPECT_TRUE(result.contains(key)) << key;
  }
  for (const char* key :
       {"plan", "hardware", "accuracy", "standard_error", "energy_pj", "cycles", "dram_bits"}) {
    EXPECT_TRUE(result["front"][0].contains(key)) << key;
  }
  const fs::path out = study.out("o");
  EXPECT_EQ(read_json(out / "result.json")["front"], result["front"]);
  EXPECT_GT(fs::file_size(out / "report.html"), 10'000U);
  // One line a plan, and the head.
  EXPECT_EQ(lines_of(out / "evaluations.csv"), result["evaluations"].get<std::int64_t>() + 1);
  EXPECT_EQ(lines_of(out / "front.csv"), static_cast<std::int64_t>(result["front"].size()) + 1);
  EXPECT_EQ(result["evaluations"].get<int>(), lines_of(out / "evaluations.csv") - 1);
  for (const json& file : result["baselines"][0]["files"]) {
    EXPECT_GT(fs::file_size(out / file.get<std::string>()), 0U) << file;
  }
  EXPECT_TRUE(fs::exists(out / "uniform_8_8.qdq.onnx"));
  EXPECT_THAT(result["run"]["machine"].get<std::string>(), HasSubstr("libtorch"));
}

TEST(Codesign, TheFrontIsOfPlansThatNoOtherDominates) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(study.codesign("o", {"--json", "-", "--quiet"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json front = json::parse(outcome.output)["front"];
  std::set<std::string> plans;
  for (const json& a : front) {
    plans.insert(a["plan"].get<std::string>());
    for (const json& b : front) {
      const bool no_worse = b["accuracy"] >= a["accuracy"] && b["energy_pj"] <= a["energy_pj"] &&
                            b["cycles"] <= a["cycles"];
      const bool better = b["accuracy"] > a["accuracy"] || b["energy_pj"] < a["energy_pj"] ||
                          b["cycles"] < a["cycles"];
      EXPECT_FALSE(no_worse && better) << b["plan"] << " dominates " << a["plan"];
    }
  }
  EXPECT_EQ(plans.size(), front.size());
}

TEST(Codesign, OneSeedOneResultWhateverTheThreads) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("one", {"--quiet", "--threads", "1"})).exit_code, 0);
  ASSERT_EQ(run_hwflow(study.codesign("two", {"--quiet", "--threads", "2"})).exit_code, 0);
  EXPECT_EQ(lasting_part(read_json(study.out("one") / "result.json")),
            lasting_part(read_json(study.out("two") / "result.json")));
  ASSERT_EQ(run_hwflow(study.codesign("other", {"--quiet", "--seed", "2"})).exit_code, 0);
  EXPECT_NE(lasting_part(read_json(study.out("one") / "result.json"))["front"],
            lasting_part(read_json(study.out("other") / "result.json"))["front"]);
}

/// Of a study with these settings, whatever the threads and when its finished run ("one") is
/// resumed.
json the_same_result(const TinyStudy& study, const std::vector<std::string>& settings) {
  const auto run = [&](const char* out, std::vector<std::string> more) {
    more.emplace_back("--quiet");
    for (const std::string& setting : settings) more.insert(more.end(), {"--set", setting});
    EXPECT_EQ(run_hwflow(study.codesign(out, more)).exit_code, 0);
    return read_json(study.out(out) / "result.json");
  };
  const json result = run("one", {"--threads", "1"});
  EXPECT_EQ(lasting_part(result), lasting_part(run("two", {"--threads", "2"})));
  EXPECT_EQ(lasting_part(result), lasting_part(run("one", {"--resume"})));
  return result;
}

/// Whatever the threads, and when a finished run is resumed or reported; words that the study
/// counts are those that the networks in integers have.
TEST(Codesign, FailuresByFlippedBitsAreAnObjective) {
  const TinyStudy study;
  const json result = the_same_result(
      study, {"search.objectives=[accuracy, energy, failure_rate]", "finish.tolerance_points=60",
              "resilience={flips: 20, images: 10, measured_flips: 200, checked_plans: 3}"});
  ASSERT_EQ(run_hwflow({"report", study.out("one").string(), "--quiet"}).exit_code, 0);
  EXPECT_EQ(lasting_part(result), lasting_part(read_json(study.out("one") / "result.json")));

  const json& found = result["resilience"];
  EXPECT_EQ(found["plans"].size(), result["baselines"].size() + result["picks"].size());
  ASSERT_EQ(found["drawn"].size(), 3U);
  for (const json& check : found["drawn"]) {
    EXPECT_EQ(check["predicted_bits"], check["stored_bits"]) << check;
    EXPECT_GT(check["predicted"].get<double>(), 0.0);
  }
  EXPECT_GT(result["front"][0]["failure_rate"].get<double>(), 0.0);
  EXPECT_GT(lines_of(study.out("one") / "failures.csv"), 4);
}

/// From the search to a file that another command reads: whatever the threads, and when a finished
/// run is resumed.
TEST(Codesign, ChannelsAreSearchedTogetherWithWidths) {
  const TinyStudy study;
  const json result =
      the_same_result(study, {"search.channels={shares: [0.5, 1], images: 16}",
                              "search.objectives=[accuracy, energy]", "finish.tolerance_points=60",
                              "finish.search_margin_points=60"});

  ASSERT_EQ(result["picks"].size(), 1U);
  const json& pick = result["picks"][0];
  EXPECT_THAT(pick["plan"].get<std::string>(), HasSubstr(" | "));
  EXPECT_LT(pick["energy_pj"], result["baselines"][0]["energy_pj"]);
  std::string checkpoint;
  for (const json& file : pick["files"]) {
    if (file.get<std::string>().ends_with(".safetensors")) checkpoint = file.get<std::string>();
  }
  const Outcome tested =
      run_hwflow({"test", (study.out("one") / checkpoint).string(), "--data-dir",
                  study.data().string(), "--mode", "integer", "--json", "-", "--quiet"});
  ASSERT_EQ(tested.exit_code, 0) << tested.errors;
  EXPECT_EQ(json::parse(tested.output)["correct"], pick["test_integer"]["correct"]);
}

TEST(Codesign, ResumeOfAFinishedRunEvaluatesNothing) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  const json first = read_json(study.out("o") / "result.json");
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet", "--resume"})).exit_code, 0);
  const json again = read_json(study.out("o") / "result.json");
  EXPECT_EQ(lasting_part(first), lasting_part(again));
  EXPECT_EQ(again["run"]["accuracies_reused"], again["evaluations"]);
  EXPECT_EQ(again["run"]["mappings_searched"], 0);
  EXPECT_EQ(again["run"]["id"], first["run"]["id"]);
}

TEST(Codesign, ResumeWithAnotherConfigNamesTheKey) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(study.codesign("o", {"--quiet"})).exit_code, 0);
  const Outcome outcome =
      run_hwflow(study.codesign("o", {"--resume", "--set", "search.population=12"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("search.population: 8 there, 12 here"));
}

TEST(Codesign, ResumeWithoutARunIsRefused) {
  const TinyStudy study;
  const Outcome outcome = run_hwflow(study.codesign("o", {"--resume"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("there is no run in this folder"));
}

TEST(Codesign, ProblemsWithTheWeightsNameTheirKey) {
  const TinyStudy study;
  const fs::path file = study.folder() / "w.safetensors";
  std::ofstream(file) << "nonsense";
  const auto errors = [&](const std::string& setting) {
    const Outcome outcome = run_hwflow(study.codesign("o", {"--set", setting}));
    EXPECT_EQ(outcome.exit_code, kWrongInput);
    return outcome.errors;
  };
  EXPECT_THAT(errors("weights=" + file.string()),
              HasSubstr("--set weights=" + file.string() + ": "));
  EXPECT_THAT(errors("network=resnet8"), HasSubstr("s.yaml: weights: "));
  EXPECT_THAT(errors("accuracy.search_images=300"),
              HasSubstr("--set accuracy.search_images=300: must be between 1 and 299"));
  EXPECT_THAT(errors("accuracy.confirm_images=200"),
              HasSubstr("--set accuracy.confirm_images=200: must be between 0 and 199"));
}

/// The shipped weights with another claim of what they held out.
void write_weights(const fs::path& file, const std::string& held_out) {
  const fs::path shipped =
      fs::path(std::getenv("HWFLOW_SOURCE_DIR")) / "models/fmnist_resnet.safetensors";
  auto weights = train::read_safetensors(shipped).value();
  weights.metadata.erase("held_out");
  if (!held_out.empty()) weights.metadata["held_out"] = held_out;
  train::write_safetensors(file, weights);
}

TEST(Codesign, TellsWhenTheWeightsSawTheHeldOutImages) {
  const TinyStudy study;
  const fs::path file = study.folder() / "w.safetensors";
  const auto run = [&](const std::string& out, const std::string& held_out) {
    write_weights(file, held_out);
    return run_hwflow(study.codesign(
        out, {"--set", "weights=" + file.string(), "--set", "search.generations=0"}));
  };
  const auto caveat_of = [&](const std::string& out) {
    return read_json(study.out(out) / "result.json")["run"]["search_caveat"];
  };
  // The study measures accuracy on 100 and then 50 images of split seed 1.
  const Outcome clean = run("clean", "150 training images, split seed 1");
  ASSERT_EQ(clean.exit_code, 0) << clean.errors;
  EXPECT_THAT(clean.output, testing::Not(HasSubstr("optimistic")));
  EXPECT_TRUE(caveat_of("clean").is_null());

  const Outcome partly = run("partly", "40 training images, split seed 1");
  EXPECT_THAT(partly.output, HasSubstr("trained on 110 of the 150 training images"));
  EXPECT_THAT(caveat_of("partly").get<std::string>(), HasSubstr("optimistic"));
  const Outcome report = run_hwflow({"report", study.out("partly").string()});
  EXPECT_THAT(report.output, HasSubstr("trained on 110 of the 150 training images"));

  EXPECT_THAT(run("silent", "").output, HasSubstr("do not say which images"));
}

/// Before anything else is looked for: there is no data here.
TEST(Codesign, RefusesAnOutputThatCannotBeAFolder) {
  const TinyStudy study;
  fs::remove_all(study.data());
  const std::string file = (study.folder() / "s.yaml").string();
  for (const std::string& out : {std::string("/proc/ex"), file, file + "/below"}) {
    const Outcome outcome = run_hwflow({"codesign", file, "--out", out});
    EXPECT_EQ(outcome.exit_code, kWrongInput);
    EXPECT_THAT(outcome.errors, HasSubstr("--out " + out + ": "));
    EXPECT_THAT(outcome.errors, HasSubstr("1 problem in the input"));
  }
}

TEST(Codesign, WithoutItsDataLeavesNothingBehind) {
  const TinyStudy study;
  fs::remove_all(study.data());
  fs::create_directories(study.data());
  const Outcome outcome = run_hwflow(study.codesign("o", {}));
  EXPECT_EQ(outcome.exit_code, kWrongInput) << outcome.errors;
  EXPECT_FALSE(fs::exists(study.out("o")));
}

/// The numbers of the real thing, roughly: the shipped network has a test accuracy of 92 %, and
/// 8-bit quantization is known to cost well below a point.
TEST(Codesign, KeepsTheAccuracyOfFashionMnistAtEightBits) {
  if (!fs::exists("/usr/share/datasets/fashion-mnist") && std::getenv("HWFLOW_DATA") == nullptr) {
    GTEST_SKIP() << "no Fashion-MNIST on this machine";
  }
  const TinyStudy study;
  const Outcome outcome = run_hwflow(
      {"codesign", (study.folder() / "s.yaml").string(), "--out", study.out("o").string(), "--json",
       "-", "--quiet", "--set", "search.generations=0", "--set", "accuracy.calibration_images=128",
       "--set", "finish.picks=0", "--set", "export=[qdq]"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  EXPECT_GT(result["float_test"]["top1"].get<double>(), 0.91);
  EXPECT_NEAR(result["baselines"][0]["test_integer"]["top1"].get<double>(),
              result["float_test"]["top1"].get<double>(), 0.005);
  EXPECT_EQ(result["float_test"]["total"], 10'000);
}

/// Neither images nor weights are read, and nothing is called an accuracy.
TEST(Codesign, RanksByAProxyWithoutDataOrWeights) {
  const TinyStudy study;
  std::vector<std::string> words =
      study.codesign("o", {"--json", "-", "--quiet", "--set", "accuracy.method=proxy", "--set",
                           "weights=\"\"", "--set", "search.channels={shares: [0.5, 1]}"});
  *(std::ranges::find(words, "--data-dir") + 1) = "no/such/folder";
  const Outcome outcome = run_hwflow(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = json::parse(outcome.output);
  EXPECT_THAT(result["run"]["search_caveat"].get<std::string>(),
              HasSubstr("No accuracy was measured"));
  ASSERT_EQ(result["picks"].size(), 1U);
  // What a plan of the front has, and no margin in points.
  const auto is_asked_for = [&](const json& plan) {
    const std::string proxy = fmt::format("{:.3g}", plan["proxy"].get<double>());
    return result["picks"][0]["reason"].get<std::string>().ends_with(
               "plans whose proxy is at least " + proxy) &&
           result["picks"][0]["label"].get<std::string>().ends_with(", proxy of " + proxy +
                                                                    " or more");
  };
  EXPECT_TRUE(std::ranges::any_of(result["front"], is_asked_for)) << result["picks"][0];
  EXPECT_TRUE(result["picks"][0]["test_integer"].is_null());
  EXPECT_TRUE(result["headline"].is_null());
  EXPECT_TRUE(result["float_search"].is_null());
  for (const json& plan : result["front"]) {
    EXPECT_GT(plan["proxy"].get<double>(), 0.0);
    EXPECT_TRUE(plan["accuracy"].is_null() && plan["standard_error"].is_null());
  }
  std::ifstream table(study.out("o") / "evaluations.csv");
  std::string head;
  std::getline(table, head);
  EXPECT_THAT(head, HasSubstr("on_front,accuracy,standard_error,correct,total,proxy,"));
  std::string row;
  std::getline(table, row);
  EXPECT_THAT(row, HasSubstr(",,,,,1,"));  // no accuracy; the whole network's proxy
}

}  // namespace
}  // namespace hwflow::cli
