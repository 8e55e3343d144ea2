#include "chip/fusion/network_traffic.hpp"

#include <gtest/gtest.h>

#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

FusionOptions quick_options(Objective objective) {
  FusionOptions options;
  options.objective = objective;
  options.mapper.max_evaluations = 500;
  return options;
}

/// Law: what the parts of a partition move adds up, and the DRAM port of the buffer moves what DRAM
/// does, in groups and in layers by themselves.
TEST(NetworkTraffic, AddsUpAndAgreesWithTheTrafficOfDram) {
  NetworkBuilder builder;
  NodeId x = builder.input({4, 8, 8});
  x = builder.conv_bias("a", x, 8, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.max_pool("pool", x, {.kernel = 2, .stride = 2});
  builder.conv_bias("b", x, 4, {.kernel = 3, .pad = 1}, Activation::none);
  const Network network = std::move(builder).finish("three");
  const FusionGraph graph =
      make_fusion_graph(network, CompressionPlan::uniform(2, 16, 16), {.partial_sum_bits = 16});
  const auto machine = make_fusion_machine(*load_accelerator("eyeriss-isca"),
                                           {.buffer_bits = 12'000, .double_buffered = {}});
  ASSERT_TRUE(machine.has_value());
  for (const Objective objective : {Objective::dram, Objective::energy}) {
    const auto fusion = fuse_network(graph, *machine, quick_options(objective));
    ASSERT_TRUE(fusion.has_value());
    const auto sum = fused_traffic(*fusion, graph, *machine);
    ASSERT_TRUE(sum.has_value());
    TrafficByLevel by_hand(machine->inner.levels().size());
    for (const FusedGroup& group : fusion->groups) {
      const auto levels = level_traffic(group, graph, *machine);
      ASSERT_TRUE(levels.has_value());
      std::int64_t port = 0;
      for (const RoleTraffic& role : levels->front().roles)
        port += role.fills.bits + role.drains.bits;
      EXPECT_EQ(port, group.total.dram_bits) << group.layers.front();
      for (std::size_t l = 0; l < by_hand.size(); ++l) by_hand[l] += (*levels)[l];
    }
    EXPECT_EQ(*sum, by_hand);
    const auto single = single_layer_traffic(*fusion, *machine);
    ASSERT_TRUE(single.has_value());
    std::int64_t port = 0;
    for (const RoleTraffic& role : single->front().roles)
      port += role.fills.bits + role.drains.bits;
    EXPECT_EQ(port, fusion->single_layers->dram_bits);
  }
}

TEST(NetworkTraffic, IsMissingWhereAGroupWasNotPriced) {
  FusedGroup group;
  group.plan.emplace();
  EXPECT_FALSE(level_traffic(group, {}, *make_fusion_machine(*load_accelerator("eyeriss-isca"))));
}

}  // namespace
}  // namespace hwflow::chip
