#include "train/nn/batch_norm_folding.hpp"

#include <cmath>

#include "base/check.hpp"
#include "base/expected.hpp"
#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

const FloatTensor& tensor_of(const WeightMap& weights, const std::string& name) {
  const auto found = weights.find(name);
  HWFLOW_CHECK(found != weights.end(), "tensor '" + name + "' is missing");
  return found->second;
}

/// Output channel of element `i` of a weight.
std::size_t output_channel(const Node& node, const std::vector<std::int64_t>& shape,
                           std::size_t i) {
  std::size_t window = 1;
  for (std::size_t d = 2; d < shape.size(); ++d) window *= static_cast<std::size_t>(shape[d]);
  const auto second = static_cast<std::size_t>(shape.at(1));
  if (node.kind != NodeKind::transposed_convolution) return i / (window * second);
  // (in, out / groups, ...): the group follows from the input channel.
  const auto inputs_per_group = static_cast<std::size_t>(shape[0] / node.conv.groups);
  const std::size_t input = i / (window * second);
  return input / inputs_per_group * second + i / window % second;
}

void fold_node(const Node& node, const WeightMap& source, WeightMap& folded) {
  const std::string norm = node.name + ".batch_norm.";
  const std::vector<float>& gain = tensor_of(source, norm + "weight").values;
  const std::vector<float>& shift = tensor_of(source, norm + "bias").values;
  const std::vector<float>& mean = tensor_of(source, norm + "running_mean").values;
  const std::vector<float>& variance = tensor_of(source, norm + "running_var").values;
  const auto channels = static_cast<std::size_t>(output_channels(node));
  std::vector<double> scale(channels);
  FloatTensor bias{{output_channels(node)}, std::vector<float>(channels)};
  for (std::size_t k = 0; k < channels; ++k) {
    scale[k] = gain[k] / std::sqrt(double{variance[k]} + node.batch_norm_epsilon);
    const double before =
        node.has_bias ? double{tensor_of(source, node.name + ".bias").values[k]} : 0.0;
    bias.values[k] = static_cast<float>((before - mean[k]) * scale[k] + shift[k]);
  }
  FloatTensor weight = tensor_of(source, node.name + ".weight");
  for (std::size_t i = 0; i < weight.values.size(); ++i) {
    weight.values[i] =
        static_cast<float>(weight.values[i] * scale[output_channel(node, weight.shape, i)]);
  }
  folded[node.name + ".weight"] = std::move(weight);
  folded[node.name + ".bias"] = std::move(bias);
}

}  // namespace

FoldedNetwork fold_batch_norm(const Network& network, const WeightMap& weights) {
  std::vector<Node> nodes = network.nodes();
  WeightMap folded;
  for (Node& node : nodes) {
    if (!has_weight(node)) continue;
    if (node.has_batch_norm) {
      fold_node(node, weights, folded);
      node.has_batch_norm = false;
      node.has_bias = true;
      continue;
    }
    folded[node.name + ".weight"] = tensor_of(weights, node.name + ".weight");
    if (node.has_bias) folded[node.name + ".bias"] = tensor_of(weights, node.name + ".bias");
  }
  Expected<Network> made = Network::make(network.name(), std::move(nodes), network.outputs());
  HWFLOW_CHECK(made.has_value(), "a folded network is no network any more");
  return {std::move(made.value()), std::move(folded)};
}

}  // namespace hwflow::train
