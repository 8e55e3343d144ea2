#include "cli/inject_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/cli/inject_case.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

struct Refusal {
  const char* name;
  std::vector<std::string> words;
  std::vector<const char*> messages;
};
void PrintTo(const Refusal& refusal, std::ostream* stream) { *stream << refusal.name; }

class InjectRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(InjectRefuses, WithEveryProblemAndItsPlace) {
  const TinyStudy study;
  std::ofstream(study.folder() / "garbage.jsonl")
      << "{\"hwflow_faults\": 1}\n"
         "garbage\n"
         "{\"upsets\": [{\"site\": \"weights\", \"layer\": \"conv9\", \"element\": 0, \"bits\": "
         "\"0x1\"}]}\n";
  std::ofstream(study.folder() / "other.jsonl") << "{\"hwflow_faults\": \"one\"}\n";
  std::ofstream(study.folder() / "empty.jsonl") << "{\"hwflow_faults\": 1}\n";
  const fs::path before = fs::current_path();
  fs::current_path(study.folder());
  const Outcome outcome = run_hwflow(inject_words(study, "o", GetParam().words));
  fs::current_path(before);
  EXPECT_EQ(outcome.exit_code, kWrongInput) << outcome.errors;
  for (const char* message : GetParam().messages) EXPECT_THAT(outcome.errors, HasSubstr(message));
  EXPECT_FALSE(fs::exists(study.out("o"))) << "something was written";
}

const Refusal kRefusals[] = {
    {"numbers_out_of_range",
     {"--margin", "3", "--confidence", "1", "--most-faults", "-1", "--round", "0"},
     {"--margin 3: is out of range", "--confidence 1", "--most-faults -1", "--round 0",
      "4 problems"}},
    {"rate_that_is_no_probability", {"--rate", "2", "0"}, {"--rate 2: is no", "--rate 0: is no"}},
    {"layers_bits_and_margin_at_once",
     {"--layers", "conv1", "conv9", "--bit-positions", "99", "--margin", "nan"},
     {"--layers conv9: is not a node of resnet20", "--bit-positions 99", "--margin nan",
      "3 problems"}},
    {"no_such_words",
     {"--layers", "conv1", "--bit-positions", "20"},
     {"--sites: the chosen layers have no such words and bits"}},
    {"unknown_site", {"--sites", "wieghts"}, {"--sites", "wieghts"}},
    {"unknown_effect", {"--effects", "flop"}, {"--effects", "flop"}},
    {"list_that_is_not_there", {"--faults", "absent.jsonl"}, {"absent.jsonl: cannot be read"}},
    {"list_with_garbage",
     {"--faults", "garbage.jsonl", "--confidence", "7"},
     {"garbage.jsonl:2: is no JSON", "garbage.jsonl:3: 'conv9' is no layer", "--confidence 7",
      "3 problems"}},
    {"list_of_something_else",
     {"--faults", "other.jsonl"},
     {"other.jsonl:1: does not begin a list of faults"}},
    {"list_of_nothing", {"--faults", "empty.jsonl"}, {"empty.jsonl: holds no fault"}},
    {"replay_and_rates",
     {"--faults", "garbage.jsonl", "--rate", "0.1"},
     {"--faults: replays a list"}},
    {"array_and_options_of_stored_words",
     {"--array", "eyeriss", "--faults", "garbage.jsonl", "--rate", "0.1", "--sites", "weights",
      "--layers", "conv1", "--adjacent-bits", "2", "--relative-margin", "0.1", "--stop-at-margin",
      "--margin", "7"},
     {"--sites: is of stored words", "--layers: chooses stored words", "--adjacent-bits: is of",
      "--rate: is of stored words", "--faults: replays faults of stored words",
      "--relative-margin: has no effect", "--stop-at-margin: has no effect", "--margin 7"}},
    {"options_of_an_array_without_one",
     {"--array-unit", "row", "--registers", "input", "--inferences", "5"},
     {"--array-unit: is of an array", "--registers: is of an array", "--inferences: is of each",
      "3 problems"}},
    {"fixed_and_margins",
     {"--fixed", "--relative-margin", "0.1"},
     {"--fixed: draws all planned faults"}},
    {"relative_margin_out_of_range", {"--relative-margin", "1.5"}, {"--relative-margin 1.5"}},
    {"array_that_is_not_there", {"--array", "eyris"}, {"eyris", "did you mean 'eyeriss'?"}},
    {"rates_that_resume", {"--rate", "0.1", "--resume"}, {"--resume: goes on with single faults"}},
};
INSTANTIATE_TEST_SUITE_P(Rows, InjectRefuses, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return row.param.name; });

