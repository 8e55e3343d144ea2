#include "chip/fusion/plan_bounds.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "chip/mapper/mapper.hpp"
#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"

namespace hwflow::chip {
namespace {

struct World {
  FusionGraph graph;
  FusionMachine machine;
  MapperOptions mapper;
};

World draw(std::uint64_t seed) {
  Rng rng = Rng::derive(91, seed);
  const Network network = testing::random_network(rng, 3);
  MapperOptions mapper;
  mapper.objective = seed % 2 == 0 ? Objective::latency : Objective::energy;
  mapper.max_evaluations = 3000;
  const bool is_small = seed % 4 < 2;
  const auto machine =
      is_small ? testing::machine_with(rng.between(800, 4000)) : *load_accelerator("eyeriss-isca");
  FusionMachineOptions options;
  if (!is_small) options.buffer_bits = rng.between(3000, 20000);
  options.double_buffered = seed % 3 == 0;
  return {make_fusion_graph(network, testing::random_plan(rng, network), {.partial_sum_bits = 16}),
          *make_fusion_machine(machine, options), mapper};
}

/// Prices of every schedule of every slice of random networks, in time and in space.
TEST(PlanBounds, HoldForAllSchedules) {
  std::int64_t compared = 0, in_space = 0;
  double tightness = 0.0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const World world = draw(seed);
    GroupEvaluator evaluator(world.graph, world.machine, world.mapper);
    GroupSpaceOptions options;
    if (seed % 5 == 0)
      options.intermediates = {HaloPolicy::retain, HaloPolicy::in_band, HaloPolicy::again};
    const std::size_t count = world.graph.layers.size();
    for (std::size_t first = 0; first < count; ++first) {
      const Slice slice{first, count};
      PlanBounds bounds(world.graph, evaluator, slice);
      GroupSpace space(world.graph, slice, world.machine.room, options);
      std::int64_t seen = 0;
      space.visit([&](std::int64_t) { return seen < 60; },
                  [&](GroupPlan&& plan) {
                    ++seen;
                    const auto cost = evaluator.evaluate(slice, plan, MappingEffort::quick);
                    if (!cost) return;
                    const auto bound = bounds.in_time(plan);
                    EXPECT_LE(bound.energy_pj, cost->energy_pj * (1 + 1e-9)) << "seed " << seed;
                    EXPECT_LE(bound.cycles, cost->cycles) << "seed " << seed;
                    tightness += static_cast<double>(bound.cycles) /
                                 static_cast<double>(std::max<std::int64_t>(1, cost->cycles));
                    ++compared;
                    const auto shared = evaluator.in_space(slice, plan);
                    if (!shared) return;
                    const auto pipelined = evaluator.evaluate(slice, *shared, MappingEffort::quick);
                    if (!pipelined) return;
                    const auto least = bounds.in_space(plan);
                    EXPECT_LE(least.energy_pj, pipelined->energy_pj * (1 + 1e-9));
                    EXPECT_LE(least.cycles, pipelined->cycles);
                    ++in_space;
                  });
    }
  }
  EXPECT_GT(compared, 1000);
  EXPECT_GT(in_space, 50);
  std::printf("%ld schedules, %ld pipelines; cycles %.3f of the price\n", compared, in_space,
              tightness / static_cast<double>(compared));
  EXPECT_GT(tightness / static_cast<double>(compared), 0.3);  // they say something
}

/// What is remembered of one schedule is used for others that it holds for, and no more: each bound
/// is that of a reckoning that knows nothing. Several readers at several widths.
TEST(PlanBounds, DoNotDependOnWhatWasAskedBefore) {
  int compared = 0;
  for (const std::uint64_t seed : {2014, 2, 3, 4, 5, 6, 7, 8}) {
    Rng rng = Rng::derive(91, seed);
    const Network network = testing::random_network(rng, 7);
    const FusionGraph graph =
        make_fusion_graph(network, testing::random_plan(rng, network), {.partial_sum_bits = 32});
    const FusionMachine machine = *make_fusion_machine(testing::machine_with(20000));
    MapperOptions mapper;
    mapper.objective = Objective::energy;
    GroupEvaluator evaluator(graph, machine, mapper);
    const std::size_t count = graph.layers.size();
    for (std::size_t first = 0; first < count; ++first) {
      const Slice slice{first, std::min(count, first + 3)};
      PlanBounds bounds(graph, evaluator, slice);
      GroupSpace space(graph, slice, machine.room, {});
      int seen = 0;
      space.visit([&](std::int64_t) { return seen < 400; },
                  [&](GroupPlan&& plan) {
                    const auto known = bounds.in_time(plan), apart = bounds.in_space(plan);
                    if (++seen % 7 != 0 && plan.schedule.read_again.empty()) return;
                    PlanBounds fresh(graph, evaluator, slice);
                    EXPECT_EQ(known.energy_pj, fresh.in_time(plan).energy_pj) << "seed " << seed;
                    EXPECT_EQ(known.cycles, fresh.in_time(plan).cycles) << "seed " << seed;
                    EXPECT_EQ(apart.cycles, fresh.in_space(plan).cycles) << "seed " << seed;
                    ++compared;
                  });
    }
  }
  EXPECT_GT(compared, 300);
}

}  // namespace
}  // namespace hwflow::chip
