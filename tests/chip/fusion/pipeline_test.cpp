#include "chip/fusion/pipeline.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "chip/fusion/group_evaluation.hpp"
#include "tests/chip/fusion/random_network.hpp"
#include "tests/support/fused_simulator.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// Cases that cannot be pipelined are passed over.
TEST(Pipeline, LiveBitsEqualTheWalkOverPixelsSlotBySlot) {
  int compared = 0;
  for (std::uint64_t i = 0; i < 25000 && !HasFailure(); ++i) {
    Rng rng = Rng::derive(8, i);
    const Network network = testing::random_network(rng, 6);
    const FusionGraph graph = make_fusion_graph(network, testing::random_plan(rng, network), {});
    auto drawn = testing::random_schedule(rng, graph);
    for (std::size_t t = 0; t < drawn.group.tensors.size(); ++t)
      if (drawn.group.tensors[t].producer) drawn.schedule.halos[t] = HaloPolicy::retain;
    const std::vector<std::size_t> stages = pipeline_stages(graph, drawn.group);
    if (!can_pipeline(drawn.group, stages, drawn.schedule)) continue;
    SCOPED_TRACE(fmt::format("case {}\n{}", i, testing::describe(network, graph, drawn)));
    const TileScans scans(drawn.group, drawn.schedule);
    const TiledGroup tiled(drawn.group, scans, drawn.schedule.outer);
    const auto walked =
        hwflow::testing::simulate_pipeline(network, graph, drawn.group, drawn.schedule, stages);
    EXPECT_TRUE(walked.faults.empty()) << walked.faults.front();
    const auto live = live_bits_by_slot(drawn.group, tiled.scan(), stages, drawn.schedule);
    ASSERT_EQ(live, walked.live);
    BufferRoom room{.feature_bits = std::int64_t{1} << 50, .double_buffered = rng.below(2) == 1};
    const auto found = pipeline_room(tiled, stages, drawn.schedule, room);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->live.bits, *std::max_element(live.begin(), live.end()));
    room.feature_bits = found->total();
    EXPECT_TRUE(pipeline_room(tiled, stages, drawn.schedule, room));
    --room.feature_bits;
    EXPECT_FALSE(pipeline_room(tiled, stages, drawn.schedule, room));
    ++compared;
  }
  EXPECT_GE(compared, 5000);
}

/// Two alike convolutions in 4 steps: 5 slots, in the first and the last of which one stage waits.
TEST(Pipeline, FillsAndDrains) {
  NetworkBuilder builder;
  const NodeId x = builder.input({16, 8, 8});
  const NodeId a = builder.conv_bias("a", x, 16, {}, Activation::none);
  builder.conv_bias("b", a, 16, {}, Activation::none);
  const Network network = std::move(builder).finish("two");
  const FusionGraph graph =
      make_fusion_graph(network, CompressionPlan::uniform(2, 16, 16), {.partial_sum_bits = 16});
  const auto machine = make_fusion_machine(*load_accelerator("eyeriss-isca"));
  ASSERT_TRUE(machine.has_value());
  GroupPlan plan;
  plan.schedule.tile_rows = 2;
  plan.schedule.tile_columns = 8;
  plan.schedule.halos.assign(3, HaloPolicy::retain);
  plan.schedule.resident_weights = {true, true};
  const Group group = make_group(graph, {0, 2});
  const TileScans scans(group, plan.schedule);
  const TiledGroup tiled(group, scans, Axis::rows);
  plan.traffic = tiled.traffic(plan.schedule);
  plan.room = tiled.room(plan.schedule, false);
  plan.steps = tiled.steps();
  MapperOptions options;
  options.objective = Objective::latency;
  options.strategy = "products";
  GroupEvaluator evaluator(graph, *machine, options);
  const auto shared = evaluator.in_space({0, 2}, plan);
  ASSERT_TRUE(shared.has_value());
  EXPECT_EQ(shared->schedule.shares, (std::vector<std::int64_t>{8, 8}));
  // Between the layers lie the 2 x 8 pixels that one stage makes and the 2 x 8 that the other
  // reads; each has its 2 x 8 inputs, and nothing else.
  EXPECT_EQ(shared->room.live.bits, (2 + 1) * 16 * 16 * 16);
  const auto cost = evaluator.evaluate({0, 2}, *shared);
  ASSERT_TRUE(cost.has_value());
  // 16 * 16 MACs for each of 16 pixels on half of 256 units; no bandwidth limits.
  constexpr std::int64_t kStep = 16 * 16 * 16 / 128;
  ASSERT_EQ(cost->timeline.slots.size(), 5U);
  for (const SlotWork& slot : cost->timeline.slots) EXPECT_EQ(slot.cycles, kStep);
  EXPECT_EQ(cost->cycles, 5 * kStep);
  EXPECT_EQ(cost->macs, 2 * 16 * 16 * 64);
  const auto in_time = evaluator.evaluate({0, 2}, plan);
  ASSERT_TRUE(in_time.has_value());
  EXPECT_EQ(in_time->cycles, 4 * kStep);
  EXPECT_EQ(in_time->dram_energy_pj, cost->dram_energy_pj);
}

