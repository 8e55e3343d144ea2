#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/study.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

std::string problems_of(const Study& study) {
  return to_text(check(study, small_network(), small_accelerator(), "s.yaml"));
}

/// The same on multipliers of 8 bit, which compute nothing wider.
std::string problems_on_fixed_width(const Study& study) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.engine.kind = chip::BitParallelEngine{8};
  return to_text(check(study, small_network(), chip::Accelerator::make(fields).value(), "s.yaml"));
}

TEST(CheckStudy, FindsNothingWrongWithAGoodOne) { EXPECT_EQ(problems_of(small_study()), ""); }

TEST(CheckStudy, NamesWidthsThatTheEngineCannotCompute) {
  Study study = small_study();
  study.search.weight_bits = {4, 8, 16};
  study.search.input_bits = {8, 12};
  const std::string text = problems_on_fixed_width(study);
  EXPECT_THAT(text, testing::HasSubstr("s.yaml: search.weight_bits: the engine of small cannot "
                                       "compute 16-bit weights"));
  EXPECT_THAT(text, testing::HasSubstr("s.yaml: search.input_bits: the engine of small cannot "
                                       "compute 4-bit weights times 12-bit inputs"));
  EXPECT_THAT(text, testing::HasSubstr("its widest operands have 8 bits"));
}

TEST(CheckStudy, NamesPinnedWidthsThatTheEngineCannotCompute) {
  Study study = small_study();
  study.search.pinned = {{"conv2", 16, 8}};
  EXPECT_THAT(problems_on_fixed_width(study),
              testing::HasSubstr("search.pinned[0]: the engine of small"));
}

TEST(CheckStudy, TellsEveryProblemWithChannels) {
  Study study = small_study();
  study.search.channels.emplace();
  EXPECT_EQ(problems_of(study), "");
  study.search.channels->keep = {"conv1", "conv4", "fc"};
  study.search.channels->shares.clear();
  const std::string text = problems_of(study);
  EXPECT_THAT(text, testing::HasSubstr("search.channels.shares: names no share"));
  EXPECT_THAT(text, testing::HasSubstr("search.channels.keep[1]: "));
  EXPECT_THAT(text, testing::HasSubstr("no layer 'conv4' whose channels could be removed"));
  EXPECT_THAT(text, testing::HasSubstr("search.channels.keep[2]: "));  // outputs of the network
  study = small_study();
  study.search.channels.emplace();
  study.search.channels->keep = {"conv1", "conv2", "conv3"};
  EXPECT_THAT(problems_of(study), testing::HasSubstr("no channels of small may be removed"));
}

TEST(CheckStudy, MagnitudeNeedsChannels) {
  Study study = small_study();
  study.search.algorithm = Algorithm::magnitude;
  EXPECT_THAT(problems_of(study), testing::HasSubstr("search.algorithm: magnitude goes through"));
  study.search.channels.emplace();
  EXPECT_EQ(problems_of(study), "");
}

/// At one width channels are left to search.
TEST(CheckStudy, OneWidthLeavesChannels) {
  Study study = small_study();
  study.search.weight_bits = study.search.input_bits = {8};
  study.baselines = study.finish.baselines = {{8, 8}};
  study.search.channels.emplace();
  EXPECT_EQ(problems_of(study), "");
  study.search.channels->shares = {1.0};
  EXPECT_THAT(problems_of(study), testing::HasSubstr("no channels of small may be removed"));
  study.search.channels->shares = {0.5, 1.0};
  study.search.channels->multiple = 8;  // of 4, 4 and 8 channels
  EXPECT_THAT(problems_of(study), testing::HasSubstr("a smaller multiple"));
}

/// What fused groups and designs of hardware remember knows widths alone.
TEST(CheckStudy, ChannelsAreSearchedLayerByLayer) {
  Study study = small_study();
  study.search.channels.emplace();
  study.schedule = Schedule::fused;
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("search.channels: cannot be searched with schedule: fused"));
  study = small_study();
  study.search.channels.emplace();
  study.hardware.search.emplace();
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("search.channels: cannot be searched together with hardware"));
}

TEST(CheckStudy, LeavesSomethingToSearch) {
  Study study = small_study();
  study.search.pinned = {{"conv1", 8, 8}, {"conv2", 8, 8}, {"conv3", 8, 8}, {"fc", 8, 8}};
  EXPECT_THAT(problems_of(study), testing::HasSubstr("pins every layer"));
}

TEST(CheckStudy, WantsOneOutput) {
  const Network one = small_network();
  const Network two =
      Network::make("two", one.nodes(), {*one.find("fc"), *one.find("conv3")}).value();
  EXPECT_THAT(to_text(check(small_study(), two, small_accelerator(), "s.yaml")),
              testing::HasSubstr("s.yaml: network: two has 2 outputs; accuracy is that of one"));
}

