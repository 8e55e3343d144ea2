#include "chip/fusion/block_mapper.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// One unit that holds nothing, on one buffer: whatever the mapping, every iteration reads its
/// operands and writes its output. 1 pJ a bit read, 10 written, 3 a MAC.
FusionMachine plain_machine() {
  Accelerator::Fields fields;
  fields.name = "plain";
  fields.levels.resize(2);
  for (MemoryLevel& level : fields.levels) {
    level.keeps = {{true, true, true}};
    level.read_energy_pj_per_bit = 1.0;
    level.write_energy_pj_per_bit = 10.0;
  }
  fields.levels[0].name = "DRAM";
  fields.levels[1].name = "buffer";
  fields.levels[1].capacity_bits = 1 << 20;
  fields.engine.mac_energy_pj = 3.0;
  fields.engine.scaling = ComputeEngine::EnergyScaling::constant;
  return *make_fusion_machine(*Accelerator::make(fields));
}

FusionGraph graph_of(const Node& layer, const FeatureShape& in) {
  Node input;
  input.name = "x";
  input.shape = in;
  Node node = layer;
  node.name = "layer";
  node.inputs = {NodeId{0}};
  const auto network = Network::make("one", {input, node}, {});
  return make_fusion_graph(*network,
                           CompressionPlan::uniform(network->compute_nodes().size(), 8, 8),
                           {.partial_sum_bits = 16, .network_output_bits = 8});
}

Node windowed(NodeKind kind, const Window& window) {
  Node node;
  node.kind = kind;
  node.conv = conv_shape(window);
  return node;
}

struct Range {
  std::int64_t first, last;
};

BlockAxis axis_of(const FusionLayer& layer, Axis axis, const Range& range) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(range.last - range.first + 1));
  std::iota(indices.begin(), indices.end(), range.first);
  return block_axis(layer, axis, indices);
}

std::shared_ptr<const MappedBlock> mapped(const FusionGraph& graph, const Range& rows,
                                          const Range& columns) {
  const FusionMachine machine = plain_machine();
  MapperOptions options;
  options.objective = Objective::energy;
  BlockMapper mapper(graph, machine, options);
  const FusionLayer& layer = graph.layers.front();
  return *mapper.map(0,
                     {axis_of(layer, Axis::rows, rows), axis_of(layer, Axis::columns, columns),
                      layer.shape.channels},
                     8);
}

double block_energy(const MappedBlock& block) {
  return block.cost.levels.front().energy_pj + block.cost.mac_energy_pj;
}

/// 2 channels of 4 x 4 pixels, 3 x 3 taps, padded by 1. Rows 0 and 3 have 2 taps on the map, rows 1
/// and 2 all 3.
TEST(BlockMapper, DepthwiseByHand) {
  Node node = windowed(NodeKind::convolution, {.kernel = 3, .stride = 1, .pad = 1});
  node.conv.groups = node.conv.out_channels = 2;
  const FusionGraph graph = graph_of(node, {2, 4, 4});
  // Inside: 2 channels, 2 x 2 pixels, 9 taps = 72 iterations, 8 outputs. Read: weights and inputs
  // of 8 bits, 72 - 8 partial sums of 16. Written: 64 partial sums of 16 bits, 8 outputs of 8.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {1, 2}, {1, 2})),
                   72 * 8 + 72 * 8 + 64 * 16 + 10 * (64 * 16 + 8 * 8) + 3 * 72);
  // The corner: (2 + 3) x (2 + 3) taps a channel are inputs, 50 in all.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {0, 1}, {0, 1})),
                   72 * 8 + 50 * 8 + 64 * 16 + 10 * (64 * 16 + 8 * 8) + 3 * 72);
  // The whole map: 288 iterations, 32 outputs, (2 + 3 + 3 + 2)^2 = 100 taps a channel.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {0, 3}, {0, 3})),
                   288 * 8 + 200 * 8 + 256 * 16 + 10 * (256 * 16 + 32 * 8) + 3 * 288);
}

/// One channel of 5 x 5 pixels, 3 x 3 taps, stride 2, padded by 1: 3 x 3 outputs, which have 2, 3
/// and 2 taps on the map along each axis.
TEST(BlockMapper, PoolingByHand) {
  const FusionGraph graph =
      graph_of(windowed(NodeKind::max_pooling, {.kernel = 3, .stride = 2, .pad = 1}), {1, 5, 5});
  // No weights, no MACs; 8 bits all along: (81 - 9) maxima are read back, 81 written.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {0, 2}, {0, 2})), 49 * 8 + 72 * 8 + 10 * 81 * 8);
  // One pixel at the right border: 3 x 2 taps of 9 iterations.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {1, 1}, {2, 2})), 6 * 8 + 8 * 8 + 10 * 9 * 8);
}

/// 2 x 2 pixels spread to 4 x 4 by 2 x 2 taps at stride 2: each output has one product.
TEST(BlockMapper, TransposedByHand) {
  Node node = windowed(NodeKind::transposed_convolution, {.kernel = 2, .stride = 2, .pad = 0});
  node.conv.out_channels = 1;
  const FusionGraph graph = graph_of(node, {1, 2, 2});
  // 2 x 4 outputs: 1 x 2 inputs, 8 products.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {0, 1}, {0, 3})),
                   8 * 8 + 8 * 8 + 10 * 8 * 8 + 3 * 8);
  // 3 x 4 outputs: 2 x 2 inputs, 16 products, of which those of the fourth row are not kept.
  EXPECT_DOUBLE_EQ(block_energy(*mapped(graph, {0, 2}, {0, 3})),
                   16 * 8 + 16 * 8 + 10 * 12 * 8 + 3 * 16);
}

TEST(BlockMapper, SharesOneMappingAmongThePlacesOfABlock) {
  Node node = windowed(NodeKind::convolution, {.kernel = 3, .stride = 1, .pad = 1});
  node.conv.out_channels = 2;
  const FusionGraph graph = graph_of(node, {2, 6, 6});
  const auto inside = mapped(graph, {1, 2}, {3, 4}), corner = mapped(graph, {0, 1}, {4, 5});
  EXPECT_EQ(inside->mapping, corner->mapping);
  EXPECT_EQ(inside->cost.compute_cycles, corner->cost.compute_cycles);
  EXPECT_LT(corner->cost.energy_pj, inside->cost.energy_pj);
}

TEST(BlockMapper, AddsIdleRowsWhereTheyCostLess) {
  Node node = windowed(NodeKind::convolution, {.kernel = 1, .stride = 1, .pad = 0});
  node.conv.out_channels = 1;
  const FusionGraph graph = graph_of(node, {1, 11, 1});
  const FusionMachine machine = plain_machine();
  MapperOptions options;
  BlockMapper mapper(graph, machine, options);
  const auto block = mapper.map(0, {{.size = 11}, {.size = 1}, 1}, 8);
  ASSERT_TRUE(block.has_value());
  EXPECT_EQ((*block)->block.rows.idle, 0);  // one unit gains nothing from 12
  EXPECT_EQ((*block)->macs, 11);
}

}  // namespace
}  // namespace hwflow::chip
