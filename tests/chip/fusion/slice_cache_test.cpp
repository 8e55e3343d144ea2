#include "chip/fusion/slice_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/check.hpp"
#include "chip/fusion/network_fusion.hpp"
#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

using testing::machine_with;

FusionOptions options_for(Objective objective) { return testing::options_for(objective, 300); }

/// The graphs of one network at several widths. Plans differ in a few layers from one before, as in
/// a search.
std::vector<FusionGraph> draw_graphs(Rng& rng, std::size_t count) {
  Network network = testing::random_network(rng, 5);
  while (network.compute_nodes().empty()) network = testing::random_network(rng, 5);
  std::vector<CompressionPlan> plans{testing::random_plan(rng, network)};
  while (plans.size() < count) {
    CompressionPlan plan = plans[static_cast<std::size_t>(
        rng.between(0, static_cast<std::int64_t>(plans.size()) - 1))];
    const CompressionPlan other = testing::random_plan(rng, network);
    const auto layer =
        static_cast<std::size_t>(rng.between(0, static_cast<std::int64_t>(plan.layers.size()) - 1));
    plan.layers[layer] = other.layers[layer];
    plans.push_back(std::move(plan));
  }
  std::vector<FusionGraph> graphs;
  for (const CompressionPlan& plan : plans)
    graphs.push_back(
        make_fusion_graph(network, plan, {.partial_sum_bits = 16, .auxiliary_bits = 8}));
  return graphs;
}

void expect_equal(const NetworkFusion& a, const NetworkFusion& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.lower_bound, b.lower_bound);
  EXPECT_EQ(a.total.energy_pj, b.total.energy_pj);
  EXPECT_EQ(a.total.cycles, b.total.cycles);
  EXPECT_EQ(a.total.dram_bits, b.total.dram_bits);
  EXPECT_EQ(a.slices_searched, b.slices_searched);
  ASSERT_EQ(a.groups.size(), b.groups.size());
  for (std::size_t i = 0; i < a.groups.size(); ++i) {
    EXPECT_EQ(a.groups[i].slice, b.groups[i].slice);
    ASSERT_EQ(a.groups[i].plan.has_value(), b.groups[i].plan.has_value());
    if (a.groups[i].plan) {
      EXPECT_EQ(a.groups[i].plan->schedule, b.groups[i].plan->schedule);
    }
  }
}

/// The witness: every graph by itself, with nothing known of any other.
std::vector<Expected<NetworkFusion>> fuse_apart(const std::vector<FusionGraph>& graphs,
                                                const FusionMachine& machine, Objective objective) {
  std::vector<Expected<NetworkFusion>> results;
  for (const FusionGraph& graph : graphs) {
    MappingCache mappings;
    FusionOptions options = options_for(objective);
    options.mappings = &mappings;
    results.push_back(fuse_network(graph, machine, options));
  }
  return results;
}

TEST(SliceCache, ChangesNoResultWhateverTheOrder) {
  std::int64_t hits = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Rng rng = Rng::derive(77, seed);
    const std::vector<FusionGraph> graphs = draw_graphs(rng, 6);
    const FusionMachine machine = *make_fusion_machine(machine_with(rng.between(600, 3000)));
    for (const Objective objective :
         {Objective::dram, Objective::energy, Objective::latency, Objective::edp}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << ", " << name(objective));
      const auto apart = fuse_apart(graphs, machine, objective);
      for (const bool backwards : {false, true}) {
        MappingCache mappings;
        SliceCache slices;
        FusionOptions options = options_for(objective);
        options.mappings = &mappings;
        options.slices = &slices;
        options.threads = backwards ? 3 : 1;
        for (std::size_t i = 0; i < graphs.size(); ++i) {
          const std::size_t g = backwards ? graphs.size() - 1 - i : i;
          const auto shared = fuse_network(graphs[g], machine, options);
          ASSERT_EQ(shared.has_value(), apart[g].has_value());
          if (shared) expect_equal(*shared, *apart[g]);
        }
        hits += slices.hits();
      }
    }
  }
  EXPECT_GT(hits, 200);
}

/// Without shared mappings single layers are mapped from scratch: other mappings of equal value.
TEST(SliceCache, GivesTheValueOfASearchWithoutAnyCache) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Rng rng = Rng::derive(78, seed);
    const std::vector<FusionGraph> graphs = draw_graphs(rng, 4);
    const FusionMachine machine = *make_fusion_machine(machine_with(rng.between(600, 3000)));
    MappingCache mappings;
    SliceCache slices;
    FusionOptions options = options_for(Objective::edp);
    options.mappings = &mappings;
    options.slices = &slices;
    for (const FusionGraph& graph : graphs) {
      const auto alone = fuse_network(graph, machine, options_for(Objective::edp));
      const auto shared = fuse_network(graph, machine, options);
      ASSERT_EQ(shared.has_value(), alone.has_value());
      if (!shared || !alone->single_layers_optimal) continue;
      EXPECT_NEAR(shared->value, alone->value, 1e-9 * alone->value) << "seed " << seed;
    }
  }
}

PricedPlan plan_moving(std::int64_t bits) {
  PricedPlan plan;
  plan.plan.traffic.fetched_bits = bits;
  return plan;
}

std::vector<std::int64_t> bits_of(const std::optional<SlicePlans>& found) {
  std::vector<std::int64_t> bits;
  for (const PricedPlan& plan : found->plans) bits.push_back(plan.plan.traffic.total());
  return bits;
}

