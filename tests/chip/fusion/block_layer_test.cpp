#include "chip/fusion/block_layer.hpp"

#include <gtest/gtest.h>

#include <array>

#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// The first layer of a network of one convolution over `in` rows and columns.
FusionLayer convolution(std::int64_t in, const Window& window) {
  Node node;
  node.kind = NodeKind::convolution;
  node.name = "conv";
  node.inputs = {NodeId{0}};
  node.conv = conv_shape(window);
  node.conv.out_channels = 1;
  Node input;
  input.name = "x";
  input.shape = {1, in, in};
  const auto network = Network::make("one", {input, node}, {});
  return make_fusion_graph(*network, CompressionPlan::uniform(1, 8, 8), {}).layers.front();
}

BlockAxis rows_of(const FusionLayer& layer, const std::vector<std::int64_t>& indices) {
  return block_axis(layer, Axis::rows, indices);
}

TEST(BlockAxis, SaysWhatItsWindowsReachBeyondTheMap) {
  // 3 wide, stride 2, padded by 1: output i taps 2i - 1, 2i, 2i + 1.
  const FusionLayer even = convolution(8, {.kernel = 3, .stride = 2, .pad = 1});
  EXPECT_EQ(rows_of(even, {0, 1}), (BlockAxis{.size = 2, .padding_before = 1}));
  EXPECT_EQ(rows_of(even, {1, 2}), (BlockAxis{.size = 2}));
  EXPECT_EQ(rows_of(even, {3}), (BlockAxis{.size = 1}));  // taps 5, 6, 7: the last row of the map
  const FusionLayer odd = convolution(7, {.kernel = 3, .stride = 2, .pad = 1});
  EXPECT_EQ(rows_of(odd, {3}), (BlockAxis{.size = 1, .padding_behind = 1}));  // 5, 6, 7: one beyond
  EXPECT_EQ(rows_of(odd, {0, 1, 2, 3}),
            (BlockAxis{.size = 4, .padding_before = 1, .padding_behind = 1}));
}

TEST(BlockAxis, KnowsDilationAndSpacing) {
  // Output i taps i - 2, i, i + 2.
  const FusionLayer layer = convolution(6, {.kernel = 3, .pad = 2, .dilation = 2});
  EXPECT_EQ(rows_of(layer, {0}), (BlockAxis{.size = 1, .padding_before = 2}));
  EXPECT_EQ(rows_of(layer, {1, 2}), (BlockAxis{.size = 2, .padding_before = 1}));
  EXPECT_EQ(rows_of(layer, {5}), (BlockAxis{.size = 1, .padding_behind = 2}));
  EXPECT_EQ(rows_of(layer, {0, 3}),
            (BlockAxis{.size = 2, .spacing = 3, .padding_before = 2}));  // up to 5, the last
  EXPECT_EQ(rows_of(layer, {0, 1, 3}), (BlockAxis{.size = 3}));  // uneven gaps: side by side
}

TEST(BlockLayer, HoldsTheInputsThatExist) {
  const FusionLayer layer = convolution(8, {.kernel = 3, .stride = 2, .pad = 1});
  const Block corner{rows_of(layer, {0, 1}), block_axis(layer, Axis::columns, std::array{1L}), 1};
  const auto inputs = [](const Layer& made) {
    for (const Operand& operand : made.op.operands())
      if (operand.role == Role::inputs) return operand;
    return Operand{};
  };
  // Rows -1 .. 3, of which 0 .. 3 exist, in columns 1 .. 3.
  EXPECT_EQ(inputs(block_layer(layer, corner, 8)).elements(), 4 * 3);
  EXPECT_EQ(inputs(block_layer(layer, corner, 8)).ranks[2].offset, -1);
  EXPECT_EQ(inputs(whole_block_layer(layer, corner, 8)).elements(), 5 * 3);
  // Idle windows add iterations, but no inputs that exist.
  Block idle = corner;
  idle.rows.idle = 2;
  EXPECT_EQ(inputs(block_layer(layer, idle, 8)).elements(), 4 * 3);
  EXPECT_EQ(block_layer(layer, idle, 8).op.iterations(), 4 * 9);
  EXPECT_EQ(inputs(whole_block_layer(layer, idle, 8)).elements(), 9 * 3);
}

TEST(BlockLayer, ReadsNothingWhereAllIsPadding) {
  const FusionLayer layer = convolution(4, {.kernel = 1, .pad = 3});
  const Block block{rows_of(layer, {0, 1}), block_axis(layer, Axis::columns, std::array{3L}), 1};
  EXPECT_EQ(block.rows, (BlockAxis{.size = 2, .padding_before = 3}));
  const Layer made = block_layer(layer, block, 8);
  // Rows 0 and 1 of the block lie before all that exists.
  const Rank& rows = made.op.operands()[1].ranks[2];
  EXPECT_EQ(made.op.operands()[1].role, Role::inputs);
  EXPECT_LT(rows.offset + 1, 0);
}

TEST(BlockLayer, IsTheWholeLayerWhereTheBlockIs) {
  const FusionLayer layer = convolution(7, {.kernel = 3, .stride = 2, .pad = 1});
  const std::vector<std::int64_t> all{0, 1, 2, 3};
  const Block block{rows_of(layer, all), block_axis(layer, Axis::columns, all), 1};
  EXPECT_EQ(block_layer(layer, block, layer.layer.bits.outputs).op, layer.layer.op);
}

}  // namespace
}  // namespace hwflow::chip
