#include "study/schedules.hpp"

#include <gtest/gtest.h>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

LoadedStudy study_with(Schedule schedule) {
  LoadedStudy loaded{small_study(),       "small",  {},   {}, small_network(),
                     small_accelerator(), "a: 1\n", "aa", {}};
  loaded.options.mapper.max_evaluations = 500;
  loaded.options.schedule = schedule;
  return loaded;
}

TEST(MapperOptions, AreThoseOfTheStudyOnOneThread) {
  Study study = small_study();
  study.mapper.objective = chip::Objective::dram;
  study.mapper.factors = chip::MapperOptions::Factors::ceiling;
  study.mapper.max_evaluations = 77;
  study.mapper.strategy = "products";
  study.search.seed = 9;
  const chip::MapperOptions options = mapper_options(study);
  EXPECT_EQ(options.objective, chip::Objective::dram);
  EXPECT_EQ(options.factors, chip::MapperOptions::Factors::ceiling);
  EXPECT_EQ(options.max_evaluations, std::optional<std::int64_t>(77));
  EXPECT_EQ(options.strategy, "products");
  EXPECT_EQ(options.seed, 9U);
  EXPECT_EQ(options.threads, 1);
}

TEST(MakeHardwareModel, FusedCostsNoMoreThanLayerByLayer) {
  const CompressionPlan plan{{{8, 8}, {4, 2}, {2, 8}, {8, 4}}};
  std::vector<HardwareCost> costs;
  for (const Schedule schedule : {Schedule::layer_by_layer, Schedule::fused}) {
    const LoadedStudy study = study_with(schedule);
    chip::MappingCache mappings;
    const auto model = make_hardware_model(study, mappings);
    ASSERT_TRUE(model->prepare(std::vector{plan}, 1).empty());
    costs.push_back(model->cost(plan));
    EXPECT_EQ(model->schedule(plan).groups.empty(), schedule == Schedule::layer_by_layer);
  }
  const auto edp = [](const HardwareCost& cost) {
    return cost.energy_pj * static_cast<double>(cost.cycles);
  };
  EXPECT_LT(edp(costs[1]), edp(costs[0]));
  EXPECT_LT(costs[1].dram_bits, costs[0].dram_bits);
  EXPECT_EQ(costs[1].model_bits, costs[0].model_bits);
}

}  // namespace
}  // namespace hwflow::study
