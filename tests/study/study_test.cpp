#include "study/study.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

constexpr const char* kGood = R"(schema: 1
study: test
network: resnet8
weights: w.safetensors
accelerator: bitfusion
)";

class StudyFile : public testing::Test {
 protected:
  StudyFile() { std::ofstream(folder_.path() / "w.safetensors") << "not read here"; }
  Expected<LoadedStudy> parse(const std::string& text,
                              const std::vector<std::string>& settings = {}) const {
    return parse_study(text, folder_.path() / "s.yaml", settings);
  }
  TemporaryFolder folder_;
};

TEST_F(StudyFile, FillsInDefaultsAndReadsItsEffectiveConfigBack) {
  const auto study = parse(kGood);
  ASSERT_TRUE(study.has_value()) << to_text(study.error());
  EXPECT_EQ(study->network.name(), "resnet8");
  EXPECT_EQ(study->accelerator.name(), "bitfusion");
  EXPECT_EQ(study->weights_file, folder_.path() / "w.safetensors");
  EXPECT_EQ(study->options.search.weight_bits, (std::vector<int>{2, 4, 8}));
  const auto again = parse(study->config_yaml);
  ASSERT_TRUE(again.has_value()) << to_text(again.error());
  EXPECT_EQ(again->options, study->options);
  EXPECT_EQ(again->config_hash, study->config_hash);
}

TEST_F(StudyFile, SettingsOverrideAndChangeTheHash) {
  const auto plain = parse(kGood);
  const auto seeded = parse(kGood, {"search.seed=7"});
  ASSERT_TRUE(seeded.has_value()) << to_text(seeded.error());
  EXPECT_EQ(seeded->options.search.seed, 7U);
  EXPECT_NE(seeded->config_hash, plain->config_hash);
  EXPECT_EQ(differing_keys(plain->config_yaml, seeded->config_yaml),
            (std::vector<std::string>{"search.seed: 1 there, 7 here"}));
}

TEST_F(StudyFile, WhereOutputGoesAndWhatIsKeptDoNotChangeTheHash) {
  EXPECT_EQ(parse(kGood)->config_hash, parse(kGood, {"output=/elsewhere", "study=other",
                                                     "export=[qonnx]", "accuracy.cache_bytes=0"})
                                           ->config_hash);
}

TEST_F(StudyFile, LooksForFilesInTheDataFolderToo) {
  std::filesystem::create_directories(folder_.path() / "data/weights");
  std::ofstream(folder_.path() / "data/weights/v.safetensors") << "x";
  StudyFolders folders{{folder_.path() / "data"}};
  const auto study =
      parse_study(kGood, folder_.path() / "s.yaml", {"weights=weights/v.safetensors"}, folders);
  ASSERT_TRUE(study.has_value()) << to_text(study.error());
  EXPECT_EQ(study->weights_file, folder_.path() / "data/weights/v.safetensors");
}

struct Wrong {
  const char* name;
  const char* setting;  // on top of kGood
  const char* message;
};

class WrongStudy : public StudyFile, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongStudy, IsRefusedByName) {
  const auto study = parse(kGood, {GetParam().setting});
  ASSERT_FALSE(study.has_value());
  EXPECT_THAT(to_text(study.error()), testing::HasSubstr(GetParam().message));
}

