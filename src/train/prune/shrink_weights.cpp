#include "train/prune/shrink_weights.hpp"

#include <numeric>
#include <span>
#include <vector>

#include "base/check.hpp"
#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

using Places = std::vector<std::int64_t>;

Places all_of(std::int64_t count) {
  Places places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

/// Entries of the first two axes that stay; the other axes are whole.
FloatTensor chosen(const FloatTensor& tensor, const Places& first, const Places& second) {
  FloatTensor result{tensor.shape, {}};
  result.shape[0] = std::ssize(first);
  if (result.shape.size() > 1) result.shape[1] = std::ssize(second);
  std::int64_t inner = 1;
  for (std::size_t axis = 2; axis < tensor.shape.size(); ++axis) inner *= tensor.shape[axis];
  const std::int64_t columns = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
  for (const std::int64_t row : first)
    for (const std::int64_t column : second) {
      const auto begin = tensor.values.begin() + (row * columns + column) * inner;
      result.values.insert(result.values.end(), begin, begin + inner);
    }
  return result;
}

/// Features of a tensor that a fully connected layer reads, flattened channel by channel.
Places features_of(const FeatureShape& shape, const Places& channels) {
  Places features;
  for (const std::int64_t channel : channels)
    for (std::int64_t i = 0; i < shape.height * shape.width; ++i)
      features.push_back(channel * shape.height * shape.width + i);
  return features;
}

/// Places within a group of `size`, of channels that stay in every group alike.
Places places_in_group(const Places& channels, std::int64_t size) {
  Places places;
  for (const std::int64_t channel : channels)
    if (channel < size) places.push_back(channel);
  return places;
}

struct Axes {
  Places first, second;
};

/// What stays of the first two axes of a node's weight.
Axes axes_of(const Network& network, const Node& node, const ShrunkNetwork& shrunk,
             const Places& outputs) {
  const NodeId read = node.inputs.front();
  const Places& inputs = shrunk.kept[static_cast<std::size_t>(read.value)];
  if (node.kind == NodeKind::fully_connected)
    return {outputs, features_of(network.node(read).shape, inputs)};
  const std::int64_t groups = node.conv.groups;
  if (node.kind == NodeKind::transposed_convolution) {
    const std::int64_t size = node.conv.out_channels / groups;
    return {inputs, node.conv.is_depthwise() ? all_of(size) : places_in_group(outputs, size)};
  }
  const std::int64_t size = node.conv.in_channels / groups;
  return {outputs, node.conv.is_depthwise() ? all_of(1) : places_in_group(inputs, size)};
}

}  // namespace

WeightMap shrink_weights(const Network& network, const ShrunkNetwork& shrunk,
                         const WeightMap& weights) {
  WeightMap result;
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    const Node& node = network.nodes()[i];
    if (!has_weight(node)) continue;
    const Places& outputs = shrunk.kept[i];
    const Axes axes = axes_of(network, node, shrunk, outputs);
    result[node.name + ".weight"] =
        chosen(weights.at(node.name + ".weight"), axes.first, axes.second);
    for (const char* of : {".bias", ".batch_norm.weight", ".batch_norm.bias",
                           ".batch_norm.running_mean", ".batch_norm.running_var"}) {
      const auto found = weights.find(node.name + of);
      if (found != weights.end()) result[found->first] = chosen(found->second, outputs, {0});
    }
  }
  const auto expected = expected_tensors(shrunk.network);
  HWFLOW_CHECK(expected.size() == result.size(), "a tensor was lost in shrinking");
  for (const auto& [name, shape] : expected)
    HWFLOW_CHECK(result.at(name).shape == shape, "'" + name + "' was shrunk to another shape");
  return result;
}

}  // namespace hwflow::train
