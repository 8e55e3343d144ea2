#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chip/fusion/axis_map.hpp"
#include "workload/network.hpp"

namespace hwflow::chip {

/// Something that is stored: a network input or the output of a layer. Nodes that only move data
/// are views of it and have no tensor of their own.
struct FusionTensor {
  std::string name;
  FeatureShape shape;
  std::optional<std::size_t> producer;  ///< layer; none: a network input
  std::vector<std::size_t> reads;       ///< indices of FusionGraph::reads, in order of the readers
  std::set<int> output_widths;          ///< copies that leave the network
};

/// One tensor read by one layer, perhaps through views.
struct FusionRead {
  std::size_t tensor = 0;
  std::size_t layer = 0;
  AxisMap rows, columns;  ///< from the layer's output to the tensor
  std::set<int> widths;   ///< of the copies that it reads (docs/decisions/0001)
};

/// One arithmetic node: convolution, matrix product, pooling, element-wise.
struct FusionLayer {
  NodeId node;
  Layer layer;                       ///< the whole layer, batch 1
  Layer batched;                     ///< the whole layer, all images
  Node description;                  ///< of the node
  std::vector<FeatureShape> inputs;  ///< shapes that the node reads
  FeatureShape shape;
  std::size_t output = 0;          ///< tensor
  std::vector<std::size_t> reads;  ///< one for each tensor that it reads
  std::int64_t weight_words = 0;
};

/// A network as the fusion room sees it: layers in the order of the network, what they store and
/// what they read.
struct FusionGraph {
  std::string name;
  std::vector<FusionLayer> layers;
  std::vector<FusionTensor> tensors;
  std::vector<FusionRead> reads;
  std::int64_t batch = 1;
};

/// `options.include_auxiliary` is not looked at: poolings and additions are layers here.
[[nodiscard]] FusionGraph make_fusion_graph(const Network& network, const CompressionPlan& plan,
                                            const LoweringOptions& options);

/// Layers [first, last) as a network of their own: what they read from others is its input, what
/// others read from them its output.
[[nodiscard]] FusionGraph part_of(const FusionGraph& graph, std::size_t first, std::size_t last);

/// Sum of the widths of some copies of one value.
[[nodiscard]] std::int64_t total_width(const std::set<int>& widths);

}  // namespace hwflow::chip
