#include "study/hardware_spaces.hpp"

#include <gtest/gtest.h>

#include "tests/study/joint_world.hpp"

namespace hwflow::study {
namespace {

std::vector<std::string> places_of(const Study& study,
                                   const chip::Accelerator& accelerator = small_accelerator()) {
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
  study.search.algorithm = Algorithm::random;
  study.search.levels = {{Abstraction::fine, 1, std::nullopt}};
  study.schedule = Schedule::fused;
  EXPECT_EQ(places_of(study),
            (Places{"hardware.search.objectives[1]", "hardware.search.objectives[2]",
                    "hardware.search.targets.dram", "hardware.search.targets.bram",
                    "hardware.search.targets.area", "hardware.search", "hardware.search",
                    "hardware.search", "hardware.search.overlay.dm[1]"}));
}

TEST(HardwareSpaces, SearchesOneMachineAndPredictsNothing) {
  Study study = joint_study(SearchOrder::nested);
  study.accelerators = {{"bitfusion", "", {}}, {"bismo", "", {}}};
  EXPECT_EQ(places_of(study), Places{"hardware.search"});
  study.accelerators.pop_back();
  EXPECT_EQ(places_of(study), Places{});
}

TEST(HardwareSpaces, ChecksArraysAgainstTheAccelerator) {
  Study study = joint_study(SearchOrder::nested);
  HardwareSearchOptions& search = *study.hardware.search;
  search.space = DesignSpaceKind::array;
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
  const PrecisionPlan plan = PrecisionPlan::uniform(4, 8, 8);
  EXPECT_TRUE(arrays->prepare({&plan, 1}, 1).empty());
  EXPECT_GT(arrays->cost(plan).energy_pj, 0.0);
}

TEST(DesignedModel, RunsPlansWhereTheyWereToldTo) {
  const Study study = joint_study(SearchOrder::nested);
  const auto model = small_designed_model(study);
  const PrecisionPlan plan = PrecisionPlan::uniform(4, 4, 4);
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
