#include "chip/fusion/slice_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "chip/fusion/plan_bounds.hpp"
#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"

namespace hwflow::chip {
namespace {

struct World {
  FusionGraph graph;
  FusionMachine machine;
  SliceSearchOptions options;
  MapperOptions mapper;
};

World draw(std::uint64_t seed, Objective objective) {
  Rng rng = Rng::derive(71, seed);
  const Network network = testing::random_network(rng, 3);
  SliceSearchOptions options;
  options.objective = objective;
  MapperOptions mapper;
  mapper.objective = objective;
  mapper.max_evaluations = 500;
  options.is_over = [] { return false; };
  return {make_fusion_graph(network, testing::random_plan(rng, network), {.partial_sum_bits = 16}),
          *make_fusion_machine(testing::machine_with(rng.between(800, 4000))), options, mapper};
}

/// Values of the bounds of all schedules below so much traffic, rising.
std::vector<double> all_bounds(const World& world, const Slice& slice, std::int64_t below,
                               GroupEvaluator& evaluator) {
  PlanBounds bounds(world.graph, evaluator, slice);
  GroupSpace space(world.graph, slice, world.machine.room, {});
  std::vector<double> values;
  space.visit([](std::int64_t) { return true; },
              [&](GroupPlan&& plan) {
                if (plan.traffic.total() >= below) return;
                const auto bound = bounds.in_time(plan);
                const NetworkCost cost{bound.energy_pj, bound.cycles, bound.dram_bits};
                values.push_back(value_of(part_cost(world.options.objective, cost),
                                          goal_of(world.options.objective)));
              });
  std::sort(values.begin(), values.end());
  return values;
}

void expect_least(const World& world, const Slice& slice, std::int64_t below,
                  GroupEvaluator& evaluator, const NetworkCost& least) {
  PlanBounds bounds(world.graph, evaluator, slice);
  GroupSpace space(world.graph, slice, world.machine.room, {});
  double energy = 1e300;
  std::int64_t cycles = std::int64_t{1} << 60;
  space.visit([](std::int64_t) { return true; },
              [&](GroupPlan&& plan) {
                if (plan.traffic.total() >= below) return;
                const auto bound = bounds.in_time(plan);
                energy = std::min(energy, bound.energy_pj);
                cycles = std::min(cycles, bound.cycles);
              });
  EXPECT_EQ(least.energy_pj, energy);
  EXPECT_EQ(least.cycles, cycles);
}

TEST(SliceSearch, KeepsTheSchedulesOfLeastBound) {
  int cut = 0;
  for (const Objective objective : {Objective::energy, Objective::latency, Objective::edp}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const World world = draw(seed, objective);
      GroupEvaluator evaluator(world.graph, world.machine, world.mapper);
      const SliceSearch search(world.graph, world.machine, world.options, evaluator, {});
      const Slice slice{0, world.graph.layers.size()};
      const std::int64_t least = compulsory_traffic(make_group(world.graph, slice)).total();
      for (const std::int64_t below : {least + least / 2, std::int64_t{1} << 60}) {
        PhaseCounts counts;
        const SlicePlans found = search.by_bound(slice, below, 5, counts);
        std::vector<double> expected = all_bounds(world, slice, below, evaluator);
        const bool are_all = expected.size() <= 5;
        EXPECT_EQ(found.are_all, are_all);
        EXPECT_EQ(counts.left, are_all ? 0 : static_cast<std::int64_t>(expected.size()) - 5);
        // Sums of products need the least of each quantity, those left out among them.
        ASSERT_EQ(found.least.has_value(), !are_all && objective == Objective::edp);
        if (found.least) expect_least(world, slice, below, evaluator, *found.least);
        if (!are_all) expected.resize(5);
        std::vector<double> values;
        for (const PricedPlan& plan : found.plans)
          values.push_back(value_of(part_cost(objective, plan.bound), goal_of(objective)));
        EXPECT_EQ(values, expected) << "seed " << seed;
        cut += are_all ? 0 : 1;
      }
    }
  }
  EXPECT_GT(cut, 30);
}

TEST(SliceSearch, FindsTheLeastTrafficBelowALimitOrNothing) {
  int found_some = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const World world = draw(seed, Objective::dram);
    GroupEvaluator evaluator(world.graph, world.machine, world.mapper);
    const SliceSearch search(world.graph, world.machine, world.options, evaluator, {});
    const Slice slice{0, world.graph.layers.size()};
    GroupSpace space(world.graph, slice, world.machine.room, {});
    std::int64_t least = std::int64_t{1} << 60;
    space.visit([](std::int64_t) { return true; },
                [&](GroupPlan&& plan) { least = std::min(least, plan.traffic.total()); });
    if (least == std::int64_t{1} << 60) continue;
    PhaseCounts counts;
    const SlicePlans found = search.least_traffic(slice, least + 1, 0, counts);
    ASSERT_EQ(found.plans.size(), 1U);
    EXPECT_EQ(found.plans.front().plan.traffic.total(), least);
    EXPECT_TRUE(search.least_traffic(slice, least, 0, counts).plans.empty());
    ++found_some;
  }
  EXPECT_GT(found_some, 20);
}

}  // namespace
}  // namespace hwflow::chip
