#include "chip/fusion/network_fusion.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "base/check.hpp"
#include "chip/cost/timing.hpp"
#include "chip/fusion/plan_bounds.hpp"
#include "chip/fusion/slice_search.hpp"
#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

using testing::machine_with;

FusionOptions options_for(Objective objective) { return testing::options_for(objective, 2000); }

/// The cheapest partition by trying all of them, each slice searched without any bound.
double least_by_enumeration(const FusionGraph& graph, const FusionMachine& machine,
                            const std::vector<double>& alone) {
  const std::size_t count = graph.layers.size();
  std::vector<std::vector<double>> cost(count, std::vector<double>(count + 1, 1e300));
  for (std::size_t first = 0; first < count; ++first) {
    for (std::size_t last = first + 1; last <= count; ++last) {
      GroupSpace space(graph, {first, last}, machine.room, {});
      if (const auto plan = least_traffic(space, 0))
        cost[first][last] = static_cast<double>(plan->traffic.total());
    }
    cost[first][first + 1] = std::min(cost[first][first + 1], alone[first]);
  }
  std::function<double(std::size_t)> from = [&](std::size_t first) {
    if (first == count) return 0.0;
    double least = std::numeric_limits<double>::max();
    for (std::size_t last = first + 1; last <= count; ++last)
      least = std::min(least, cost[first][last] + from(last));
    return least;
  };
  return from(0);
}

struct Drawn {
  FusionGraph graph;
  FusionMachine machine;
};
Drawn draw(std::uint64_t seed, int layers, std::int64_t fewest_bits = 800,
           std::int64_t most_bits = 4000) {
  Rng rng = Rng::derive(21, seed);
  const Network network = testing::random_network(rng, layers);
  FusionGraph graph =
      make_fusion_graph(network, CompressionPlan::uniform(network.compute_nodes().size(), 16, 16),
                        {.partial_sum_bits = 16, .auxiliary_bits = 16});
  return {std::move(graph),
          *make_fusion_machine(machine_with(rng.between(fewest_bits, most_bits)))};
}

TEST(FuseNetwork, FindsTheLeastTrafficOfAllPartitions) {
  int fused = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto [graph, machine] = draw(seed, 5);
    const auto found = fuse_network(graph, machine, options_for(Objective::dram));
    if (!found) continue;
    std::vector<double> alone;
    for (const FusionLayer& layer : graph.layers) {
      const auto mapped =
          map_layer(layer.batched, machine.whole, options_for(Objective::dram).mapper);
      alone.push_back(mapped ? static_cast<double>(mapped->cost.dram_bits) : 1e300);
    }
    if (found->single_layers_optimal) {
      EXPECT_TRUE(found->optimal) << "seed " << seed;
    }
    ASSERT_EQ(found->value, least_by_enumeration(graph, machine, alone)) << "seed " << seed;
    EXPECT_GE(found->total.dram_bits, found->compulsory_dram_bits);
    if (found->single_layers) {
      EXPECT_LE(found->total.dram_bits, found->single_layers->dram_bits);
    }
    fused += found->groups.size() < graph.layers.size() ? 1 : 0;
  }
  EXPECT_GT(fused, 20);
}

/// Four convolutions of VGG-E, sizes as published: inputs, weights and outputs of each, those of
/// the second and the fourth after pooling.
TEST(FuseNetwork, SeparateLayersMoveEveryWordOnce) {
  const Network network = *make_builtin_network("vgg19");
  const FusionGraph whole = make_fusion_graph(
      network, CompressionPlan::uniform(network.compute_nodes().size(), 16, 16), {});
  const FusionGraph graph = part_of(whole, 0, 6);
  FusionOptions options = options_for(Objective::dram);
  options.max_group = 1;
  const auto found =
      fuse_network(graph, *make_fusion_machine(*load_accelerator("eyeriss-isca")), options);
  ASSERT_TRUE(found.has_value());
  std::int64_t words = 0;
  const auto add = [&](std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t after) {
    words += in * size * size + out * after * after + in * out * 9;
  };
  add(3, 64, 224, 224);
  add(64, 64, 224, 112);
  add(64, 128, 112, 112);
  add(128, 128, 112, 56);
  EXPECT_EQ(found->separate_dram_bits, words * 16);
}

