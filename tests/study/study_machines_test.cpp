#include "study/study_machines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

constexpr const char* kThree = R"(schema: 1
study: engines
network: resnet8
weights: w.safetensors
accelerators:
  - accelerator: bitfusion
  - {accelerator: bismo, label: serial}
  - accelerator: bitfusion
    label: small
    set: ["levels[1].capacity_bits=131072", "levels[2].fanout.x=16"]
search: {seed: 5}
)";

class StudyMachines : public testing::Test {
 protected:
  StudyMachines() { std::ofstream(folder_.path() / "w.safetensors") << "not read here"; }
  Expected<std::vector<LoadedStudy>> parse(const std::string& text,
                                           const std::vector<std::string>& settings = {}) const {
    return parse_studies(text, folder_.path() / "s.yaml", settings);
  }
  std::string problems(const std::string& from, const std::string& to) const {
    std::string text = kThree;
    text.replace(text.find(from), from.size(), to);
    const auto studies = parse(text);
    std::string told = studies ? std::string("none") : to_text(studies.error());
    const std::string folder = folder_.path().string() + "/";
    for (std::size_t at = told.find(folder); at != std::string::npos; at = told.find(folder)) {
      told.erase(at, folder.size());
    }
    return told;
  }
  TemporaryFolder folder_;
};

TEST_F(StudyMachines, EachIsAStudyOfItsOwnThatReadsBack) {
  const auto studies = parse(kThree);
  ASSERT_TRUE(studies.has_value()) << to_text(studies.error());
  ASSERT_EQ(studies->size(), 3U);
  const std::vector<std::string> labels{"bitfusion", "serial", "small"};
  for (std::size_t i = 0; i < 3; ++i) {
    const LoadedStudy& study = (*studies)[i];
    EXPECT_EQ(study.label, labels[i]);
    EXPECT_EQ(study.accelerator.name(), labels[i]);
    EXPECT_EQ(study.options.search.seed, 5U);
    ASSERT_EQ(study.options.accelerators.size(), 1U);
    const auto again = parse_study(study.config_yaml, folder_.path() / "s.yaml");
    ASSERT_TRUE(again.has_value()) << to_text(again.error());
    EXPECT_EQ(again->options, study.options);
    EXPECT_EQ(again->config_hash, study.config_hash);
    EXPECT_EQ(again->label, study.label);
    EXPECT_EQ(again->accelerator, study.accelerator);
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(study.config_hash, (*studies)[k].config_hash);
  }
}

TEST_F(StudyMachines, SettingsChangeTheMachineOfTheirEntryAlone) {
  const auto studies = parse(kThree);
  ASSERT_TRUE(studies.has_value());
  const chip::Accelerator::Fields& plain = (*studies)[0].accelerator.fields();
  chip::Accelerator::Fields expected = plain;
  expected.name = "small";
  expected.levels[1].capacity_bits = 131072;
  expected.levels[2].fanout.x = 16;
  EXPECT_EQ((*studies)[2].accelerator.fields(), expected);
  EXPECT_EQ(plain.levels[1].capacity_bits, 262144);
}

TEST_F(StudyMachines, OneMachineIsAPlainStudy) {
  const auto studies = parse(
      "schema: 1\nstudy: s\nnetwork: resnet8\nweights: w.safetensors\n"
      "accelerator: bitfusion\n");
  ASSERT_TRUE(studies.has_value()) << to_text(studies.error());
  ASSERT_EQ(studies->size(), 1U);
  EXPECT_EQ(studies->front().label, "");
  EXPECT_TRUE(studies->front().options.accelerators.empty());
}

TEST_F(StudyMachines, SettingsOfTheStudyReachEntries) {
  const auto studies = parse(kThree, {"accelerators[1].label=bits", "search.population=12"});
  ASSERT_TRUE(studies.has_value()) << to_text(studies.error());
  EXPECT_EQ((*studies)[1].label, "bits");
  EXPECT_EQ((*studies)[2].options.search.population, 12);
}

