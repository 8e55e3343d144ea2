#include "train/quant/folding.hpp"

#include <fmt/format.h>

#include <cmath>

#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

/// Share g and offset of each channel: y = g x + offset.
struct Affine {
  std::vector<double> factor, offset;
};

Affine affine_of(const Node& node, const WeightMap& weights, std::size_t channels) {
  Affine affine{std::vector<double>(channels, 1.0), std::vector<double>(channels, 0.0)};
  if (!node.has_batch_norm) return affine;
  const std::string norm = node.name + ".batch_norm.";
  const std::vector<float>& gamma = weights.at(norm + "weight").values;
  const std::vector<float>& beta = weights.at(norm + "bias").values;
  const std::vector<float>& mean = weights.at(norm + "running_mean").values;
  const std::vector<float>& variance = weights.at(norm + "running_var").values;
  for (std::size_t k = 0; k < channels; ++k) {
    affine.factor[k] = gamma[k] / std::sqrt(double{variance[k]} + node.batch_norm_epsilon);
    affine.offset[k] = beta[k] - mean[k] * affine.factor[k];
  }
  return affine;
}

void fold_node(const Node& node, const WeightMap& weights, WeightMap& folded) {
  FloatTensor weight = weights.at(node.name + ".weight");
  const auto channels = static_cast<std::size_t>(output_channels(node));
  const Affine affine = affine_of(node, weights, channels);
  const std::size_t per_output = weight.values.size() / channels;
  FloatTensor bias{{static_cast<std::int64_t>(channels)}, std::vector<float>(channels)};
  for (std::size_t k = 0; k < channels; ++k) {
    for (std::size_t i = k * per_output; i < (k + 1) * per_output; ++i)
      weight.values[i] = static_cast<float>(weight.values[i] * affine.factor[k]);
    const double old = node.has_bias ? double{weights.at(node.name + ".bias").values[k]} : 0.0;
    bias.values[k] = static_cast<float>(old * affine.factor[k] + affine.offset[k]);
  }
  folded[node.name + ".weight"] = std::move(weight);
  folded[node.name + ".bias"] = std::move(bias);
}

Diagnostics missing_tensors(const Network& network, const WeightMap& weights) {
  Diagnostics problems;
  for (const auto& [name, shape] : expected_tensors(network)) {
    const auto found = weights.find(name);
    if (found == weights.end())
      problems.push_back({name, "tensor is missing", "match the weights to the network first"});
    else if (found->second.shape != shape)
      problems.push_back({name, "tensor has another shape than the network wants", ""});
  }
  for (const Node& node : network.nodes())
    if (node.kind == NodeKind::transposed_convolution)
      problems.push_back({node.name, "transposed convolutions are not quantized here", ""});
  return problems;
}

}  // namespace

Expected<FoldedNetwork> fold_batch_norm(const Network& network, const WeightMap& weights) {
  if (Diagnostics problems = missing_tensors(network, weights); !problems.empty())
    return Unexpected{std::move(problems)};
  std::vector<Node> nodes = network.nodes();
  WeightMap folded;
  for (Node& node : nodes) {
    if (!has_weight(node)) continue;
    fold_node(node, weights, folded);
    node.has_batch_norm = false;
    node.has_bias = true;
  }
  auto made = Network::make(network.name(), std::move(nodes));
  if (!made) return Unexpected{made.error()};
  return FoldedNetwork{std::move(*made), std::move(folded)};
}

}  // namespace hwflow::train