TEST(FuseNetwork, NeverCostsMoreThanLayersByThemselves) {
  for (const Objective objective : {Objective::energy, Objective::latency, Objective::edp}) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const auto [graph, machine] = draw(seed, 4);
      const auto found = fuse_network(graph, machine, options_for(objective));
      if (!found || !found->single_layers) continue;
      Cost fused, single;
      fused.energy_pj = found->total.energy_pj;
      fused.cycles = found->total.cycles;
      single.energy_pj = found->single_layers->energy_pj;
      single.cycles = found->single_layers->cycles;
      EXPECT_LE(value_of(fused, objective), value_of(single, objective) * (1 + 1e-12));
    }
  }
}

/// All schedules of a slice priced in full, pipelines among them, and what its layer costs alone.
void add_priced(const FusionGraph& graph, const FusionMachine& machine, const Slice& slice,
                GroupEvaluator& evaluator, const FusionOptions& options,
                std::vector<PartOption>& parts) {
  GroupSpace space(graph, slice, machine.room, options.space);
  const auto price = [&](const GroupPlan& plan) {
    const auto cost = evaluator.evaluate(slice, plan);
    if (!cost) return;
    // The ports of the buffer move all that passes through it, whatever runs beside it.
    const LevelTraffic& buffer = cost->level_traffic.front();
    EXPECT_GE(cost->cycles, port_cycles(machine.whole.levels()[machine.buffer],
                                        {buffer.read_bits(), buffer.written_bits()}, 1));
    const NetworkCost total{cost->energy_pj, cost->cycles, plan.traffic.total()};
    parts.push_back({slice, part_cost(options.objective, total)});
  };
  space.visit([](std::int64_t) { return true; },
              [&](GroupPlan&& plan) {
                price(plan);
                if (!options.share_in_space) return;
                if (const auto shared = evaluator.in_space(slice, plan)) price(*shared);
              });
  if (slice.size() > 1) return;
  const auto alone = map_layer(graph.layers[slice.first].batched, machine.whole, options.mapper);
  if (alone)
    parts.push_back({slice, part_cost(options.objective, {alone->cost.energy_pj, alone->cost.cycles,
                                                          alone->cost.dram_bits})});
}

/// The machine with ports of the buffer that are hardly wide enough.
FusionMachine with_narrow_buffer(const FusionMachine& machine, bool double_buffered) {
  Accelerator::Fields fields = machine.whole.fields();
  fields.levels[machine.buffer].read_bandwidth_bits_per_cycle = 2;
  fields.levels[machine.buffer].write_bandwidth_bits_per_cycle = 2;
  return *make_fusion_machine(*Accelerator::make(std::move(fields)),
                              {.double_buffered = double_buffered});
}

/// The cheapest partition when every schedule costs its bound, or `known` if that is less: no
/// certificate may say more.
double least_by_bounds(const FusionGraph& graph, const FusionMachine& machine,
                       const FusionOptions& options, double known) {
  GroupEvaluator evaluator(graph, machine, options.mapper);
  const std::size_t count = graph.layers.size();
  std::vector<PartOption> parts;
  for (std::size_t last = 1; last <= count; ++last) {
    for (std::size_t first = 0; first < last; ++first) {
      const Slice slice{first, last};
      PlanBounds bounds(graph, evaluator, slice);
      GroupSpace space(graph, slice, machine.room, {});
      const auto add = [&](const GroupEvaluator::Bound& bound) {
        parts.push_back({slice, part_cost(options.objective,
                                          {bound.energy_pj, bound.cycles, bound.dram_bits})});
      };
      space.visit([](std::int64_t) { return true; },
                  [&](GroupPlan&& plan) {
                    add(bounds.in_time(plan));
                    if (options.share_in_space && evaluator.in_space(slice, plan))
                      add(bounds.in_space(plan));
                  });
      if (slice.size() > 1) continue;
      const auto alone = map_layer(graph.layers[first].batched, machine.whole, options.mapper);
      if (!alone) continue;
      parts.push_back(
          {slice, part_cost(options.objective, {alone->cost.energy_pj, alone->cost.cycles, 0})});
    }
  }
  return std::min(known, cheapest_partition(count, parts, goal_of(options.objective)).value);
}

