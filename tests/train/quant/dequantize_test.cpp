#include "train/quant/dequantize.hpp"

#include <gtest/gtest.h>

namespace hwflow::train {
namespace {

/// image (1,2,2) -> fully connected, 2 outputs, one scale per output.
IntegerNetwork small_network() {
  Node image;
  image.name = "image";
  image.shape = {1, 2, 2};
  Node linear;
  linear.name = "linear";
  linear.kind = NodeKind::fully_connected;
  linear.inputs = {NodeId{0}};
  linear.conv.out_channels = 2;
  linear.has_bias = true;
  IntegerNetwork network{*Network::make("small", {image, linear}), {}, {0.5F}, {0.25F}, {{{3, 4}}}};
  network.nodes.resize(2);
  IntegerCompute compute;
  compute.codes = {-4, 3, 0, 1, 2, -1, -3, 3};
  compute.shape = {2, 4};
  compute.scales = {0.1, 0.7};
  compute.low = -4;
  compute.high = 3;
  compute.bits = 3;
  compute.bias = {-17, 40};
  network.nodes[1] = {{{0.3, -8, 7, 4}}, compute};
  return network;
}

TEST(Dequantize, WeightsAreScaleTimesCode) {
  const QuantizedNetwork real = dequantize(small_network());
  const std::vector<float>& weights = real.weights.at("linear.weight").values;
  EXPECT_FLOAT_EQ(weights[0], -0.4F);                               // 0.1 * -4
  EXPECT_FLOAT_EQ(weights[7], 2.1F);                                // 0.7 * 3
  EXPECT_FLOAT_EQ(real.weights.at("linear.bias").values[1], 8.4F);  // 40 * 0.7 * 0.3
}

TEST(Dequantize, IsUndoneByRounding) {
  const IntegerNetwork integers = small_network();
  const auto again = to_integer_network(dequantize(integers));
  ASSERT_TRUE(again) << to_text(again.error());
  EXPECT_EQ(again->nodes, integers.nodes);
  EXPECT_EQ(again->plan, integers.plan);
}

}  // namespace
}  // namespace hwflow::train
