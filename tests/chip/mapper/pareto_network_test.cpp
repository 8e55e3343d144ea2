// Witness: sums of the layers' own sets, every combination by hand or by comparison.
#include "chip/mapper/pareto_network.hpp"

#include <gtest/gtest.h>

#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

ParetoPoint make_point(double energy_pj, std::int64_t cycles) {
  ParetoPoint point;
  point.cost.energy_pj = energy_pj;
  point.cost.cycles = cycles;
  return point;
}

/// (1, 5), (4, 2) twice and (10, 1): the two copies may differ, (5, 7) is the sum of both.
TEST(NetworkFront, AddsOnePointOfEveryCopy) {
  std::vector<ParetoLayer> layers(2, {testing::make_conv_layer(1, 1, 1, 1), {}, {}});
  for (ParetoLayer& layer : layers)
    layer.result.objectives = {Objective::energy, Objective::latency};
  layers[0].names = {"a", "b"};
  layers[0].result.points = {make_point(1.0, 5), make_point(4.0, 2)};
  layers[1].names = {"c"};
  layers[1].result.points = {make_point(10.0, 1)};
  const NetworkFront front = network_front(layers, 100);
  ASSERT_EQ(front.points.size(), 3U);
  EXPECT_EQ(front.points[0].energy_pj, 12.0);
  EXPECT_EQ(front.points[0].cycles, 11);
  EXPECT_EQ(front.points[1].energy_pj, 15.0);
  EXPECT_EQ(front.points[1].cycles, 8);
  EXPECT_EQ(front.points[2].energy_pj, 18.0);
  EXPECT_EQ(front.points[2].cycles, 5);
  EXPECT_EQ(front.picks[0], (std::vector<std::uint32_t>{0, 0, 0}));
  EXPECT_EQ(front.picks[2], (std::vector<std::uint32_t>{1, 1, 0}));
  EXPECT_EQ(front.error, 0.0);
}

TEST(MapNetworkPareto, DoesNotDependOnThreads) {
  std::vector<Layer> layers{testing::make_conv_layer(8, 4, 6, 3),
                            testing::make_conv_layer(4, 8, 6, 1),
                            testing::make_conv_layer(8, 4, 6, 3)};
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].name = "layer" + std::to_string(i);
  const Accelerator machine = testing::make_tiny_accelerator(1 << 13, 1 << 9);
  ParetoOptions options;
  options.mapper.strategy = "products";
  const auto one = map_network_pareto(layers, machine, options);
  options.mapper.threads = 2;
  const auto two = map_network_pareto(layers, machine, options);
  ASSERT_TRUE(one && two);
  ASSERT_EQ(one->layers.size(), 2U);
  EXPECT_EQ(one->layers[0].count(), 2);
  EXPECT_TRUE(one->is_proved());
  for (std::size_t l = 0; l < one->layers.size(); ++l) {
    const auto &a = one->layers[l].result, &b = two->layers[l].result;
    ASSERT_EQ(a.points.size(), b.points.size());
    for (std::size_t i = 0; i < a.points.size(); ++i)
      EXPECT_EQ(a.points[i].mapping, b.points[i].mapping);
    EXPECT_EQ(a.nodes, b.nodes);
  }
  ASSERT_EQ(one->front.points.size(), two->front.points.size());
  EXPECT_EQ(one->front.picks, two->front.picks);
}

TEST(MapNetworkPareto, TellsTheProblemsOfAllLayers) {
  const std::vector<Layer> layers{testing::make_conv_layer(2, 2, 2, 1),
                                  testing::make_conv_layer(2, 2, 4, 1)};
  ParetoOptions options;
  options.mapper.strategy = "products";
  const auto found = map_network_pareto(layers, testing::make_tiny_accelerator(16, 16), options);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().size(), 2U);
}

}  // namespace
}  // namespace hwflow::chip