/// What is proved holds for all schedules, those that the search never looks at among them; without
/// a proof it finds nearly the best of them, with one the best, even where few are kept at first.
TEST(FuseNetwork, BoundsHoldForAllSchedules) {
  double found_to_least = 0.0, worst = 0.0;
  int compared = 0, improved = 0, open = 0;
  for (const Objective objective : {Objective::energy, Objective::latency, Objective::edp}) {
    for (std::uint64_t seed = 0; seed < 24; ++seed) {
      const bool is_small = seed >= 16;
      const Drawn drawn = draw(seed, 3, is_small ? 300 : 800, is_small ? 900 : 4000);
      const FusionGraph& graph = drawn.graph;
      const FusionMachine machine =
          seed % 2 == 0 ? drawn.machine : with_narrow_buffer(drawn.machine, seed % 4 == 1);
      const FusionOptions options = options_for(objective);
      const auto found = fuse_network(graph, machine, options);
      if (!found) continue;
      GroupEvaluator evaluator(graph, machine, options.mapper);
      const std::size_t count = graph.layers.size();
      std::vector<PartOption> parts;
      for (std::size_t last = 1; last <= count; ++last)
        for (std::size_t first = 0; first < last; ++first)
          add_priced(graph, machine, {first, last}, evaluator, options, parts);
      const double least = cheapest_partition(count, parts, goal_of(objective)).value;
      SCOPED_TRACE(fmt::format("{} seed {}", name(objective), seed));
      EXPECT_LE(found->lower_bound, least * (1 + 1e-9));
      EXPECT_GE(found->value, least * (1 - 1e-9));
      found_to_least += found->value / least;
      worst = std::max(worst, found->value / least);
      ++compared;
      FusionOptions thorough = options;
      thorough.prove = true;
      thorough.plans_kept = 2;
      thorough.plans_priced = 1;
      const auto proved = fuse_network(graph, machine, thorough);
      ASSERT_TRUE(proved.has_value());
      EXPECT_TRUE(proved->is_best_as_mapped);
      EXPECT_NEAR(proved->value, least, 1e-9 * least);
      EXPECT_LE(proved->lower_bound, least * (1 + 1e-9));
      EXPECT_LE(proved->lower_bound, least_by_bounds(graph, machine, options, least) * (1 + 1e-9));
      thorough.prove = false;
      const auto quick = fuse_network(graph, machine, thorough);
      ASSERT_TRUE(quick.has_value());
      improved += proved->value < quick->value * (1 - 1e-9) ? 1 : 0;
      open += proved->optimal ? 0 : 1;
    }
  }
  ASSERT_GE(compared, 30);
  std::printf(
      "found / least: %.4f on average, %.4f at most; %d of %d made better by a proof where two "
      "schedules are kept, %d left with a gap\n",
      found_to_least / compared, worst, improved, compared, open);
  EXPECT_LE(found_to_least / compared, 1.05);
  EXPECT_GT(improved, 3);
  EXPECT_GT(open, 10);
}

