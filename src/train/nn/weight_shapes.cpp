#include "train/nn/weight_shapes.hpp"

#include "base/check.hpp"

namespace hwflow::train {

bool has_weight(const Node& node) {
  return node.kind == NodeKind::convolution || node.kind == NodeKind::transposed_convolution ||
         node.kind == NodeKind::fully_connected;
}

std::int64_t output_channels(const Node& node) { return node.conv.out_channels; }

std::vector<std::int64_t> weight_shape(const Network& network, const Node& node) {
  HWFLOW_CHECK(has_weight(node), "node '" + node.name + "' has no weight");
  const ConvShape& c = node.conv;
  switch (node.kind) {
    case NodeKind::convolution:
      return {c.out_channels, c.in_channels / c.groups, c.kernel_height, c.kernel_width};
    case NodeKind::transposed_convolution:
      return {c.in_channels, c.out_channels / c.groups, c.kernel_height, c.kernel_width};
    default: return {c.out_channels, network.node(node.inputs.at(0)).shape.elements()};
  }
}

std::map<std::string, std::vector<std::int64_t>> expected_tensors(const Network& network) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const Node& node : network.nodes()) {
    if (!has_weight(node)) continue;
    const std::vector<std::int64_t> channels{output_channels(node)};
    shapes[node.name + ".weight"] = weight_shape(network, node);
    if (node.has_bias) shapes[node.name + ".bias"] = channels;
    if (!node.has_batch_norm) continue;
    for (const char* leaf : {"weight", "bias", "running_mean", "running_var"}) {
      shapes[node.name + ".batch_norm." + leaf] = channels;
    }
  }
  return shapes;
}

}  // namespace hwflow::train
