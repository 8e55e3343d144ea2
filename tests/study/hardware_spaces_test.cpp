#include "study/hardware_spaces.hpp"

#include <gtest/gtest.h>

#include "tests/study/joint_world.hpp"

namespace hwflow::study {
namespace {

/// The small machine as a bit-serial one, whose place overlays may take.
chip::Accelerator bit_serial() {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.engine.kind = chip::BitSerialEngine{};
  return chip::Accelerator::make(fields).value();
}

std::vector<std::string> places_of(const Study& study,
                                   const chip::Accelerator& accelerator = bit_serial()) {
  std::vector<std::string> places;
  for (const Diagnostic& problem : check_hardware_search(study, accelerator))
    places.push_back(problem.place);
  return places;
}

using Places = std::vector<std::string>;

TEST(HardwareSpaces, AStudyWithoutASearchForHardwareHasNoProblemsWithIt) {
  EXPECT_EQ(places_of(small_study()), Places{});
  EXPECT_EQ(places_of(joint_study(SearchOrder::nested)), Places{});
}

TEST(HardwareSpaces, TellsEverythingThatIsWrong) {
  Study study = joint_study(SearchOrder::nested);
  HardwareSearchOptions& search = *study.hardware.search;
  search.objectives = {HardwareObjective::latency, HardwareObjective::energy,
                       HardwareObjective::latency};
  search.targets.area = 0.5;
  search.overlay.dm = {4, 2};
  study.search.algorithm = Algorithm::greedy;
  study.search.levels = {{Abstraction::fine, 1, std::nullopt}};
  study.schedule = Schedule::fused;
  EXPECT_EQ(places_of(study),
            (Places{"hardware.search.objectives[1]", "hardware.search.objectives[2]",
                    "hardware.search.targets.dram", "hardware.search.targets.bram",
                    "hardware.search.targets.area", "search.algorithm", "search.levels", "schedule",
                    "hardware.search.overlay.dm[1]"}));
}

TEST(HardwareSpaces, SearchesOneMachineAndPredictsNothing) {
  Study study = joint_study(SearchOrder::nested);
  study.accelerators = {{"bitfusion", "", {}}, {"bismo", "", {}}};
  EXPECT_EQ(places_of(study), Places{"accelerators"});
  study.accelerators.pop_back();
  EXPECT_EQ(places_of(study), Places{});
}

TEST(HardwareSpaces, AsksForNsga2OrRandomPlans) {
  Study study = joint_study(SearchOrder::nested);
  for (const Algorithm algorithm : {Algorithm::nsga2, Algorithm::random, Algorithm::greedy,
                                    Algorithm::uniform, Algorithm::agent}) {
    study.search.algorithm = algorithm;
    const bool is_known = algorithm == Algorithm::nsga2 || algorithm == Algorithm::random;
    EXPECT_EQ(places_of(study), is_known ? Places{} : Places{"search.algorithm"});
  }
}

/// Keys that the search does not read are told of, each by its name.
TEST(HardwareSpaces, RefusesKeysThatDoNotCount) {
  Study study = joint_study(SearchOrder::nested);
  study.search.objectives = {Objective::accuracy, Objective::dram};
  study.search.sensitivity_seeds = false;
  study.hardware.search->array.rows = {2};
  study.mapper.max_evaluations = 10;
  EXPECT_EQ(places_of(study, small_accelerator()),
            (Places{"search.objectives", "search.sensitivity_seeds", "hardware.search.array",
                    "mapper", "accelerator"}));
  study = joint_study(SearchOrder::nested);
  study.hardware.search->space = DesignSpaceKind::array;
  study.hardware.search->targets = {};
  study.mapper.max_evaluations = 10;
  EXPECT_EQ(places_of(study, small_accelerator()), Places{"hardware.search.overlay"});
}

TEST(HardwareSpaces, ChecksArraysAgainstTheAccelerator) {
  Study study = joint_study(SearchOrder::nested);
  HardwareSearchOptions& search = *study.hardware.search;
  search.space = DesignSpaceKind::array;
  search.overlay = {};
  search.targets = {};
  search.reference_widths = {16, 16};
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.engine.kind = chip::BitParallelEngine{8};
  search.array.register_bits = {128};
  EXPECT_EQ(places_of(study, chip::Accelerator::make(fields).value()),
            (Places{"hardware.search.array.register_bits[0]", "hardware.search.reference_widths"}));
}

TEST(HardwareSpaces, MakesTheSpaceThatTheStudyAsksFor) {
  LoadedStudy study{joint_study(SearchOrder::nested),
                    "small",
                    {},
                    {},
                    small_network(),
                    small_accelerator(),
                    "",
                    "",
                    {}};
  chip::MappingCache mappings;
  EXPECT_EQ(make_designed_model(study, mappings)->space().size_names()[0], "dm");
  study.options.hardware.search->space = DesignSpaceKind::array;
  study.options.hardware.search->targets = {};
  const auto arrays = make_designed_model(study, mappings);
  EXPECT_EQ(arrays->space().size_names()[0], "rows");
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  EXPECT_TRUE(arrays->prepare({&plan, 1}, 1).empty());
  EXPECT_GT(arrays->cost(plan).energy_pj, 0.0);
}

TEST(DesignedModel, RunsPlansWhereTheyWereToldTo) {
  const Study study = joint_study(SearchOrder::nested);
  const auto model = small_designed_model(study);
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 4);
  const HardwareCost before = model->cost(plan);
  EXPECT_EQ(before, model->space().cost(plan, model->space().reference()));
  const DesignSizes larger{4, 64, 4, 2048, 2048, 0};
  model->choose(plan, larger);
  EXPECT_EQ(model->chosen(plan), larger);
  EXPECT_LT(model->cost(plan).cycles, before.cycles);
  EXPECT_EQ(model->schedule(plan).layers.size(), 4U);
}

}  // namespace
}  // namespace hwflow::study