/// Layers of few channels use few of the columns, so the fastest schedule is a pipeline: the best
/// of all by enumeration.
TEST(FuseNetwork, ProvesPipelines) {
  int pipelines = 0;
  for (const Objective objective : {Objective::latency, Objective::edp}) {
    NetworkBuilder builder;
    NodeId x = builder.input({8, 24, 24});
    x = builder.conv_bias("a", x, 8, {.kernel = 3, .pad = 1}, Activation::none);
    builder.conv_bias("b", x, 8, {.kernel = 3, .pad = 1}, Activation::none);
    const FusionGraph graph =
        make_fusion_graph(std::move(builder).finish("two"), CompressionPlan::uniform(2, 8, 8),
                          {.partial_sum_bits = 16});
    const FusionMachine machine =
        *make_fusion_machine(*load_accelerator("defines-meta"), {400000, true});
    FusionOptions options = options_for(objective);
    options.mapper.max_evaluations = 200;
    options.share_in_space = true;
    options.prove = true;
    options.plans_kept = 1;
    options.space.tile = OutputTile{4, 24};
    const auto proved = fuse_network(graph, machine, options);
    ASSERT_TRUE(proved.has_value());
    GroupEvaluator evaluator(graph, machine, options.mapper);
    std::vector<PartOption> parts;
    for (const Slice& slice : {Slice{0, 1}, Slice{1, 2}, Slice{0, 2}})
      add_priced(graph, machine, slice, evaluator, options, parts);
    const double least = cheapest_partition(2, parts, goal_of(objective)).value;
    EXPECT_NEAR(proved->value, least, 1e-9 * least) << name(objective);
    for (const FusedGroup& group : proved->groups)
      pipelines += group.plan && !group.plan->schedule.shares.empty() ? 1 : 0;
  }
  EXPECT_GT(pipelines, 0);
}

/// To the bit: with one bit less there is no schedule.
TEST(FuseNetwork, OneGroupThatDoesNotFitSaysWhichRoomWould) {
  int refused = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto drawn = draw(seed, 4);
    const FusionGraph& graph = drawn.graph;
    FusionOptions options = options_for(Objective::dram);
    options.one_group = true;
    options.space.tile = OutputTile{2, 3};
    const auto with = [&](std::int64_t bits) {
      return fuse_network(graph, *make_fusion_machine(machine_with(bits)), options);
    };
    const auto found = with(drawn.machine.room.feature_bits);
    if (found) {
      ASSERT_EQ(found->groups.size(), 1);
      EXPECT_EQ(found->groups.front().layers.size(), graph.layers.size());
      EXPECT_LE(found->groups.front().plan->schedule.tile_rows, 2);
      EXPECT_FALSE(found->single_layers.has_value());
      continue;
    }
    ++refused;
    ASSERT_EQ(found.error().size(), 1);
    EXPECT_TRUE(are_infeasible(found.error()));
    const std::string& reason = found.error().front().reason;
    const auto number = reason.find("need ");
    ASSERT_NE(number, std::string::npos) << reason;
    const std::int64_t needed = std::stoll(reason.substr(number + 5));
    EXPECT_TRUE(with(needed).has_value()) << reason;
    EXPECT_FALSE(with(needed - 1).has_value()) << reason;
  }
  EXPECT_GT(refused, 3);
}

TEST(FuseNetwork, StoppedAtOnceKeepsABoundAndThePartitionKnown) {
  const auto [graph, machine] = draw(3, 5);
  FusionOptions options = options_for(Objective::dram);
  const auto whole = fuse_network(graph, machine, options);
  options.time_limit_seconds = 1e-9;
  const auto cut = fuse_network(graph, machine, options);
  ASSERT_TRUE(whole.has_value());
  ASSERT_TRUE(cut.has_value());
  EXPECT_GE(cut->value, whole->value);
  EXPECT_LE(cut->lower_bound, whole->value);
  EXPECT_EQ(cut->single_layers->dram_bits, cut->total.dram_bits);
}

TEST(FuseNetwork, DoesNotDependOnThreads) {
  for (const Objective objective : {Objective::dram, Objective::edp}) {
    const auto [graph, machine] = draw(3, 5);
    FusionOptions options = options_for(objective);
    const auto one = fuse_network(graph, machine, options);
    options.threads = 4;
    const auto four = fuse_network(graph, machine, options);
    ASSERT_EQ(one.has_value(), four.has_value());
    if (!one) continue;
    EXPECT_EQ(one->value, four->value);
    EXPECT_EQ(one->lower_bound, four->lower_bound);
    ASSERT_EQ(one->groups.size(), four->groups.size());
    for (std::size_t i = 0; i < one->groups.size(); ++i) {
      EXPECT_EQ(one->groups[i].slice, four->groups[i].slice);
      EXPECT_EQ(one->groups[i].plan.has_value(), four->groups[i].plan.has_value());
      if (!one->groups[i].plan) continue;
      EXPECT_EQ(one->groups[i].plan->schedule, four->groups[i].plan->schedule);
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
