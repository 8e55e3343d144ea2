#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "workload/node_geometry.hpp"
#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {
namespace {

const FloatTensor* find(const WeightMap& weights, const std::string& name) {
  const auto found = weights.find(name);
  return found == weights.end() ? nullptr : &found->second;
}

/// Output channel of the i-th weight: the first axis, but of a transposed convolution the second
/// one within the group of the first.
std::size_t output_channel(const Node& node, std::size_t i, std::size_t count) {
  const auto outputs = static_cast<std::size_t>(node.conv.out_channels);
  if (node.kind != NodeKind::transposed_convolution) return i / (count / outputs);
  const auto groups = static_cast<std::size_t>(node.conv.groups);
  const auto inputs = static_cast<std::size_t>(node.conv.in_channels);
  const std::size_t per_group = outputs / groups;
  const std::size_t kernel = count / inputs / per_group;
  const std::size_t group = i / (kernel * per_group) / (inputs / groups);
  return group * per_group + i / kernel % per_group;
}

template <class Factors>
void scale_channels(const Node& node, FloatTensor& weight, const Factors& factors) {
  const std::size_t count = weight.values.size();
  for (std::size_t i = 0; i < count; ++i)
    weight.values[i] =
        static_cast<float>(static_cast<double>(weight.values[i]) *
                           static_cast<double>(factors[output_channel(node, i, count)]));
}

void fold(Node& node, WeightMap& weights) {
  constexpr std::array kParts{"weight", "bias", "running_mean", "running_var"};
  std::array<const FloatTensor*, 4> parts{};
  for (std::size_t i = 0; i < 4; ++i)
    parts[i] = find(weights, node.name + ".batch_norm." + kParts[i]);
  const FloatTensor* weight = find(weights, node.name + ".weight");
  const FloatTensor* bias = find(weights, node.name + ".bias");
  for (const FloatTensor* part : parts)
    if (part == nullptr) return;
  if (weight == nullptr || (node.has_bias && bias == nullptr)) return;

  const auto channels = static_cast<std::size_t>(node.conv.out_channels);
  std::vector<double> factors(channels);
  FloatTensor shift{{node.conv.out_channels}, std::vector<float>(channels)};
  for (std::size_t k = 0; k < channels; ++k) {
    factors[k] = static_cast<double>(parts[0]->values[k]) /
                 std::sqrt(static_cast<double>(parts[3]->values[k]) + node.batch_norm_epsilon);
    const double old = bias == nullptr ? 0.0 : static_cast<double>(bias->values[k]);
    shift.values[k] =
        static_cast<float>((old - static_cast<double>(parts[2]->values[k])) * factors[k] +
                           static_cast<double>(parts[1]->values[k]));
  }
  FloatTensor scaled = *weight;
  scale_channels(node, scaled, factors);

  weights[node.name + ".weight"] = std::move(scaled);
  weights[node.name + ".bias"] = std::move(shift);
  for (const char* part : kParts) weights.erase(node.name + ".batch_norm." + part);
  node.has_bias = true;
  node.has_batch_norm = false;
}

}  // namespace

void scale_output_channels(const Node& node, FloatTensor& weight,
                           const std::vector<float>& factors) {
  scale_channels(node, weight, factors);
}

void fold_batch_norms(std::vector<Node>& nodes, WeightMap& weights) {
  for (Node& node : nodes)
    if (node.has_batch_norm) fold(node, weights);
}

}  // namespace hwflow::onnx_import
