#include "chip/overlay/matrix_product.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

Layer layer_of(Expected<Operator> op, LayerBits bits = {4, 3, 5, 32}) {
  return {"layer", std::move(op).value(), bits};
}

MatrixProduct product_of(const Layer& layer) { return matrix_product(layer).value().value(); }

TEST(MatrixProduct, OfAConvolution) {
  ConvShape conv{.n = 2, .in_channels = 3, .out_channels = 8, .in_height = 10, .in_width = 12};
  conv.kernel_height = 3;
  conv.kernel_width = 5;
  conv.pad_top = conv.pad_bottom = 1;
  const MatrixProduct product = product_of(layer_of(make_convolution(conv)));
  // 3 x 3 x 5 weights for a channel; 2 images of 10 x 8 pixels; 2 x 3 x 10 x 12 inputs.
  EXPECT_EQ(product, (MatrixProduct{8, 45, 160, 1, 4, 3, 5, 720}));
  EXPECT_EQ(product.binary_operations(), 2.0 * 8 * 45 * 160 * 4 * 3);
}

TEST(MatrixProduct, OfGroupsAndChannelsByThemselves) {
  ConvShape conv{.in_channels = 8, .out_channels = 16, .groups = 4, .in_height = 6, .in_width = 6};
  conv.kernel_height = conv.kernel_width = 3;
  EXPECT_EQ(product_of(layer_of(make_convolution(conv))),
            (MatrixProduct{4, 18, 16, 4, 4, 3, 5, 2 * 36}));
  conv.groups = 8;
  conv.out_channels = 8;
  EXPECT_EQ(product_of(layer_of(make_convolution(conv))),
            (MatrixProduct{1, 9, 16, 8, 4, 3, 5, 36}));
}

TEST(MatrixProduct, StridedPointwiseInputsAreAtMostWhatIsUsed) {
  ConvShape conv{.in_channels = 4, .out_channels = 2, .in_height = 8, .in_width = 8};
  conv.stride_height = conv.stride_width = 2;
  EXPECT_EQ(product_of(layer_of(make_convolution(conv))).input_elements, 4 * 16);  // of 4 * 64
}

TEST(MatrixProduct, OfVectorsAndMatrices) {
  EXPECT_EQ(product_of(layer_of(make_fully_connected(3, 64, 10))),
            (MatrixProduct{10, 64, 3, 1, 4, 3, 5, 192}));
  EXPECT_EQ(product_of(layer_of(make_matrix_product(5, 7, 11, 13, true))),
            (MatrixProduct{13, 11, 7, 5, 4, 3, 5, 77}));
  // Two activations: both at the width of the inputs.
  EXPECT_EQ(product_of(layer_of(make_matrix_product(5, 7, 11, 13, false))),
            (MatrixProduct{13, 11, 7, 5, 3, 3, 5, 77}));
}

TEST(MatrixProduct, OfATransposedConvolution) {
  ConvShape conv{.in_channels = 6, .out_channels = 2, .in_height = 5, .in_width = 5};
  conv.kernel_height = conv.kernel_width = 3;
  conv.stride_height = conv.stride_width = 2;
  // Every input pixel gives 2 x 3 x 3 results.
  EXPECT_EQ(product_of(layer_of(make_transposed_convolution(conv))),
            (MatrixProduct{18, 6, 25, 1, 4, 3, 5, 150}));
}

TEST(MatrixProduct, NoneWithoutMultiplications) {
  ConvShape pool{.in_channels = 4, .in_height = 8, .in_width = 8};
  pool.kernel_height = pool.kernel_width = 2;
  EXPECT_EQ(matrix_product(layer_of(make_pooling(pool, Arithmetic::add))).value(), std::nullopt);
  EXPECT_EQ(matrix_product(layer_of(make_elementwise(1, 4, 8, 8, 2, Arithmetic::add))).value(),
            std::nullopt);
}

/// m k n count = MACs, for every layer of every built-in network.
TEST(MatrixProduct, HasAllMacs) {
  for (const BuiltinNetwork& builtin : builtin_networks()) {
    const Network network = builtin.build();
    const auto plan = CompressionPlan::uniform(network.compute_nodes().size(), 2, 3);
    std::int64_t macs = 0;
    for (const LoweredLayer& lowered : lower(network, plan, {.network_output_bits = 16})) {
      const auto product = matrix_product(lowered.layer).value();
      if (product) macs += product->m * product->k * product->n * product->count;
    }
    EXPECT_EQ(macs, network.macs()) << builtin.name;
  }
}

TEST(MatrixProduct, RefusesWidths) {
  const auto refused = matrix_product(layer_of(make_fully_connected(1, 8, 8), {17, 0, 65, 32}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_text(refused.error()),
            "layer: bits.weights: must be in [1, 16] on an overlay, got 17 (quantize the layer)\n"
            "layer: bits.inputs: must be in [1, 16] on an overlay, got 0\n"
            "layer: bits.outputs: must be in [1, 64] on an overlay, got 65 (quantize the layer)\n");
}

TEST(MatrixProduct, RefusesWhatCannotBeCounted) {
  const auto refused =
      matrix_product(layer_of(make_fully_connected(1 << 14, 1 << 20, 1 << 18), {8, 8, 8, 32}));
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_text(refused.error()), ::testing::HasSubstr("layer: layer: is too large"));
}

}  // namespace
}  // namespace hwflow::chip
