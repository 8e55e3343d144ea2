#include "cli/bit_flip_run.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/cli/command_line.hpp"
#include "tests/cli/process.hpp"
#include "tests/cli/tiny_study.hpp"

namespace hwflow::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::string shipped_model() {
  return std::string(std::getenv("HWFLOW_SOURCE_DIR")) + "/models/fmnist_resnet.safetensors";
}

/// A short attack on the weights of the shipped network, judged on the 40 tiny test images.
std::vector<std::string> flip_words(const TinyStudy& study, const std::vector<std::string>& more) {
  std::vector<std::string> words{
      "attack", shipped_model(),        "--data-dir", study.data().string(), "--bfa-images",
      "16",     "--calibration-images", "32"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<json> lines_of(const std::string& file) {
  std::ifstream stream(file);
  std::vector<json> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

/// Of a file that somebody else is writing, or that is not there yet.
std::ptrdiff_t whole_lines(const std::string& file) {
  std::ifstream stream(file);
  return std::count(std::istreambuf_iterator<char>(stream), {}, '\n');
}

TEST(BitFlips, AReplayOfItsListIsRightAsOften) {
  const TinyStudy study;
  const std::string out = study.out("flips").string();
  const Outcome outcome =
      run_hwflow(flip_words(study, {"--bit-flips", "3", "--until", "0", "--bfa-random", "1",
                                    "--out", out, "--bits", "6/8"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = read_json(out + "/attack.json");
  expect_keys(result, {"model", "network", "attack", "how", "notes", "data", "batch", "options",
                       "population", "loss", "clean", "flips", "ended", "random", "faults_file",
                       "random_file", "report", "seconds"});
  ASSERT_EQ(result["flips"].size(), 3U);
  EXPECT_EQ(result["ended"], "flips");
  EXPECT_EQ(result["batch"]["images"], 16);
  const std::string again = study.out("again").string();
  const Outcome replay =
      run_hwflow({"inject", shipped_model(), "--data-dir", study.data().string(),
                  "--calibration-images", "32", "--bits", "6/8", "--images", "0", "--faults",
                  out + "/faults.jsonl", "--out", again, "--check", "20"});
  ASSERT_EQ(replay.exit_code, 0) << replay.errors;
  const std::vector<json> told = lines_of(again + "/faults.jsonl");
  ASSERT_EQ(told.size(), 4U);  // the first line is the header
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(told[k + 1]["upsets"].size(), k + 1);
    EXPECT_EQ(told[k + 1]["right"], result["flips"][k]["correct"]);
  }
  EXPECT_EQ(read_json(again + "/inject.json")["fault_free_right"], result["clean"]["correct"]);
  const Outcome random = run_hwflow({"inject", shipped_model(), "--data-dir", study.data().string(),
                                     "--calibration-images", "32", "--bits", "6/8", "--images", "0",
                                     "--faults", out + "/random_faults.jsonl", "--out", again});
  ASSERT_EQ(random.exit_code, 0) << random.errors;
  EXPECT_EQ(lines_of(again + "/faults.jsonl").at(1)["right"],
            result["random"][0]["flips"][2]["correct"]);
}

TEST(BitFlips, TableFilesAndJsonSayTheSame) {
  const TinyStudy study;
  const std::string out = study.out("flips").string();
  const Outcome outcome =
      run_hwflow(flip_words(study, {"--bit-flips", "2", "--bfa-target", "3", "--bfa-source", "1",
                                    "--bfa-skip", "first", "--bfa-random", "0", "--out", out}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  const json result = read_json(out + "/attack.json");
  EXPECT_THAT(outcome.output, HasSubstr("class 1 taken for class 3"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("random flips")));
  std::ifstream csv(out + "/flips.csv");
  std::string line;
  std::getline(csv, line);
  std::ifstream page_file(out + "/attack.html");
  const std::string page{std::istreambuf_iterator<char>(page_file), {}};
  for (const json& flip : result["flips"]) {
    expect_keys(flip, {"flip", "layer", "element", "bit", "before", "after", "first_order", "loss",
                       "correct", "total", "top1", "attacked", "moved", "others"});
    EXPECT_NE(flip["layer"], "conv1");
    EXPECT_LT(flip["first_order"], 0.0) << "the loss of a target falls";
    std::getline(csv, line);
    const std::string start =
        fmt::format("{},{},{},{},", flip["flip"].get<int>(), flip["layer"].get<std::string>(),
                    flip["element"].get<int>(), flip["bit"].get<int>());
    EXPECT_EQ(line.substr(0, start.size()), start);
    EXPECT_THAT(outcome.output, HasSubstr(flip["layer"].get<std::string>()));
    EXPECT_THAT(page, HasSubstr("<td class=\"left\">" + flip["layer"].get<std::string>()));
  }
  EXPECT_EQ(result["clean"]["attacked"], 4);  // of 40 images of 10 classes
}

TEST(BitFlips, TheSameForAnyNumberOfThreads) {
  const TinyStudy study;
  std::vector<json> results;
  for (const char* threads : {"1", "3"}) {
    const Outcome outcome =
        run_hwflow(flip_words(study, {"--bit-flips", "1", "--bfa-from", "test", "--bfa-random", "1",
                                      "--threads", threads, "--json", "-"}));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
    results.push_back(json::parse(outcome.output));
    results.back().erase("seconds");
    EXPECT_EQ(results.back()["clean"]["total"], 40 - 16) << "the attacker's images do not count";
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(BitFlips, TellsAllProblemsAtOnce) {
  const TinyStudy study;
  const Outcome outcome =
      run_hwflow(flip_words(study, {"--bit-flips", "0", "--bfa-source", "12", "--bfa-bits", "0",
                                    "--bfa-skip", "conv99", "--until", "2", "--eps", "8/255",
                                    "--mode", "float", "--save-images", "--device", "cuda"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  for (const char* said :
       {"--bit-flips: must be from 1 to 1000, got 0", "--bfa-source: must be a class from 0 to 9",
        "name that class as the target", "--bfa-bits", "--bfa-skip: 'conv99' is no layer",
        "--until: must be a share", "--eps: has no effect", "--mode float", "--save-images",
        "--device: has no effect"})
    EXPECT_THAT(outcome.errors, HasSubstr(said));
  const Outcome without = run_hwflow(flip_words(study, {"--until", "0.1"}));
  EXPECT_EQ(without.exit_code, kWrongInput);
  EXPECT_THAT(without.errors, HasSubstr("--until: is for --bit-flips"));
  EXPECT_THAT(without.errors, HasSubstr("--bfa-images: is for --bit-flips"));
}

TEST(BitFlips, AStopKeepsWhatWasFound) {
  const TinyStudy study;
  const std::string out = study.out("stopped").string();
  Process process(study.folder(),
                  flip_words(study, {"--bit-flips", "900", "--until", "0", "--out", out}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(200);
  while (process.runs() && std::chrono::steady_clock::now() < deadline &&
         whole_lines(out + "/faults.jsonl") < 2)
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  process.send(SIGINT);
  EXPECT_EQ(WEXITSTATUS(process.wait()), kWorldFailed);
  EXPECT_THAT(process.errors(), HasSubstr("flips were found"));
  const json result = read_json(out + "/attack.json");
  EXPECT_EQ(result["ended"], "stopped");
  EXPECT_GE(result["flips"].size(), 1U);
  EXPECT_EQ(lines_of(out + "/faults.jsonl").size(), result["flips"].size() + 1);
}

}  // namespace
}  // namespace hwflow::cli