TEST(Inject, FilesThatAreMissingAreTold) {
  const Outcome outcome =
      run_hwflow({"inject", "absent.safetensors", "--data-dir", "absent", "--margin", "3"});
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("--margin 3"));
  EXPECT_THAT(outcome.errors, HasSubstr("absent: holds no fashion-mnist files"));
  const TinyStudy study;
  std::vector<std::string> words = inject_words(study, "o", {});
  words[1] = "absent.safetensors";
  EXPECT_THAT(run_hwflow(words).errors, HasSubstr("absent.safetensors"));
}

TEST(Inject, ResumeRefusesOtherOptionsOneByOne) {
  const TinyStudy study;
  ASSERT_FALSE(inject(study, "i", kSmall).is_null());
  const fs::path list = study.out("i") / "faults.jsonl";
  const std::string before = text_of(list);
  const Outcome outcome =
      run_hwflow(inject_words(study, "i",
                              {"--most-faults", "60", "--round", "30", "--resume", "--seed", "2",
                               "--sites", "biases", "--layers", "conv1"}));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  for (const char* message :
       {"was made with round '20', this run has '30'", "was made with seed '1', this run has '2'",
        "was made with sites 'weights', this run has 'biases'",
        "was made with layers '', this run has 'conv1'"})
    EXPECT_THAT(outcome.errors, HasSubstr(message));
  EXPECT_EQ(text_of(list), before);
}

/// Bits that this network's words do not have are told as what they come from.
TEST(Inject, ResumeRefusesAnotherNetworkByItsName) {
  const TinyStudy study;
  ASSERT_EQ(run_hwflow(float_words(study, "i", kSmall)).exit_code, kDone);
  std::vector<std::string> words = float_words(study, "i", kSmall);
  words.insert(words.end(), {"--bits", "4/4", "--resume"});
  const Outcome outcome = run_hwflow(words);
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("quantization '8/8 bits, calibrated on 8 images', this run "
                                        "has '4/4 bits, calibrated on 8 images'"));
  EXPECT_THAT(outcome.errors, Not(HasSubstr("have 4 bits")));
  EXPECT_EQ(run_hwflow(float_words(study, "x", {"--bits", "x/8"})).exit_code, kWrongInput);
}

/// Another model in the place of the file is another campaign; the same one elsewhere is not.
TEST(Inject, ResumeGoesByTheContentOfTheModel) {
  const TinyStudy study;
  const fs::path model = study.folder() / "model.safetensors";
  fs::copy_file(shipped("cifar10_resnet20_w4a4.safetensors"), model);
  std::vector<std::string> words = inject_words(study, "i", kSmall);
  words[1] = model.string();
  const Outcome first = run_hwflow(words);
  ASSERT_EQ(first.exit_code, kDone) << first.errors;
  words.emplace_back("--resume");
  words[1] = shipped("cifar10_resnet20_w4a4.safetensors");
  const Outcome moved = run_hwflow(words);
  EXPECT_EQ(moved.exit_code, kDone) << moved.errors;
  // One byte of the last tensor.
  words[1] = model.string();
  {
    std::fstream stream(model, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekg(-2, std::ios::end);
    const int byte = stream.get();
    stream.seekp(-2, std::ios::end);
    stream.put(static_cast<char>(byte ^ 1));
  }
  const Outcome changed = run_hwflow(words);
  EXPECT_EQ(changed.exit_code, kWrongInput);
  EXPECT_THAT(changed.errors, HasSubstr("was made with network '"));
}

/// A list that somebody edited, or that a version that draws otherwise wrote.
TEST(Inject, ResumeRefusesAListOfOtherFaults) {
  const TinyStudy study;
  ASSERT_FALSE(inject(study, "i", kSmall).is_null());
  const fs::path list = study.out("i") / "faults.jsonl";
  std::vector<std::string> lines = lines_of(list);
  std::swap(lines[7], lines[8]);
  {
    std::ofstream stream(list, std::ios::binary);
    for (const std::string& line : lines) stream << line << '\n';
  }
  std::vector<std::string> resumed = kSmall;
  resumed.emplace_back("--resume");
  const Outcome outcome = run_hwflow(inject_words(study, "i", resumed));
  EXPECT_EQ(outcome.exit_code, kWrongInput);
  EXPECT_THAT(outcome.errors, HasSubstr("faults.jsonl:8"));
  EXPECT_THAT(outcome.errors, HasSubstr("is not the fault that this campaign draws there"));
}

}  // namespace
}  // namespace hwflow::cli