TEST(SliceCache, AnswersSearchesThatWantNoMoreThanIsKnown) {
  SliceCache cache;
  EXPECT_FALSE(cache.find_plans("a", 10).has_value());
  cache.save_plans("a", 100, {{plan_moving(90), plan_moving(50), plan_moving(60)}, true, {}});
  EXPECT_EQ(bits_of(cache.find_plans("a", 100)), (std::vector<std::int64_t>{90, 50, 60}));
  EXPECT_EQ(bits_of(cache.find_plans("a", 61)), (std::vector<std::int64_t>{50, 60}));
  EXPECT_EQ(bits_of(cache.find_plans("a", 50)), (std::vector<std::int64_t>{}));
  EXPECT_FALSE(cache.find_plans("a", 101).has_value());  // something of 100 may be missing
  EXPECT_FALSE(cache.find_plans("b", 10).has_value());
  EXPECT_EQ(cache.hits(), 3);
  EXPECT_EQ(cache.misses(), 3);
}

/// One of those left out would take the place of a plan that moves too much.
TEST(SliceCache, AnswersNothingWhereAPlanThatWasLeftOutMayBeWanted) {
  SliceCache cache;
  cache.save_plans("a", 100, {{plan_moving(60), plan_moving(50)}, false, {}});
  EXPECT_EQ(bits_of(cache.find_plans("a", 61)), (std::vector<std::int64_t>{60, 50}));
  EXPECT_FALSE(cache.find_plans("a", 60).has_value());
  cache.save_plans("b", 100, {{plan_moving(60)}, false, NetworkCost{1.0, 1, 1}});
  EXPECT_TRUE(cache.find_plans("b", 100).has_value());
  EXPECT_FALSE(cache.find_plans("b", 99).has_value());  // their least may be another
}

TEST(SliceCache, KeepsTheMoreCompleteAnswer) {
  SliceCache cache;
  cache.save_plans("a", 100, {{plan_moving(50)}, true, {}});
  cache.save_plans("a", 40, {});
  EXPECT_EQ(bits_of(cache.find_plans("a", 100)), (std::vector<std::int64_t>{50}));
  cache.save_plans("a", 200, {{plan_moving(150), plan_moving(50)}, true, {}});
  EXPECT_EQ(bits_of(cache.find_plans("a", 200)), (std::vector<std::int64_t>{150, 50}));
}

/// Convolutions a, b, c, d in a row.
FusionGraph graph_with(const CompressionPlan& plan) {
  NetworkBuilder net;
  const NodeId x = net.input({4, 8, 8});
  const NodeId a = net.conv_bias("a", x, 4, {.kernel = 3, .pad = 1}, Activation::relu);
  const NodeId b = net.conv_bias("b", a, 4, {.kernel = 3, .pad = 1}, Activation::relu);
  const NodeId c = net.conv_bias("c", b, 4, {.kernel = 3, .pad = 1}, Activation::none);
  net.conv_bias("d", c, 4, {.kernel = 1}, Activation::none);
  return make_fusion_graph(std::move(net).finish("four"), plan, {.partial_sum_bits = 16});
}

TEST(SliceKey, SeesWidthsOfTheSliceAndOfItsReaders) {
  const CompressionPlan plan{{{8, 8}, {4, 4}, {2, 8}, {8, 8}}};
  const std::string key = slice_key(graph_with(plan), {0, 2});
  const auto key_with = [&](std::size_t layer, const PrecisionPair& widths) {
    CompressionPlan other = plan;
    other.layers[layer] = widths;
    return slice_key(graph_with(other), {0, 2});
  };
  EXPECT_NE(key_with(0, {4, 8}), key);
  EXPECT_NE(key_with(0, {8, 4}), key);  // width of what it reads
  EXPECT_NE(key_with(1, {4, 8}), key);
  EXPECT_NE(key_with(2, {2, 4}), key);  // the reader of what the slice stores
  EXPECT_EQ(key_with(2, {8, 8}), key);  // its weights are its own business
  EXPECT_EQ(key_with(3, {2, 2}), key);
  EXPECT_NE(slice_key(graph_with(plan), {1, 3}), key);
}

/// What a reader inside wants and what readers outside want are told apart: a layer that stores
/// copies of 2 and 4 bit writes both to DRAM, or only one of them.
TEST(SliceKey, SeesWhichCopiesLeaveTheSlice) {
  const auto graph_at = [](int outside) {
    NetworkBuilder net;
    const NodeId x = net.input({4, 8, 8});
    const NodeId a = net.conv_bias("a", x, 4, {.kernel = 1}, Activation::relu);
    const NodeId inside = net.conv_bias("inside", a, 4, {.kernel = 1}, Activation::none);
    const NodeId near = net.conv_bias("near", a, 4, {.kernel = 1}, Activation::none);
    const NodeId far = net.conv_bias("far", a, 4, {.kernel = 1}, Activation::none);
    net.add("sum", net.add("part", inside, near, Activation::none), far, Activation::none);
    return make_fusion_graph(std::move(net).finish("copies"),
                             CompressionPlan{{{8, 8}, {8, 4}, {8, 2}, {8, outside}}}, {});
  };
  const FusionGraph one = graph_at(2), both = graph_at(4);
  ASSERT_EQ(one.layers[0].layer.bits, both.layers[0].layer.bits);  // copies of 2 and 4 bit
  EXPECT_NE(compulsory_traffic(make_group(one, {0, 2})),
            compulsory_traffic(make_group(both, {0, 2})));
  EXPECT_NE(slice_key(one, {0, 2}), slice_key(both, {0, 2}));
}

}  // namespace
}  // namespace hwflow::chip
