#include <gtest/gtest.h>

#include "workload/builtin_networks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow {
namespace {

/// a -> add(a, b(a)) with pooling and a classifier; compute nodes: a, b, fc.
Network residual() {
  NetworkBuilder builder;
  const NodeId a =
      builder.conv_bn("a", builder.input({3, 8, 8}), 4, {.kernel = 3, .pad = 1}, Activation::relu);
  const NodeId b = builder.conv_bn("b", a, 4, {.kernel = 3, .pad = 1}, Activation::none);
  NodeId x = builder.add("sum", a, b, Activation::relu);
  x = builder.max_pool("pool", x, {.kernel = 2, .stride = 2});
  builder.fully_connected("fc", x, 10);
  return std::move(builder).finish("residual");
}

const Layer& layer(const std::vector<LoweredLayer>& layers, const char* name) {
  for (const LoweredLayer& each : layers)
    if (each.layer.name == name) return each.layer;
  throw std::out_of_range(name);
}

// a is read by b at 4 bits and by the add at 8: two copies, 12 bits. b by the add only: 8. The sum
// is read by fc through the pooling at 2 bits; what nobody reads has 16.
TEST(Lowering, AProducerStoresOneCopyForEveryWidth) {
  const auto layers = lower(residual(), {{{8, 8}, {3, 4}, {5, 2}}});
  ASSERT_EQ(layers.size(), 5U);
  EXPECT_EQ(layer(layers, "a").bits, (LayerBits{8, 8, 12, 32}));
  EXPECT_EQ(layer(layers, "b").bits, (LayerBits{3, 4, 8, 32}));
  EXPECT_EQ(layer(layers, "sum").bits.inputs, 8);
  EXPECT_EQ(layer(layers, "sum").bits.outputs, 2);
  EXPECT_EQ(layer(layers, "pool").bits.inputs, 2);
  EXPECT_EQ(layer(layers, "pool").bits.outputs, 2);
  EXPECT_EQ(layer(layers, "fc").bits, (LayerBits{5, 2, 16, 32}));
}

// b reads a at 4 bits, the add at 8; as an output it is stored at 16 too.
TEST(Lowering, AnOutputIsStoredAtItsOwnWidthToo) {
  const Network one = residual();
  const Network two = *Network::make("two", one.nodes(), {one.outputs().front(), *one.find("a")});
  const auto layers = lower(two, {{{8, 8}, {3, 4}, {5, 2}}});
  EXPECT_EQ(layer(layers, "a").bits.outputs, 4 + 8 + 16);
  EXPECT_EQ(layer(layers, "fc").bits.outputs, 16);
}

TEST(Lowering, EqualWidthsShareACopy) {
  const auto layers = lower(residual(), {{{8, 8}, {8, 8}, {8, 8}}});
  EXPECT_EQ(layer(layers, "a").bits.outputs, 8);
}

TEST(Lowering, FloatAndOtherWidthsComeFromTheOptions) {
  LoweringOptions options;
  options.float_bits = 32;
  options.auxiliary_bits = 6;
  options.network_output_bits = 20;
  options.partial_sum_bits = 24;
  options.batch = 3;
  options.include_auxiliary = false;
  const auto layers = lower(residual(), CompressionPlan::uniform(3, 32, 32), options);
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layer(layers, "a").bits, (LayerBits{32, 32, 38, 24}));
  EXPECT_EQ(layer(layers, "fc").bits.outputs, 20);
  EXPECT_EQ(layer(layers, "a").op.bound(Dim::n), 3);
}

// Readers at 1 to 8 bits through three branches would need 16+... bits; the sum ends at 64.
TEST(Lowering, TheSumOfCopiesEndsAt64) {
  NetworkBuilder builder;
  const NodeId a = builder.conv_bn("a", builder.input({1, 4, 4}), 4, {}, Activation::relu);
  CompressionPlan plan{{{8, 8}}};
  for (int bits = 7; bits <= 16; ++bits) {  // 7 + 8 + ... + 16 = 115
    builder.conv_bn(std::to_string(bits), a, 4, {}, Activation::relu);
    plan.layers.push_back({8, bits});
  }
  const auto layers = lower(std::move(builder).finish("wide"), plan);
  EXPECT_EQ(layer(layers, "a").bits.outputs, 64);
}

// Every compute node of ResNet-20, 9 adds and the average pooling.
TEST(Lowering, Resnet20HasThirtyArithmeticLayers) {
  const Network network = *make_builtin_network("resnet20");
  EXPECT_EQ(lower(network, CompressionPlan::uniform(20, 8, 8)).size(), 20U + 9U + 1U);
}

// layer1.2.add is read by layer2.0.conv1 at 4 bits and, through the shortcut, by an add at 8.
TEST(Lowering, ShortcutsAreSeenThrough) {
  const Network network = *make_builtin_network("resnet20");
  const auto layers = lower(network, CompressionPlan::uniform(20, 4, 4));
  EXPECT_EQ(layer(layers, "layer1.2.add").bits.outputs, 4 + 8);
}

TEST(Lowering, APlanOfAnotherNetworkIsABug) {
  EXPECT_THROW((void)lower(residual(), CompressionPlan::uniform(2, 8, 8)), InternalError);
}

}  // namespace
}  // namespace hwflow
