#include "train/quant/quantized_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "train/nn/weight_shapes.hpp"
#include "train/quant/integer_checks.hpp"

namespace hwflow::train {
namespace {

std::size_t at(NodeId id) { return static_cast<std::size_t>(id.value); }

Diagnostics float_widths(const QuantizedNetwork& quantized) {
  Diagnostics problems;
  const auto& nodes = quantized.network.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const QuantizedNode& node = quantized.nodes[i];
    const bool is_compute =
        nodes[i].kind == NodeKind::convolution || nodes[i].kind == NodeKind::fully_connected;
    const bool float_input =
        std::any_of(node.inputs.begin(), node.inputs.end(),
                    [](const QuantizerGrid& g) { return g.bits == kFloatBits; });
    if (float_input || (is_compute && node.weights.bits == kFloatBits))
      problems.push_back({nodes[i].name, "has float widths, which integers cannot hold",
                          "use at most 16 bits for every layer"});
  }
  return problems;
}

}  // namespace

FoldedNetwork fold_for_quantization(const Network& network, const WeightMap& weights) {
  FoldedNetwork folded = fold_batch_norm(network, weights);
  std::vector<Node> nodes = folded.network.nodes();
  for (Node& node : nodes) {
    if (!has_weight(node) || node.has_bias) continue;
    node.has_bias = true;
    const std::int64_t channels = output_channels(node);
    folded.weights[node.name + ".bias"] = {{channels},
                                           std::vector<float>(static_cast<std::size_t>(channels))};
  }
  auto made = Network::make(network.name(), std::move(nodes), network.outputs());
  HWFLOW_CHECK(made.has_value(), "a network with biases must stay a network");
  return {std::move(*made), std::move(folded.weights)};
}

IntegerCompute weight_codes(const QuantizedNetwork& network, std::size_t node) {
  const WeightQuantizer& quantizer = network.nodes.at(node).weights;
  HWFLOW_CHECK(quantizer.bits != kFloatBits, "float weights have no codes");
  const FloatTensor& weight = network.weights.at(network.network.nodes()[node].name + ".weight");
  if (quantizer.dorefa)
    return quantize_weights_dorefa(
        weight.shape, weight.values, quantizer.bits,
        quantizer.scales.size() > 1 ? Granularity::per_channel : Granularity::per_tensor);
  return quantize_weights(weight.shape, weight.values, quantizer.bits, quantizer.range,
                          quantizer.scales);
}

Expected<IntegerNetwork> to_integer_network(const QuantizedNetwork& quantized) {
  Diagnostics problems = integer::unsupported_in_integers(quantized.network);
  for (Diagnostic& problem : float_widths(quantized)) problems.push_back(std::move(problem));
  if (!problems.empty()) return Unexpected{std::move(problems)};
  IntegerNetwork result{.network = quantized.network,
                        .nodes = {},
                        .input_mean = quantized.normalization.mean,
                        .input_std = quantized.normalization.std,
                        .plan = quantized.plan,
                        .kept = quantized.kept};
  const auto& nodes = quantized.network.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    IntegerNode node;
    node.inputs = quantized.nodes[i].inputs;
    if (const auto weight = quantized.weights.find(nodes[i].name + ".weight");
        weight != quantized.weights.end()) {
      node.compute = weight_codes(quantized, i);
      const std::vector<float>& bias = quantized.weights.at(nodes[i].name + ".bias").values;
      node.compute->bias = bias_codes(bias, node.compute->scales, node.inputs.at(0).scale);
    }
    result.nodes.push_back(std::move(node));
  }
  problems = integer::problems_of(result);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return result;
}

bool widen_scales(std::vector<double>& scales, std::span<const float> bias, double input_scale) {
  constexpr double kLargestBias = 1 << 30;
  bool changed = false;
  for (std::size_t k = 0; k < bias.size(); ++k) {
    double& scale = scales[scales.size() == 1 ? 0 : k];
    const double least = std::abs(double{bias[k]}) / (input_scale * kLargestBias);
    changed = changed || scale < least;
    scale = std::max(scale, least);
  }
  return changed;
}

void make_room_for_biases(QuantizedNetwork& network) {
  const auto& nodes = network.network.nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::vector<double>& scales = network.nodes[i].weights.scales;
    const auto bias = network.weights.find(nodes[i].name + ".bias");
    if (scales.empty() || network.nodes[i].weights.dorefa || bias == network.weights.end())
      continue;
    widen_scales(scales, bias->second.values, network.nodes[i].inputs.at(0).scale);
  }
}

std::vector<bool> non_negative_nodes(const Network& network) {
  std::vector<bool> result;
  for (const Node& node : network.nodes()) {
    const bool inputs =
        !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(),
                                            [&](NodeId id) { return result[at(id)]; });
    const bool keeps = integer::only_moves_data(node.kind) ||
                       node.kind == NodeKind::average_pooling || node.kind == NodeKind::add ||
                       node.kind == NodeKind::resize;
    const bool cuts = node.activation == Activation::relu || node.activation == Activation::relu6 ||
                      (node.activation == Activation::clip && node.activation_alpha >= 0.0) ||
                      node.activation == Activation::sigmoid ||
                      node.activation == Activation::hard_sigmoid;
    const bool sign_kept = node.activation == Activation::none ||
                           node.activation == Activation::leaky_relu ||
                           node.activation == Activation::prelu;
    result.push_back(cuts || node.kind == NodeKind::softmax || (inputs && keeps && sign_kept));
  }
  return result;
}

std::vector<std::size_t> grid_sources(const Network& network) {
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    const Node& node = network.nodes()[i];
    const bool transparent = integer::only_moves_data(node.kind) && node.inputs.size() == 1 &&
                             node.activation == Activation::none;
    sources.push_back(transparent ? sources[at(node.inputs[0])] : i);
  }
  return sources;
}

}  // namespace hwflow::train
