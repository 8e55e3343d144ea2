#include "chip/fusion/plan_descent.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/chip/fusion/random_network.hpp"

namespace hwflow::chip {
namespace {

struct World {
  FusionGraph graph;
  FusionMachine machine;
  MapperOptions mapper;
};

World draw(std::uint64_t seed) {
  Rng rng = Rng::derive(17, seed);
  const Network network = testing::random_network(rng, 3);
  MapperOptions mapper;
  mapper.objective = Objective::latency;
  mapper.strategy = "products";
  mapper.max_evaluations = 2000;
  return {make_fusion_graph(network, testing::random_plan(rng, network), {.partial_sum_bits = 16}),
          *make_fusion_machine(*load_accelerator("eyeriss-isca"),
                               {.buffer_bits = rng.between(3000, 9000)}),
          mapper};
}

double cycles_of(const NetworkCost& cost) { return static_cast<double>(cost.cycles); }

/// Schedules of one tile in the order of the search.
std::vector<GroupPlan> plans_of(const World& world, const Slice& slice,
                                const std::optional<OutputTile>& tile) {
  GroupSpaceOptions options;
  options.tile = tile;
  GroupSpace space(world.graph, slice, world.machine.room, options);
  std::vector<GroupPlan> plans;
  space.visit([](std::int64_t) { return true; },
              [&](GroupPlan&& plan) { plans.push_back(std::move(plan)); });
  return plans;
}

/// No schedule of least traffic of a tile next to the one it ends at is better.
TEST(Descend, EndsWhereNoTileNextToItIsBetter) {
  int moved = 0, looked_at = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const World world = draw(seed);
    GroupEvaluator evaluator(world.graph, world.machine, world.mapper);
    const Slice slice{0, world.graph.layers.size()};
    const auto all = plans_of(world, slice, std::nullopt);
    if (all.empty()) continue;
    const auto first = evaluator.evaluate(slice, all.back(), MappingEffort::quick);
    if (!first) continue;
    const PricedPlan start{
        all.back(), NetworkCost{first->energy_pj, first->cycles, all.back().traffic.total()}};
    const PricedPlan end = descend(world.graph, slice, world.machine.room, start, cycles_of,
                                   {{}, false, [] { return false; }}, evaluator);
    ASSERT_TRUE(end.cost);
    EXPECT_LE(end.cost->cycles, start.cost->cycles);
    moved += end.cost->cycles < start.cost->cycles ? 1 : 0;
    const auto priced = evaluator.evaluate(slice, end.plan, MappingEffort::quick);
    ASSERT_TRUE(priced);
    EXPECT_EQ(priced->cycles, end.cost->cycles);

    const FeatureShape& shape = world.graph.layers.back().shape;
    const auto rows = tile_choices(shape.height), columns = tile_choices(shape.width);
    const auto near = [](const std::vector<std::int64_t>& sizes, std::int64_t size) {
      std::vector<std::int64_t> found;
      const auto at = std::find(sizes.begin(), sizes.end(), size);
      if (at != sizes.begin()) found.push_back(*(at - 1));
      if (at + 1 != sizes.end()) found.push_back(*(at + 1));
      return found;
    };
    std::vector<OutputTile> tiles;
    for (const std::int64_t r : near(rows, end.plan.schedule.tile_rows))
      tiles.push_back({r, end.plan.schedule.tile_columns});
    for (const std::int64_t c : near(columns, end.plan.schedule.tile_columns))
      tiles.push_back({end.plan.schedule.tile_rows, c});
    for (const OutputTile& tile : tiles) {
      const auto plans = plans_of(world, slice, tile);
      if (plans.empty()) continue;
      const auto least =
          std::min_element(plans.begin(), plans.end(), [](const GroupPlan& a, const GroupPlan& b) {
            return a.traffic.total() < b.traffic.total();
          });
      const auto cost = evaluator.evaluate(slice, *least, MappingEffort::quick);
      if (cost) EXPECT_GE(cost->cycles, end.cost->cycles) << "seed " << seed;
      ++looked_at;
    }
  }
  EXPECT_GE(moved, 3);
  EXPECT_GE(looked_at, 20);
}

TEST(Descend, StaysWhenTimeIsOver) {
  const World world = draw(1);
  GroupEvaluator evaluator(world.graph, world.machine, world.mapper);
  const Slice slice{0, world.graph.layers.size()};
  const auto all = plans_of(world, slice, std::nullopt);
  ASSERT_FALSE(all.empty());
  const PricedPlan start{all.back(), NetworkCost{1e9, 1'000'000'000, 1}};
  const PricedPlan end = descend(world.graph, slice, world.machine.room, start, cycles_of,
                                 {{}, false, [] { return true; }}, evaluator);
  EXPECT_EQ(end.plan.schedule, start.plan.schedule);
}

}  // namespace
}  // namespace hwflow::chip