TEST(CheckStudy, NamesWhatCannotRunFused) {
  Study study = small_study();
  study.schedule = Schedule::fused;
  EXPECT_EQ(problems_of(study), "");
  study.hardware.include_auxiliary = false;
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("s.yaml: hardware.include_auxiliary: false leaves out additions "
                                 "and poolings, which fused groups are made of (true, or "
                                 "schedule: layer_by_layer)"));
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.levels[1].keeps = {{true, true, false}};
  const chip::Accelerator split = chip::Accelerator::make(fields).value();
  const std::string text = to_text(check(study, small_network(), split, "s.yaml"));
  EXPECT_THAT(text, testing::HasSubstr("s.yaml: schedule: fused groups cannot run on small: no "
                                       "on-chip level keeps both inputs and outputs"));
  EXPECT_THAT(text, testing::HasSubstr("or schedule: layer_by_layer"));
  study.schedule = Schedule::layer_by_layer;
  EXPECT_EQ(to_text(check(study, small_network(), split, "s.yaml")), "");
}

TEST(CheckStudy, NamesMapperOptionsThatDoNotExist) {
  Study study = small_study();
  study.mapper.strategy = "product";
  EXPECT_THAT(problems_of(study), testing::HasSubstr("s.yaml: mapper.strategy: "));
  EXPECT_THAT(problems_of(study), testing::HasSubstr("products"));
}

TEST(CheckStudy, WantsBudgetsOfACost) {
  Study study = small_study();
  study.search.algorithm = Algorithm::evolution;
  study.search.budgets = {
      {Objective::accuracy, 0.5}, {Objective::dram, 0.5}, {Objective::accuracy, 2.0}};
  const std::string text = problems_of(study);
  for (const char* place : {"budgets[0]", "budgets[2]"}) {
    EXPECT_THAT(text, testing::HasSubstr(std::string("s.yaml: search.") + place +
                                         ".of: must be a cost, got accuracy (energy, latency, "
                                         "dram, model_size or, with channels, macs)"));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("budgets[1]")));
}

TEST(CheckStudy, WantsOneShareOfEachCostOfABudget) {
  Study study = small_study();
  study.search.algorithm = Algorithm::evolution;
  study.search.budgets = {
      {Objective::energy, 0.5, {{Objective::latency, 0.5}}},
      {Objective::energy, 0.5, {{Objective::accuracy, 0.5}, {Objective::energy, 0.4}}},
      {Objective::dram, 0.5, {{Objective::macs, 0.5}, {Objective::macs, 0.4}}}};
  const std::string text = problems_of(study);
  for (const char* problem :
       {"budgets[1].also[0].of: must be a cost, got accuracy",
        "budgets[1].also[1].of: is the budget's second share of energy (its least one)",
        "budgets[2].also[0].of: macs are the same for every width",
        "budgets[2].also[1].of: is the budget's second share of macs"}) {
    EXPECT_THAT(text, testing::HasSubstr(std::string("s.yaml: search.") + problem));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("budgets[0]")));
}

/// Others would run as if they had none.
TEST(CheckStudy, WantsAnAlgorithmThatKeepsBudgets) {
  Study study = small_study();
  study.search.budgets = {{Objective::energy, 0.5}};
  for (const auto& [text, algorithm] : enum_names(Algorithm{})) {
    study.search.algorithm = algorithm;
    const bool keeps = algorithm == Algorithm::agent || algorithm == Algorithm::evolution;
    const auto told = testing::HasSubstr("s.yaml: search.budgets: are of agent and evolution");
    if (keeps) {
      EXPECT_THAT(problems_of(study), testing::Not(told)) << text;
    } else {
      EXPECT_THAT(problems_of(study), told) << text;
    }
  }
}

TEST(CheckStudy, MacsAreOfChannels) {
  Study study = small_study();
  study.search.algorithm = Algorithm::agent;
  study.search.objectives = {Objective::accuracy, Objective::macs};
  study.search.budgets = {{Objective::energy, 0.5}, {Objective::macs, 0.5}};
  const std::string text = problems_of(study);
  for (const char* place : {"search.objectives", "search.budgets[1].of"}) {
    EXPECT_THAT(text, testing::HasSubstr(std::string("s.yaml: ") + place +
                                         ": macs are the same for every width, and search.channels "
                                         "is null (search.channels, or another cost)"));
  }
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("budgets[0]")));
  study.search.channels.emplace();
  EXPECT_EQ(problems_of(study), "");
}

Study resilient_study() {
  Study study = small_study();
  study.search.objectives = {Objective::accuracy, Objective::energy, Objective::failure_rate};
  study.resilience.emplace();
  return study;
}

TEST(CheckStudy, ResilienceIsOfTheObjectiveFailureRate) {
  EXPECT_EQ(problems_of(resilient_study()), "");
  Study study = resilient_study();
  study.search.objectives.pop_back();
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("s.yaml: resilience: has no effect: failure_rate is not among "
                                 "search.objectives (add it there, or leave resilience out)"));
}