/// The longest stage of a step, all shares of the columns tried and priced.
std::int64_t least_longest(const Slice& slice, GroupPlan plan, GroupEvaluator& evaluator,
                           const std::vector<std::size_t>& stages) {
  const std::int64_t columns = evaluator.blocks().shares().columns();
  std::int64_t least = std::int64_t{1} << 60;
  std::function<void(std::int64_t)> choose = [&](std::int64_t left) {
    if (plan.schedule.shares.size() == stages.back() + 1) {
      const auto cost = evaluator.evaluate(slice, plan, MappingEffort::quick);
      if (!cost) return;
      std::vector<std::int64_t> busy(stages.back() + 1, 0);
      for (std::size_t l = 0; l < stages.size(); ++l)
        busy[stages[l]] += cost->timeline.step(0).layers[l].cycles;
      least = std::min(least, *std::max_element(busy.begin(), busy.end()));
      return;
    }
    for (std::int64_t share = 1; share <= left; ++share) {
      plan.schedule.shares.push_back(share);
      choose(left - share);
      plan.schedule.shares.pop_back();
    }
  };
  choose(columns);
  return least;
}

/// One step, so it is the most frequent one.
TEST(Pipeline, SharesAreTheBestOfAllByWhatTheMapperFinds) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Rng rng = Rng::derive(19, seed);
    NetworkBuilder builder;
    NodeId x = builder.input({rng.between(2, 9), 6, 6});
    for (int i = 0; i < 2; ++i)
      x = builder.conv_bias(fmt::format("n{}", i), x, rng.between(2, 18),
                            {.kernel = rng.between(1, 3), .pad = 0}, Activation::none);
    const Network network = std::move(builder).finish("chain");
    const FusionGraph graph =
        make_fusion_graph(network, CompressionPlan::uniform(2, 8, 8), {.partial_sum_bits = 16});
    const auto machine = make_fusion_machine(*load_accelerator("eyeriss-isca"));
    GroupPlan plan;
    plan.schedule.tile_rows = graph.layers[1].shape.height;
    plan.schedule.tile_columns = graph.layers[1].shape.width;
    const Group group = make_group(graph, {0, 2});
    plan.schedule.halos.assign(group.tensors.size(), HaloPolicy::retain);
    plan.schedule.resident_weights = {true, true};
    MapperOptions options;
    options.objective = Objective::latency;
    options.max_evaluations = 60;  // so little that mappings differ from their bounds
    GroupEvaluator evaluator(graph, *machine, options);
    const auto shared = evaluator.in_space({0, 2}, plan);
    ASSERT_TRUE(shared.has_value());
    const std::vector<std::size_t> stages = pipeline_stages(graph, group);
    const auto cost = evaluator.evaluate({0, 2}, *shared, MappingEffort::quick);
    ASSERT_TRUE(cost.has_value());
    std::int64_t longest = 0;
    for (const LayerWork& layer : cost->timeline.step(0).layers)
      longest = std::max(longest, layer.cycles);
    EXPECT_EQ(longest, least_longest({0, 2}, plan, evaluator, stages)) << "seed " << seed;
    ++compared;
  }
  EXPECT_EQ(compared, 12);
}

}  // namespace
}  // namespace hwflow::chip
