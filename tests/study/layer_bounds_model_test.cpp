#include "study/layer_bounds_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>

#include "base/check.hpp"
#include "base/random.hpp"
#include "tests/study/small_world.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::study {
namespace {

/// Two layers whose operands do not fit a small buffer together, whatever their tiles.
Network pointwise_network() {
  NetworkBuilder net;
  const NodeId input = net.input({32, 8, 8});
  const NodeId first = net.conv_bias("conv1", input, 32, {}, Activation::relu);
  net.conv_bias("conv2", first, 32, {}, Activation::relu);
  return std::move(net).finish("pointwise");
}

std::vector<CompressionPlan> draw_plans(std::size_t count) {
  Rng rng(3);
  constexpr std::array kWidths{2, 4, 8};
  std::vector<CompressionPlan> plans(count, CompressionPlan::uniform(2, 8, 8));
  for (CompressionPlan& plan : plans) {
    for (PrecisionPair& pair : plan.layers) pair = {kWidths[rng.below(3)], kWidths[rng.below(3)]};
  }
  return plans;
}

void expect_below(const HardwareCost& bound, const HardwareCost& cost) {
  EXPECT_LE(bound.energy_pj, cost.energy_pj * (1.0 + 1e-12));
  EXPECT_LE(bound.cycles, cost.cycles);
  EXPECT_LE(bound.dram_bits, cost.dram_bits);
  EXPECT_EQ(bound.model_bits, cost.model_bits);
  EXPECT_EQ(bound.macs, cost.macs);
}

// The law of docs/model.md, "The coarser models", for whole plans and the mapper's choices.
TEST(LayerBoundsModel, CoarseIsBelowMidIsBelowTheMapper) {
  for (const std::int64_t buffer_bits : {3'000, 65'536}) {
    chip::Accelerator::Fields fields = small_accelerator().fields();
    fields.levels[0].read_bandwidth_bits_per_cycle = 16.0;
    fields.levels[1].capacity_bits = buffer_bits;
    const chip::Accelerator accelerator = chip::Accelerator::make(fields).value();
    chip::MappingCache cache;
    chip::MapperOptions mapper;
    mapper.max_evaluations = 300;
    LayerByLayerModel fine(pointwise_network(), accelerator, {}, [&](const Layer& layer) {
      return cache.map(layer, accelerator, mapper);
    });
    LayerBoundsModel mid(pointwise_network(), accelerator, {},
                         bounds_of_layers(accelerator, Abstraction::mid));
    LayerBoundsModel coarse(pointwise_network(), accelerator, {},
                            bounds_of_layers(accelerator, Abstraction::coarse));
    const std::vector<CompressionPlan> plans = draw_plans(20);
    bool is_mid_above = false;
    for (HardwareModel* model : std::array<HardwareModel*, 3>{&coarse, &mid, &fine}) {
      ASSERT_TRUE(model->prepare(plans, 2).empty());
    }
    for (const CompressionPlan& plan : plans) {
      expect_below(coarse.cost(plan), mid.cost(plan));
      expect_below(mid.cost(plan), fine.cost(plan));
      is_mid_above = is_mid_above || coarse.cost(plan).dram_bits < mid.cost(plan).dram_bits;
    }
    EXPECT_EQ(is_mid_above, buffer_bits == 3'000);  // where weights do not stay in the buffer
  }
}

/// Operands are read from registers for every MAC, and nothing else costs energy: the bound is what
/// any mapping costs.
TEST(LayerBoundsModel, MidCountsTheLevelsNextToTheUnits) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  for (chip::MemoryLevel& level : fields.levels) {
    level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = 0.0;
  }
  fields.engine.mac_energy_pj = 0.0;
  chip::MemoryLevel registers = fields.levels[1];
  registers.name = "registers";
  registers.keeps = {{true, true, false}};
  registers.capacity_bits = 256;
  registers.fanout = {};
  registers.read_energy_pj_per_bit = 1.0;
  fields.levels.push_back(registers);
  const chip::Accelerator accelerator = chip::Accelerator::make(fields).value();
  chip::MapperOptions mapper;
  mapper.max_evaluations = 100;
  LayerByLayerModel fine(pointwise_network(), accelerator, {}, [&](const Layer& layer) {
    return chip::map_layer(layer, accelerator, mapper);
  });
  LayerBoundsModel mid(pointwise_network(), accelerator, {},
                       bounds_of_layers(accelerator, Abstraction::mid));
  const std::vector plans{CompressionPlan{{{8, 4}, {2, 8}}}};
  ASSERT_TRUE(fine.prepare(plans, 1).empty());
  ASSERT_TRUE(mid.prepare(plans, 1).empty());
  // 32 * 32 * 8 * 8 MACs a layer, at 8 + 4 and at 2 + 8 bits.
  EXPECT_DOUBLE_EQ(mid.cost(plans[0]).energy_pj, 65536.0 * (12 + 10));
  EXPECT_DOUBLE_EQ(fine.cost(plans[0]).energy_pj, 65536.0 * (12 + 10));
}

/// The same on every shipped machine, whatever it counts, by a mapper that is stopped early: any
/// mapping is above the bounds.
TEST(LayerBoundsModel, HoldsOnEveryShippedAccelerator) {
  for (const chip::BuiltinAccelerator& builtin : chip::builtin_accelerators()) {
    const std::string machine(builtin.name);
    const chip::Accelerator accelerator = chip::load_accelerator(machine).value();
    LayerBoundsModel mid(small_network(), accelerator, {},
                         bounds_of_layers(accelerator, Abstraction::mid));
    LayerBoundsModel coarse(small_network(), accelerator, {},
                            bounds_of_layers(accelerator, Abstraction::coarse));
    chip::MapperOptions mapper;
    mapper.max_evaluations = 200;
    LayerByLayerModel fine(small_network(), accelerator, {}, [&](const Layer& layer) {
      return chip::map_layer(layer, accelerator, mapper);
    });
    for (const int bits : {4, 8, 16}) {
      if (!accelerator.engine().rate(bits, bits)) continue;
      const std::vector plans{CompressionPlan::uniform(4, bits, bits)};
      if (!mid.prepare(plans, 1).empty()) continue;  // what the model does not count
      ASSERT_TRUE(coarse.prepare(plans, 1).empty());
      if (!fine.prepare(plans, 1).empty()) continue;  // what does not map
      SCOPED_TRACE(machine + ", " + std::to_string(bits));
      expect_below(coarse.cost(plans[0]), mid.cost(plans[0]));
      expect_below(mid.cost(plans[0]), fine.cost(plans[0]));
    }
  }
}

/// A plan's bound uses what its layers are known to cost, and bounds for the others.
TEST(LayerBoundsModel, KnownLayersBringTheBoundOfAPlanNearer) {
  SmallModels models;
  const CompressionPlan known = CompressionPlan::uniform(4, 8, 8);
  CompressionPlan plan = known;
  plan.layers[3].weights = 4;  // fc alone is new, conv3 keeps its output width
  ASSERT_TRUE(models.fine.prepare(std::vector{known}, 1).empty());
  ASSERT_TRUE(models.coarse.prepare(std::vector{known, plan}, 1).empty());
  EXPECT_EQ(models.fine.lower_bound(known, models.coarse), models.fine.cost(known));
  const HardwareCost bound = models.fine.lower_bound(plan, models.coarse);
  // MACs: conv1 and conv2 9,216, conv3 18,432, fc 5,120; outputs 256, 256, 512.
  EXPECT_DOUBLE_EQ(bound.energy_pj, (9216 + 9216 + 18432) * 64 + 1024 * 8 + 5120 * 4);
  EXPECT_EQ(bound.cycles, (9216 + 9216 + 18432) * 8 + 5120 * 4 / 2);
  EXPECT_EQ(bound.model_bits, model_bits(small_network(), plan));
  EXPECT_EQ(bound.macs, 9216 + 9216 + 18432 + 5120);
  ASSERT_TRUE(models.fine.prepare(std::vector{plan}, 1).empty());
  expect_below(models.coarse.cost(plan), bound);
  expect_below(bound, models.fine.cost(plan));
}

/// By hand: 2 of 4, 3 of 4 and 5 of 8 channels stay. Whether layers are known or not, and at every
/// level, these are the MACs.
TEST(LayerBoundsModel, MacsAreTheSameAtAllLevels) {
  SmallModels models;
  CompressionPlan plan = CompressionPlan::uniform(4, 4, 8);
  plan.channels = {2, 3, 5};
  const std::int64_t left = 9216 / 2 + 9216 * 6 / 16 + 18432 * 15 / 32 + 5120 * 5 / 8;
  const std::vector plans{plan};
  ASSERT_TRUE(models.coarse.prepare(plans, 1).empty());
  ASSERT_TRUE(models.mid.prepare(plans, 1).empty());
  EXPECT_EQ(models.fine.lower_bound(plan, models.mid).macs, left);
  ASSERT_TRUE(models.fine.prepare(plans, 1).empty());
  EXPECT_EQ(models.fine.lower_bound(plan, models.mid).macs, left);
  for (const HardwareModel* model :
       std::array<const HardwareModel*, 3>{&models.coarse, &models.mid, &models.fine}) {
    EXPECT_EQ(model->cost(plan).macs, left);
  }
}

TEST(LayerBoundsModel, AddsUpLayersAndBoundsEqualOnesOnce) {
  std::atomic<int> calls = 0;
  LayerBoundsModel model(small_network(), small_accelerator(), {}, [&](const Layer& layer) {
    ++calls;
    return bound_by_formula(layer, Abstraction::coarse);
  });
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 8);
  ASSERT_TRUE(model.prepare(std::vector{plan, plan}, 2).empty());
  EXPECT_EQ(calls, 3);  // conv1 and conv2 are the same layer
  EXPECT_EQ(model.layers_bounded(), 3);
  EXPECT_EQ(model.layers_reused(), 5);
  EXPECT_EQ(model.schedules_searched(), 0);
  // MACs: conv1 and conv2 8*8*4*4*9 = 9,216, conv3 18,432, fc 5,120; 4-bit weights.
  const std::int64_t macs = 9216 + 9216 + 18432 + 5120;
  EXPECT_DOUBLE_EQ(model.cost(plan).energy_pj, static_cast<double>(macs * 4));
  EXPECT_EQ(model.cost(plan).cycles, macs * 4 / 2);
  EXPECT_EQ(model.cost(plan).macs, macs);
  EXPECT_EQ(model.cost(plan).dram_bits, (144 + 144 + 288 + 5120) * 4);
  EXPECT_THROW(static_cast<void>(model.cost(CompressionPlan::uniform(4, 2, 2))), InternalError);
  EXPECT_THROW(static_cast<void>(model.schedule(plan)), InternalError);
}

chip::Accelerator fixed_width() {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.engine.kind = chip::BitParallelEngine{8};
  return chip::Accelerator::make(fields).value();
}

TEST(LayerBoundsModel, NamesLayersWithoutABound) {
  LayerBoundsModel model(small_network(), small_accelerator(), {},
                         bounds_of_layers(fixed_width(), Abstraction::mid));
  const Diagnostics problems = model.prepare(std::vector{CompressionPlan::uniform(4, 16, 8)}, 1);
  ASSERT_FALSE(problems.empty());
  EXPECT_THAT(to_text(problems), testing::HasSubstr("layer conv1 on small"));
}

}  // namespace
}  // namespace hwflow::study
