#include "chip/fusion/group_evaluation.hpp"

#include <gtest/gtest.h>

#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// Two 1x1 convolutions in one step on a machine without array: all by hand.
TEST(GroupEvaluator, AddsUpTransfersAndBlocks) {
  NetworkBuilder builder;
  const NodeId x = builder.input({4, 4, 4});
  const NodeId a = builder.conv_bias("a", x, 8, {}, Activation::relu);
  builder.conv_bias("b", a, 2, {}, Activation::none);
  const Network network = std::move(builder).finish("two");
  const FusionGraph graph =
      make_fusion_graph(network, PrecisionPlan::uniform(2, 16, 16), {.partial_sum_bits = 16});
  const auto machine = make_fusion_machine(*load_accelerator("eyeriss-isca"));
  ASSERT_TRUE(machine.has_value());
  GroupSpace space(graph, {0, 2}, machine->room, {});
  const auto plan = least_traffic(space, 0);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->steps, 1);
  MapperOptions options;
  options.objective = Objective::energy;
  options.strategy = "products";
  GroupEvaluator evaluator(graph, *machine, options);
  const auto cost = evaluator.evaluate({0, 2}, *plan);
  ASSERT_TRUE(cost.has_value());
  // In 4*4*4 + weights 4*8 + 8*2, out 4*4*2 words of 16 bit; 200 and 6 a word.
  const std::int64_t read = 16 * (64 + 32 + 16), written = 16 * 32;
  EXPECT_EQ(plan->traffic.read_bits(), read);
  EXPECT_EQ(plan->traffic.written_bits, written);
  EXPECT_NEAR(cost->dram_energy_pj, evaluator.transfer_energy_pj(read, written), 1e-9);
  EXPECT_EQ(cost->macs, 16 * (4 * 8 + 8 * 2));
  // The blocks are whole layers: their cost is what the mapper says of them.
  double blocks = 0.0;
  std::int64_t cycles = 0;
  for (const FusionLayer& layer : graph.layers) {
    const auto mapped = map_layer(layer.layer, machine->inner, options);
    ASSERT_TRUE(mapped.has_value());
    blocks += mapped->cost.energy_pj;
    cycles += mapped->cost.cycles;
  }
  EXPECT_NEAR(cost->energy_pj, cost->dram_energy_pj + blocks, 1e-6 * blocks);
  EXPECT_EQ(cost->compute_cycles, cycles);
  const LevelTraffic& buffer = cost->level_traffic.front();
  EXPECT_EQ(buffer.of(Role::inputs).fills, (Moved{64, 64 * 16}));
  EXPECT_EQ(buffer.of(Role::weights).fills, (Moved{32 + 16, 48 * 16}));
  EXPECT_EQ(buffer.of(Role::outputs).drains, (Moved{32, 32 * 16}));
  EXPECT_EQ(buffer.of(Role::inputs).drains, Moved{});
  // Each word of a feature map enters the array at least once, and what comes out went in.
  EXPECT_GE(buffer.of(Role::inputs).reads.words, 64 + 128);
  EXPECT_GE(buffer.of(Role::outputs).updates.words, 128 + 32);
  const auto bound = evaluator.lower_bound({0, 2}, plan->traffic);
  EXPECT_LE(bound.energy_pj, cost->energy_pj);
  EXPECT_LE(bound.cycles, cost->cycles);
}

}  // namespace
}  // namespace hwflow::chip