const Wrong kWrong[] = {
    {"UnknownKey", "search.populaton=40",
     "--set search.populaton=40: unknown key (did you mean 'population'?)"},
    {"UnknownObjective", "search.objectives=[accuracy, enrgy]", "enrgy]: search.objectives[1]"},
    {"ObjectiveTwice", "search.objectives=[accuracy, energy, energy]",
     "--set search.objectives=[accuracy, energy, energy]: lists an objective twice"},
    {"NoAccuracy", "search.objectives=[energy, latency]",
     "--set search.objectives=[energy, latency]: must contain accuracy"},
    {"NoCost", "search.objectives=[accuracy]", "=[accuracy]: must contain at least one cost"},
    {"PopulationNotOfFour", "search.population=42",
     "--set search.population=42: must be a multiple of 4, at least 8, got 42 (for example 44)\n"},
    {"PopulationTooSmall", "search.population=4", "search.population"},
    {"NegativeGenerations", "search.generations=-1", "search.generations"},
    {"WidthBeyondRange", "search.weight_bits=[2, 64]", "search.weight_bits[1]"},
    {"NoWidths", "search.input_bits=[]",
     "--set search.input_bits=[]: must list at least one width"},
    {"WidthTwice", "search.weight_bits=[4, 4, 8]",
     "--set search.weight_bits=[4, 4, 8]: lists a width twice"},
    {"PinnedLayerUnknown", "search.pinned=[{layer: frist}]",
     "search.pinned[0].layer: resnet8 has no compute layer 'frist' (did you mean 'first'?)"},
    {"PinnedTwice", "search.pinned=[{layer: first}, {layer: first}]",
     "search.pinned[1].layer: layer 'first' is pinned twice"},
    {"BaselineOutsideTheSpace", "baselines=[{weights: 3, inputs: 8}]",
     "baselines[0].weights: 3 is not among search.weight_bits"},
    {"FinishBaselineOutsideTheSpace",
     "finish.baselines=[{weights: 8, inputs: 8}, {weights: 6, "
     "inputs: 4}]",
     "finish.baselines[1].weights: 6 is not among search.weight_bits"},
    {"ReferenceNotMeasured", "finish.reference={weights: 2, inputs: 2}",
     "--set finish.reference={weights: 2, inputs: 2}: 2/2 is not among finish.baselines"},
    {"NegativeRate", "finish.learning_rate=-0.1", "finish.learning_rate"},
    {"MeanOfWrongLength", "data={input_mean: [0.5], input_std: [0.5]}",
     "data.input_mean: has 1 numbers, but resnet8 reads 3 channels"},
    {"MeanWithoutDeviation", "data.input_mean=[0.5, 0.5, 0.5]",
     "input_mean and input_std must be given together"},
    {"UnknownNetwork", "network=resnet21",
     "--set network=resnet21: no built-in network is called 'resnet21'"},
    {"UnknownAccelerator", "accelerator=bitfuson",
     "--set accelerator=bitfuson: is no built-in accelerator (a file is named with its .yaml) (did "
     "you mean 'bitfusion'?)"},
    {"MissingWeights", "weights=absent.safetensors",
     "--set weights=absent.safetensors: no file 'absent.safetensors'"},
    {"NoWeights", "weights=''", "--set weights='': resnet8 brings no weights of its own"},
    {"UnknownFormat", "export=[pdf]", "export[0]"},
    {"UnknownSchedule", "schedule=fused", "schedule"},
    {"TooFewSearchImages", "accuracy.search_images=3", "accuracy.search_images"},
};
INSTANTIATE_TEST_SUITE_P(Table, WrongStudy, testing::ValuesIn(kWrong),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(StudyFile, KeysOfTheFileAreNamedOnce) {
  std::string text = kGood;
  text.replace(text.find("resnet8"), 7, "resnet21");
  text.replace(text.find("bitfusion"), 9, "bitfuson");
  const std::string origin = (folder_.path() / "s.yaml").string();
  const auto study = parse(text, {"search.seed=2"});
  ASSERT_FALSE(study.has_value());
  ASSERT_EQ(study.error().size(), 2U);
  EXPECT_EQ(study.error()[0].place, origin + ": network");
  EXPECT_EQ(study.error()[1].place, origin + ": accelerator: bitfuson");
}

TEST_F(StudyFile, ReportsEveryProblemAtOnce) {
  const auto study = parse(kGood, {"search.population=42", "search.objectives=[energy]",
                                   "weights=absent.safetensors", "accelerator=nothing"});
  ASSERT_FALSE(study.has_value());
  const std::string text = to_text(study.error());
  EXPECT_THAT(text, testing::HasSubstr("absent.safetensors"));
  EXPECT_THAT(text, testing::HasSubstr("nothing"));
}

TEST_F(StudyFile, BrokenYamlAndMissingFilesAreNamed) {
  EXPECT_THAT(to_text(parse("schema: 1\nstudy: [\n").error()), testing::HasSubstr("s.yaml:"));
  EXPECT_THAT(to_text(parse("study: x\n").error()), testing::HasSubstr("schema"));
  EXPECT_THAT(to_text(load_study(folder_.path() / "absent.yaml").error()),
              testing::HasSubstr("absent.yaml"));
}

}  // namespace
}  // namespace hwflow::study
