#include "chip/fusion/least_dram.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chip/fusion/fusion_machine.hpp"
#include "tests/chip/fusion/random_network.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

Expected<MappingResult> map(const Layer& layer, const Accelerator& machine,
                            const MapperOptions& options) {
  return map_layer(layer, machine, options);
}

MapperOptions products() {
  MapperOptions options;
  options.objective = Objective::dram;
  options.strategy = "products";
  return options;
}

/// The witness searches all levels at once.
TEST(MapLeastDram, MovesAsLittleAsTheWholeSearch) {
  int compared = 0, proved = 0;
  for (const char* name : {"eyeriss-isca", "eyeriss", "e168", "nvdla"}) {
    const auto machine = load_accelerator(name);
    ASSERT_TRUE(machine.has_value()) << name;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      Rng rng = Rng::derive(11, seed);
      const Network network = testing::random_network(rng, 4);
      LoweringOptions lowering;
      lowering.partial_sum_bits = static_cast<int>(16 * rng.between(1, 2));
      lowering.batch = rng.between(1, 2);
      const FusionGraph graph =
          make_fusion_graph(network, testing::random_plan(rng, network), lowering);
      const auto fusing = make_fusion_machine(*machine, {.buffer_bits = rng.between(150, 3000)});
      if (!fusing) continue;
      for (const FusionLayer& layer : graph.layers) {
        for (const Accelerator& alone : fusing->alone) {
          SCOPED_TRACE(fmt::format("{} seed {} layer {}", name, seed, layer.layer.name));
          const auto found = map_least_dram(layer.batched, alone, fusing->buffer, products(), map);
          if (!found) continue;
          const auto whole = map_layer(layer.batched, alone, products());
          ASSERT_TRUE(whole.has_value());
          EXPECT_LE(found->lower_bound, whole->value);
          EXPECT_LE(whole->lower_bound, found->value);
          EXPECT_TRUE(check(found->mapping, layer.batched, alone).empty());
          EXPECT_EQ(static_cast<double>(found->cost.dram_bits), found->value);
          if (found->optimal && whole->optimal) ++proved;
          ++compared;
        }
      }
    }
  }
  EXPECT_GE(compared, 60);
  EXPECT_GE(proved, 60);
}

/// Levels inside the buffer hold partial sums, which are wider than what the buffer keeps: with
/// room for few wide outputs there, no mapping was said to be least that was not.
TEST(MapLeastDram, KnowsThatPartialSumsMayStayFurtherIn) {
  const auto machine = load_accelerator("eyeriss-isca");
  ASSERT_TRUE(machine.has_value());
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Rng rng = Rng::derive(12, seed);
    NetworkBuilder builder;
    const NodeId x = builder.input({rng.between(1, 3), 4, 4});
    builder.conv_bias("a", x, rng.between(1, 4), {.kernel = 3, .pad = 1}, Activation::none);
    const Network network = std::move(builder).finish("one");
    const FusionGraph graph = make_fusion_graph(network, CompressionPlan::uniform(1, 8, 16),
                                                {.partial_sum_bits = 16, .network_output_bits = 4});
    for (std::int64_t bits = 200; bits < 1600; bits += 97) {
      const auto fusing = make_fusion_machine(*machine, {.buffer_bits = bits});
      ASSERT_TRUE(fusing.has_value());
      const Layer& layer = graph.layers.front().layer;
      ASSERT_EQ(layer.bits.outputs, 4);
      const auto found =
          map_by_itself(layer, fusing->alone.front(), fusing->buffer, products(), map);
      const auto whole = map_layer(layer, fusing->alone.front(), products());
      ASSERT_EQ(found.has_value(), whole.has_value());
      if (!found) continue;
      ASSERT_TRUE(whole->optimal);
      EXPECT_TRUE(found->optimal);
      EXPECT_EQ(found->value, whole->value) << "seed " << seed << ", " << bits << " bits";
      ++compared;
    }
  }
  EXPECT_GE(compared, 30);
}

TEST(MapLeastDram, LeavesLayersAloneWhoseWeightsBypassTheBuffer) {
  const auto machine = load_accelerator("eyeriss");  // weights go from DRAM to the units
  ASSERT_TRUE(machine.has_value());
  const auto fusing = make_fusion_machine(*machine);
  ASSERT_TRUE(fusing.has_value());
  ASSERT_EQ(fusing->alone.size(), 2U);
  Rng rng(1);
  const Network network = testing::random_network(rng, 3);
  const FusionGraph graph = make_fusion_graph(network, testing::random_plan(rng, network), {});
  EXPECT_FALSE(
      map_least_dram(graph.layers[0].layer, fusing->alone[0], fusing->buffer, products(), map));
}

}  // namespace
}  // namespace hwflow::chip