TEST(CheckStudy, TellsEveryProblemWithResilience) {
  using train::fault::Site;
  Study study = resilient_study();
  study.resilience->sites = {Site::weights, Site::scales, Site::weights};
  study.resilience->images = study.accuracy.search_images + 1;
  study.accuracy.method = AccuracyMethod::proxy;
  const std::string text = problems_of(study);
  for (const char* problem :
       {"search.objectives: has failure_rate, which flips bits of a trained network",
        "resilience.sites: lists a site twice",
        "resilience.sites: failures of scales are not predicted",
        "resilience.images: 2001 are more than accuracy.search_images, 2000"}) {
    EXPECT_THAT(text, testing::HasSubstr(std::string("s.yaml: ") + problem));
  }
  study = resilient_study();
  study.resilience->sites.clear();
  EXPECT_THAT(problems_of(study), testing::HasSubstr("resilience.sites: must list at least one"));
}

/// A plan within the budget is looked for by narrowing, and what is narrower may fail more.
TEST(CheckStudy, FailureRatesHaveNoBudgets) {
  Study study = resilient_study();
  study.search.algorithm = Algorithm::evolution;
  study.search.budgets = {{Objective::energy, 0.5, {{Objective::failure_rate, 0.5}}}};
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("s.yaml: search.budgets[0].also[0].of: cannot be failure_rate"));
  study.search.budgets = {{Objective::energy, 0.5}};
  EXPECT_EQ(problems_of(study), "");
  study.search.budgets.clear();
  EXPECT_EQ(problems_of(study), "");  // they are of energy
  for (const Algorithm algorithm : {Algorithm::evolution, Algorithm::agent}) {
    study.search.algorithm = algorithm;
    study.search.objectives = {Objective::failure_rate, Objective::accuracy, Objective::energy};
    EXPECT_THAT(problems_of(study),
                testing::HasSubstr("s.yaml: search.objectives: the first cost is what"));
  }
}

TEST(CheckStudy, WantsTheReferenceAmongWhatIsReTrainedUnlessNothingIs) {
  Study study = small_study();
  study.finish.baselines.clear();
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("s.yaml: finish.reference: 8/8 is not among finish.baselines"));
  study.finish.picks = 0;
  EXPECT_EQ(problems_of(study), "");
}

TEST(CheckStudy, WantsLevelsThatRiseAndEndFine) {
  Study study = small_study();
  study.search.levels = {{Abstraction::mid, 2, 8}, {Abstraction::coarse, 2, 10}};
  const std::string text = problems_of(study);
  EXPECT_THAT(text, testing::HasSubstr("s.yaml: search.levels[1].model: coarse after mid (levels "
                                       "go from coarse over mid to fine)"));
  EXPECT_THAT(text, testing::HasSubstr("s.yaml: search.levels[1].population: must be a multiple of "
                                       "4, at least 8, got 10 (for example 12)"));
  EXPECT_THAT(text, testing::HasSubstr("s.yaml: search.levels[1].model: the last level is coarse"));
  study.search.levels = {{Abstraction::coarse, 2, std::nullopt}, {Abstraction::fine, 0, 12}};
  EXPECT_EQ(problems_of(study), "");
  study.search.algorithm = Algorithm::greedy;
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("s.yaml: search.levels: are of nsga2 and agent, but "
                                 "search.algorithm is greedy"));
}

TEST(CheckStudy, WantsNsga2ForASurrogate) {
  Study study = small_study();
  study.search.surrogate.oversample = 8;
  EXPECT_EQ(problems_of(study), "");
  study.search.algorithm = Algorithm::random;
  EXPECT_EQ(problems_of(study),
            "s.yaml: search.surrogate.oversample: is of nsga2, but search.algorithm is random "
            "(leave search.surrogate out, or algorithm: nsga2)\n");
}

TEST(CheckStudy, WantsEvaluationsForTheUniformPlans) {
  Study study = small_study();
  study.search.evaluations = 8;  // three widths of each kind make nine uniform plans
  EXPECT_THAT(problems_of(study),
              testing::HasSubstr("s.yaml: search.evaluations: 8 are too few for the 9 uniform "
                                 "plans, which are always measured"));
  study.search.evaluations = 9;
  EXPECT_EQ(problems_of(study), "");
  study.search.evaluations = 2;
  study.baselines = {{8, 8}};
  study.finish.baselines = {{8, 8}, {4, 4}};
  EXPECT_EQ(problems_of(study), "");
  study.search.evaluations = 1;
  EXPECT_THAT(problems_of(study), testing::HasSubstr("1 are too few for the 2 uniform plans"));
}

}  // namespace
}  // namespace hwflow::study
