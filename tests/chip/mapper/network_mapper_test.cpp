// Witness: map_layer() on each layer, and sums by hand.
#include "chip/mapper/network_mapper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make_conv_layer;
using testing::make_tiny_accelerator;

std::vector<Layer> three_layers() {
  Layer first = make_conv_layer(4, 2, 6, 3), second = make_conv_layer(2, 4, 4, 1);
  Layer third = first;
  first.name = "a";
  second.name = "b";
  third.name = "c";
  return {first, second, third};
}

MapperOptions quick() {
  MapperOptions options = quick_mapper_options(Objective::energy);
  options.max_evaluations = 3'000;
  return options;
}

TEST(MapNetwork, MapsEqualLayersOnceAndAddsUp) {
  const auto layers = three_layers();
  const Accelerator accelerator = make_tiny_accelerator(4096, 512);
  std::size_t calls = 0;
  const auto mapped = map_network(layers, accelerator, quick(), [&](std::size_t, std::size_t of) {
    ++calls;
    EXPECT_EQ(of, 2U);
  });
  ASSERT_TRUE(mapped);
  EXPECT_EQ(calls, 2U);
  ASSERT_EQ(mapped->layers.size(), 2U);
  EXPECT_THAT(mapped->layers[0].names, ElementsAre("a", "c"));
  const auto a = map_layer(layers[0], accelerator, quick());
  const auto b = map_layer(layers[1], accelerator, quick());
  ASSERT_TRUE(a && b);
  EXPECT_DOUBLE_EQ(mapped->total().energy_pj, 2 * a->cost.energy_pj + b->cost.energy_pj);
  EXPECT_EQ(mapped->total().cycles, 2 * a->cost.cycles + b->cost.cycles);
  EXPECT_EQ(mapped->total().dram_bits, 2 * a->cost.dram_bits + b->cost.dram_bits);
}

TEST(MapNetwork, NamesEveryLayerThatDoesNotFit) {
  const auto refused = map_network(three_layers(), make_tiny_accelerator(4096, 40), quick());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().size(), 2U);
}

TEST(EvaluateNetwork, GivesBackWhatTheMapperFound) {
  const auto layers = three_layers();
  const Accelerator accelerator = make_tiny_accelerator(4096, 512);
  const auto mapped = map_network(layers, accelerator, quick());
  ASSERT_TRUE(mapped);
  std::map<std::string, Mapping> mappings;
  for (const MappedLayer& layer : mapped->layers) {
    mappings[layer.layer.name] = layer.result.mapping;
  }
  const auto evaluated = evaluate_network(layers, accelerator, Objective::energy, mappings);
  ASSERT_TRUE(evaluated);
  EXPECT_DOUBLE_EQ(evaluated->total().energy_pj, mapped->total().energy_pj);
  EXPECT_EQ(evaluated->total().cycles, mapped->total().cycles);
}

TEST(EvaluateNetwork, NamesWhatIsMissingUnknownOrMalformed) {
  const Accelerator accelerator = make_tiny_accelerator(4096, 512);
  Mapping empty;
  empty.levels.resize(3);
  const auto refused = evaluate_network(three_layers(), accelerator, Objective::energy,
                                        {{"a", empty}, {"d", empty}});
  ASSERT_FALSE(refused);
  const std::string text = to_text(refused.error());
  EXPECT_THAT(text, HasSubstr("d: the network has no such layer"));
  EXPECT_THAT(text, HasSubstr("b: no mapping is given for this layer"));
  EXPECT_THAT(text, HasSubstr("a: dimension k"));
}

}  // namespace
}  // namespace hwflow::chip
