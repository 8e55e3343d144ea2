#include "chip/fusion/single_layers.hpp"

#include <gtest/gtest.h>

#include "tests/chip/fusion/random_network.hpp"
#include "tests/chip/fusion/small_machine.hpp"

namespace hwflow::chip {
namespace {

FusionGraph draw(std::uint64_t seed) {
  Rng rng = Rng::derive(33, seed);
  const Network network = testing::random_network(rng, 4);
  return make_fusion_graph(network, testing::random_plan(rng, network), {.partial_sum_bits = 16});
}

/// The total is that of every layer mapped by itself; one without a mapping leaves no total.
TEST(SingleLayers, AddUpToEachLayerByItself) {
  MapperOptions options;
  options.objective = Objective::energy;
  options.max_evaluations = 2000;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const FusionGraph graph = draw(seed);
    const FusionMachine machine = *make_fusion_machine(testing::machine_with(4000));
    const auto map = [](const Layer& layer, const Accelerator& on, const MapperOptions& limits) {
      return map_layer(layer, on, limits);
    };
    const SingleLayers singles = map_single_layers(graph, machine, options, map, std::nullopt, 2);
    ASSERT_TRUE(singles.total.has_value());
    double energy = 0.0;
    for (const FusionLayer& layer : graph.layers) {
      double least = 1e300;
      for (const Accelerator& alone : machine.alone) {
        const auto mapped = map_layer(layer.batched, alone, options);
        if (mapped) least = std::min(least, mapped->value);
      }
      EXPECT_DOUBLE_EQ(singles.by_name.at(layer.batched.name)->value, least);
      energy += least;
    }
    EXPECT_NEAR(singles.total->energy_pj, energy, 1e-9 * energy);

    const std::string lost = graph.layers.front().batched.name;
    const auto refuse = [&](const Layer& layer, const Accelerator& on,
                            const MapperOptions& limits) -> Expected<MappingResult> {
      if (layer.name == lost) return Unexpected{Diagnostics{{layer.name, "none", ""}}};
      return map_layer(layer, on, limits);
    };
    const SingleLayers fewer = map_single_layers(graph, machine, options, refuse, std::nullopt, 1);
    EXPECT_FALSE(fewer.total.has_value());
    EXPECT_FALSE(fewer.by_name.contains(lost));
  }
}

}  // namespace
}  // namespace hwflow::chip
