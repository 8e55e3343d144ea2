#include "study/fused_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.hpp"
#include "base/random.hpp"
#include "tests/study/small_world.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::study {
namespace {

/// A residual block between two convolutions.
Network residual_network() {
  NetworkBuilder net;
  const Window window{.kernel = 3, .pad = 1};
  const NodeId input = net.input({4, 8, 8});
  const NodeId first = net.conv_bias("conv1", input, 8, window, Activation::relu);
  const NodeId second = net.conv_bias("conv2", first, 8, window, Activation::relu);
  const NodeId third = net.conv_bias("conv3", second, 8, window, Activation::none);
  const NodeId sum = net.add("sum", first, third, Activation::relu);
  net.fully_connected("fc", sum, 10);
  return std::move(net).finish("residual");
}

/// small_accelerator() with a buffer of other size.
chip::Accelerator machine_with(std::int64_t buffer_bits) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.levels[1].capacity_bits = buffer_bits;
  return chip::Accelerator::make(fields).value();
}

chip::FusionOptions options_for(chip::Objective objective) {
  chip::FusionOptions options;
  options.objective = objective;
  options.mapper.objective = objective;
  options.mapper.max_evaluations = 500;
  return options;
}

std::unique_ptr<FusedModel> model_of(chip::MappingCache& mappings, std::int64_t buffer_bits,
                                     chip::Objective objective = chip::Objective::edp) {
  return FusedModel::make(residual_network(), machine_with(buffer_bits), HardwareOptions{},
                          options_for(objective), mappings)
      .value();
}

/// Plans as a search makes them: each differs from one before in a layer.
std::vector<CompressionPlan> draw_plans(std::size_t count) {
  Rng rng = Rng::derive(5, 1);
  constexpr std::array kWidths{2, 4, 8};
  std::vector<CompressionPlan> plans{CompressionPlan::uniform(4, 8, 8)};
  while (plans.size() < count) {
    CompressionPlan plan = plans[rng.below(plans.size())];
    plan.layers[rng.below(4)] = {kWidths[rng.below(3)], kWidths[rng.below(3)]};
    plans.push_back(plan);
  }
  return plans;
}

/// The witness: fuse_network() for this plan and no other.
chip::NetworkFusion fuse_alone(const CompressionPlan& plan, std::int64_t buffer_bits,
                               chip::Objective objective) {
  const chip::FusionMachine machine = *make_fusion_machine(machine_with(buffer_bits));
  const chip::Accelerator::Fields& fields = machine.whole.fields();
  const chip::FusionGraph graph = chip::make_fusion_graph(
      residual_network(), plan,
      {.float_bits = fields.float_bits, .partial_sum_bits = fields.partial_sum_bits});
  chip::MappingCache mappings;
  chip::FusionOptions options = options_for(objective);
  options.mappings = &mappings;
  return fuse_network(graph, machine, options).value();
}

constexpr std::int64_t kBuffer = 9000;

TEST(FusedModel, CostsWhatFusingThePlanAloneCosts) {
  const std::vector<CompressionPlan> plans = draw_plans(24);
  for (const chip::Objective objective : {chip::Objective::edp, chip::Objective::dram}) {
    std::vector<HardwareCost> alone;
    for (const CompressionPlan& plan : plans) {
      const chip::NetworkCost total = fuse_alone(plan, kBuffer, objective).total;
      alone.push_back({total.energy_pj, total.cycles, total.dram_bits,
                       model_bits(residual_network(), plan), residual_network().macs()});
    }
    for (const int threads : {1, 3}) {
      chip::MappingCache mappings;
      const auto model = model_of(mappings, kBuffer, objective);
      // One after the other from the end, then all: what is known of others changes nothing.
      for (std::size_t i = plans.size(); threads == 1 && i-- > 12;)
        ASSERT_TRUE(model->prepare(std::vector{plans[i]}, threads).empty());
      ASSERT_TRUE(model->prepare(plans, threads).empty());
      for (std::size_t i = 0; i < plans.size(); ++i)
        EXPECT_EQ(model->cost(plans[i]), alone[i]) << "plan " << i << ", threads " << threads;
    }
  }
}