TEST_F(StudyMachines, ASingleStudyRefusesSeveral) {
  const auto study = parse_study(kThree, folder_.path() / "s.yaml");
  ASSERT_FALSE(study.has_value());
  EXPECT_THAT(to_text(study.error()),
              testing::HasSubstr("accelerators: lists 3 machines where one is wanted (leave one of "
                                 "them)"));
}

TEST_F(StudyMachines, OfBothKeysOneIsWanted) {
  EXPECT_EQ(problems("search: {seed: 5}", "accelerator: eyeriss"),
            "s.yaml: accelerators: stands beside 'accelerator' (leave out one of the two)\n");
  const auto none = parse("schema: 1\nstudy: s\nnetwork: resnet8\nweights: w.safetensors\n");
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(
      to_text(none.error()),
      testing::HasSubstr("s.yaml: accelerator: missing: a study names a machine, or several "
                         "as 'accelerators' ('hwflow list accelerators'"));
}

TEST_F(StudyMachines, NamesEveryProblemByItsEntry) {
  EXPECT_EQ(problems("label: serial", "label: bitfusion"),
            "s.yaml: accelerators[1].label: 'bitfusion' is the label of accelerators[0], too (give "
            "one of them a label of its own)\n");
  EXPECT_THAT(problems("label: serial", "label: a/b"),
              testing::HasSubstr("s.yaml: accelerators[1].label: 'a/b' is no name for a folder "
                                 "(letters, digits, '_' and '-')"));
  EXPECT_THAT(problems("accelerator: bismo", "accelerator: bisno"),
              testing::HasSubstr(
                  "s.yaml: accelerators[1].accelerator: bisno: is no built-in accelerator (a "
                  "file is named with its .yaml) (did you mean 'bismo'?)"));
  EXPECT_THAT(
      problems("capacity_bits=131072", "capacity_bits=-1"),
      testing::HasSubstr("s.yaml: accelerators[2].set: levels[1].capacity_bits=-1: must be "));
  EXPECT_THAT(
      problems("capacity_bits=131072", "capacty_bits=1"),
      testing::HasSubstr("s.yaml: accelerators[2].set: levels[1].capacty_bits=1: unknown key "
                         "(did you mean 'capacity_bits'?)"));
  EXPECT_THAT(problems("levels[1].capacity_bits=131072", "levels[9].word_bits=1"),
              testing::HasSubstr("s.yaml: accelerators[2].set: levels[9].word_bits=1: levels has 4 "
                                 "elements, so there is no [9]"));
}

TEST_F(StudyMachines, TellsAllProblemsAtOnceAndThoseOfTheStudyOnce) {
  std::string text = kThree;
  text.replace(text.find("seed: 5"), 7, "objectives: [energy]");
  const auto studies = parse(text);
  ASSERT_FALSE(studies.has_value());
  EXPECT_EQ(studies.error().size(), 2U) << to_text(studies.error());  // no accuracy, one objective
}

/// Widths that one of the machines cannot compute, by its label.
TEST_F(StudyMachines, EveryMachineMustComputeAllWidths) {
  const std::string text = R"(schema: 1
study: engines
network: resnet8
weights: w.safetensors
accelerators:
  - accelerator: bitfusion
  - {accelerator: nvdla, label: fixed}
search: {weight_bits: [4, 8, 16], input_bits: [8]}
finish: {baselines: [{weights: 8, inputs: 8}]}
)";
  const auto studies = parse(text);
  ASSERT_FALSE(studies.has_value());
  ASSERT_EQ(studies.error().size(), 1U) << to_text(studies.error());
  EXPECT_THAT(to_text(studies.error()),
              testing::HasSubstr("search.weight_bits: the engine of fixed cannot compute 16-bit"));
}

}  // namespace
}  // namespace hwflow::study
