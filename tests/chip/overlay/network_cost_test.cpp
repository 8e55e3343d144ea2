#include "chip/overlay/network_cost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

std::vector<Layer> resnet20(int weights, int inputs) {
  const Network network = make_builtin_network("resnet20").value();
  std::vector<Layer> layers;
  for (const LoweredLayer& lowered :
       lower(network, CompressionPlan::uniform(network.compute_nodes().size(), weights, inputs)))
    layers.push_back(lowered.layer);
  return layers;
}

TEST(OverlayNetworkCost, IsTheSumOfItsLayers) {
  const std::vector<Layer> layers = resnet20(4, 2);
  const BismoShape design{8, 128, 4, 2048, 1024};
  const auto network = evaluate_overlay(layers, design, {}, ScheduleRule::dram).value();
  EXPECT_EQ(network.layers.size(), 20U);  // additions and the pooling cost nothing
  std::int64_t cycles = 0, fetch_bits = 0, result_bits = 0;
  double operations = 0.0;
  for (const OverlayLayerCost& layer : network.layers) {
    EXPECT_EQ(layer.cost, best_cost(layer.product, design, {}, ScheduleRule::dram));
    cycles += layer.cost.cycles;
    fetch_bits += layer.cost.fetch_bits;
    result_bits += layer.cost.result_bits;
    operations += layer.product.binary_operations();
    EXPECT_NEAR(layer.utilization,
                layer.product.binary_operations() / (2.0 * 8 * 128 * 4) /
                    static_cast<double>(layer.cost.cycles),
                1e-12);
  }
  EXPECT_EQ(network.cycles, cycles);
  EXPECT_EQ(network.fetch_bits, fetch_bits);
  EXPECT_EQ(network.result_bits, result_bits);
  EXPECT_EQ(network.dram_bits(), fetch_bits + result_bits);
  EXPECT_NEAR(network.utilization, operations / (2.0 * 8 * 128 * 4) / static_cast<double>(cycles),
              1e-12);
  EXPECT_EQ(network.resources, overlay_resources(design, {}));
}

TEST(OverlayNetworkCost, NamesTheStageThatBounds) {
  ProductCost cost;
  cost.execute_cycles = 5;
  cost.fetch_cycles = 7;
  cost.result_cycles = 6;
  EXPECT_EQ(bounding_stage(cost), OverlayStage::fetch);
  cost.execute_cycles = 7;
  EXPECT_EQ(bounding_stage(cost), OverlayStage::execute);
  cost.result_cycles = 8;
  EXPECT_EQ(bounding_stage(cost), OverlayStage::result);
  EXPECT_EQ(name(OverlayStage::result), "result");
}

TEST(OverlayNetworkCost, TellsAllProblems) {
  std::vector<Layer> layers = resnet20(4, 2);
  layers[0].bits.weights = 32;
  layers[1].bits.inputs = 32;
  const auto refused = evaluate_overlay(layers, {8, 100, 8, 1024, 1024}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_text(refused.error()),
            "dk: must be 32, 64, 128, 256 or 512, got 100\n"
            "conv1: bits.weights: must be in [1, 16] on an overlay, got 32 (quantize the layer)\n"
            "layer1.0.conv1: bits.inputs: must be in [1, 16] on an overlay, got 32 (quantize the "
            "layer)\n");
}

}  // namespace
}  // namespace hwflow::chip