TEST(FusedModel, FusesEveryPlanOnceAndSharesWhatPlansHaveInCommon) {
  const std::vector<CompressionPlan> plans = draw_plans(24);
  std::int64_t mapped_apart = 0;
  for (const CompressionPlan& plan : plans) {
    chip::MappingCache mappings;
    const auto model = model_of(mappings, kBuffer);
    ASSERT_TRUE(model->prepare(std::vector{plan}, 1).empty());
    mapped_apart += mappings.misses();
  }
  chip::MappingCache mappings;
  const auto model = model_of(mappings, kBuffer);
  ASSERT_TRUE(model->prepare(plans, 1).empty());
  EXPECT_LT(mappings.misses(), mapped_apart * 2 / 5);
  EXPECT_GT(model->slices_reused(), 50);
  EXPECT_GT(model->layers_reused(), 0);
  // Plans may come up twice among those drawn.
  std::vector<std::string> texts;
  for (const CompressionPlan& plan : plans) texts.push_back(to_text(plan));
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  EXPECT_EQ(model->plans_fused(), static_cast<std::int64_t>(texts.size()));

  const std::int64_t misses = mappings.misses(), reused = model->slices_reused();
  ASSERT_TRUE(model->prepare(plans, 2).empty());
  EXPECT_EQ(mappings.misses(), misses);
  EXPECT_EQ(model->slices_reused(), reused);
}

TEST(FusedModel, SchedulesAddUpToTheCost) {
  chip::MappingCache mappings;
  const auto model = model_of(mappings, kBuffer);
  const CompressionPlan plan{{{8, 8}, {4, 2}, {2, 8}, {8, 4}}};
  ASSERT_TRUE(model->prepare(std::vector{plan}, 1).empty());
  const PlanSchedule schedule = model->schedule(plan);
  double energy = 0.0;
  std::int64_t cycles = 0, dram = 0, macs = 0;
  std::vector<std::string> layers;
  for (const GroupDetails& group : schedule.groups) {
    energy += group.energy_pj;
    cycles += group.cycles;
    dram += group.dram_bits;
    for (const GroupMember& member : group.members) {
      layers.push_back(member.name);
      macs += member.macs;
    }
  }
  const HardwareCost cost = model->cost(plan);
  EXPECT_DOUBLE_EQ(energy, cost.energy_pj);
  EXPECT_EQ(cycles, cost.cycles);
  EXPECT_EQ(dram, cost.dram_bits);
  EXPECT_EQ(macs, cost.macs);
  EXPECT_EQ(layers, (std::vector<std::string>{"conv1", "conv2", "conv3", "sum", "fc"}));
}

TEST(FusedModel, NamesEveryLayerThatFitsNowhere) {
  chip::MappingCache mappings;
  const auto model = model_of(mappings, 16);
  const Diagnostics problems = model->prepare(
      std::vector{CompressionPlan::uniform(4, 8, 8), CompressionPlan::uniform(4, 4, 8)}, 2);
  EXPECT_THAT(to_text(problems), testing::HasSubstr("layer conv1 on small: has no mapping"));
  EXPECT_EQ(std::count_if(
                problems.begin(), problems.end(),
                [](const Diagnostic& problem) { return problem.place == "layer conv1 on small"; }),
            1);
}

TEST(FusedModel, RefusesMachinesWithoutOneBuffer) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.levels[1].keeps = {{true, true, false}};
  chip::MappingCache mappings;
  const auto model =
      FusedModel::make(residual_network(), chip::Accelerator::make(fields).value(),
                       HardwareOptions{}, options_for(chip::Objective::edp), mappings);
  ASSERT_FALSE(model.has_value());
  EXPECT_THAT(to_text(model.error()), testing::HasSubstr("keeps both inputs and outputs"));
}

TEST(FusedModel, AStopLeavesNothingHalfDone) {
  chip::MappingCache mappings;
  const auto model = model_of(mappings, kBuffer);
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  std::stop_source source;
  source.request_stop();
  EXPECT_TRUE(model->prepare(std::vector{plan}, 1, source.get_token()).empty());
  EXPECT_EQ(model->plans_fused(), 0);
  EXPECT_THROW(static_cast<void>(model->cost(plan)), InternalError);
  EXPECT_THROW(static_cast<void>(model->schedule(plan)), InternalError);
}

}  // namespace
}  // namespace hwflow::study
