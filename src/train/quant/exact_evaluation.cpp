#include <torch/utils.h>

#include <cmath>

#include "base/check.hpp"
#include "train/nn/node_operations.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_checks.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

constexpr double kExactSums = 16777216.0;  // 2^24: every smaller integer is a float

Tensor convolve_codes(const Node& node, const Tensor& x, const Tensor& weight) {
  if (node.kind == NodeKind::fully_connected) return connect_fully(x, weight, {});
  return convolve(node, x, weight, {});
}

/// Sums of products of codes, exact: operands whose sums could leave 2^24 are split.
/// x and weight hold integers in float32; the result is float64.
Tensor exact_sums(const Node& node, const Tensor& x, const Tensor& weight) {
  const double reach = x.abs().max().item<double>();
  const double sum = weight.abs().flatten(1).sum(1, false, torch::kFloat64).max().item<double>();
  if (reach * sum < kExactSums) return convolve_codes(node, x, weight).to(torch::kFloat64);
  const bool split_input = reach > 255.0;
  const Tensor& whole = split_input ? x : weight;
  const double base = split_input ? 256.0 : 8.0;
  const Tensor upper = torch::round(whole / base);
  const Tensor lower = whole - upper * base;
  if (split_input) return exact_sums(node, upper, weight) * base + exact_sums(node, lower, weight);
  return exact_sums(node, x, upper) * base + exact_sums(node, x, lower);
}

Tensor codes_of(const Tensor& x, const QuantizerGrid& grid) {
  return torch::clamp(torch::round(x / grid.scale), grid.low, grid.high);
}

Tensor tensor_of(const std::vector<double>& values) {
  return torch::tensor(values, torch::kFloat64).view({1, -1, 1, 1});
}

/// One pass over a batch, values in float64.
class ExactPass {
 public:
  explicit ExactPass(const QuantizedNetwork& quantized)
      : quantized_(quantized), values_(quantized.nodes.size()) {}

  Tensor run(const Tensor& images) {
    run_before(quantized_.nodes.size(), images);
    const NodeId output = quantized_.network.outputs().front();
    return values_[static_cast<std::size_t>(output.value)].flatten(1);
  }

  /// All nodes before `end`.
  void run_before(std::size_t end, const Tensor& images) {
    const auto& nodes = quantized_.network.nodes();
    for (std::size_t i = 0; i < end; ++i) {
      values_[i] = activate(
          nodes[i], nodes[i].kind == NodeKind::input ? images.to(torch::kFloat64) : run_node(i));
    }
  }

  /// After run_before(node) or run().
  Tensor input_steps(std::size_t node, std::size_t edge) const {
    return input(node, edge) / quantized_.nodes[node].inputs.at(edge).scale;
  }

 private:
  const Tensor& input(std::size_t node, std::size_t edge) const {
    const NodeId read = quantized_.network.nodes()[node].inputs.at(edge);
    return values_[static_cast<std::size_t>(read.value)];
  }

  /// The value of an edge after rounding.
  Tensor rounded(std::size_t node, std::size_t edge) const {
    const QuantizerGrid& grid = quantized_.nodes[node].inputs.at(edge);
    const Tensor& x = input(node, edge);
    return grid.bits == kFloatBits ? x : codes_of(x, grid) * grid.scale;
  }

  Tensor run_node(std::size_t i) const {
    const Node& node = quantized_.network.nodes()[i];
    switch (node.kind) {
      case NodeKind::convolution:
      case NodeKind::fully_connected: return compute(i);
      case NodeKind::add: return rounded(i, 0) + rounded(i, 1);
      case NodeKind::multiply: return rounded(i, 0) * rounded(i, 1);
      case NodeKind::average_pooling: return pool_average(node, rounded(i, 0));
      case NodeKind::max_pooling: return pool_max(node, input(i, 0));
      case NodeKind::pad: return pad_with_zeros(node, input(i, 0));
      case NodeKind::subsample: return subsample(node, input(i, 0));
      case NodeKind::resize: return resize(node, input(i, 0));
      case NodeKind::reshape:
        return input(i, 0).reshape({-1, node.shape.channels, node.shape.height, node.shape.width});
      case NodeKind::concat: {
        std::vector<Tensor> parts;
        for (std::size_t edge = 0; edge < node.inputs.size(); ++edge)
          parts.push_back(input(i, edge));
        return torch::cat(parts, node.axis);
      }
      case NodeKind::softmax:
      case NodeKind::activation: return input(i, 0);
      default: break;
    }
    HWFLOW_CHECK(false, "node '" + node.name + "' cannot be evaluated exactly");
    return {};
  }

  Tensor compute(std::size_t i) const {
    const Node& node = quantized_.network.nodes()[i];
    const QuantizedNode& quantizers = quantized_.nodes[i];
    const FloatTensor& bias = quantized_.weights.at(node.name + ".bias");
    const QuantizerGrid& grid = quantizers.inputs.at(0);
    if (grid.bits == kFloatBits || quantizers.weights.bits == kFloatBits) return float_compute(i);
    const IntegerCompute codes = weight_codes(quantized_, i);
    Tensor weight = torch::empty(codes.shape);
    for (std::size_t k = 0; k < codes.codes.size(); ++k)
      weight.data_ptr<float>()[k] = codes.codes[k];
    const Tensor sums = exact_sums(node, codes_of(input(i, 0), grid).to(torch::kFloat32), weight);
    std::vector<double> scales, biases;
    const std::vector<std::int64_t> units = bias_codes(bias.values, codes.scales, grid.scale);
    for (std::size_t k = 0; k < units.size(); ++k) {
      scales.push_back(codes.scales[codes.scales.size() == 1 ? 0 : k] * grid.scale);
      biases.push_back(static_cast<double>(units[k]));
    }
    return (sums + tensor_of(biases)) * tensor_of(scales);
  }

  /// Layers of which one side is float: in float32, as in training.
  Tensor float_compute(std::size_t i) const {
    const Node& node = quantized_.network.nodes()[i];
    const FloatTensor& weight = quantized_.weights.at(node.name + ".weight");
    const FloatTensor& bias = quantized_.weights.at(node.name + ".bias");
    Tensor w = torch::empty(weight.shape);
    std::copy(weight.values.begin(), weight.values.end(), w.data_ptr<float>());
    if (quantized_.nodes[i].weights.bits != kFloatBits) {
      const IntegerCompute codes = weight_codes(quantized_, i);
      const std::size_t per_scale = codes.codes.size() / codes.scales.size();
      for (std::size_t k = 0; k < codes.codes.size(); ++k)
        w.data_ptr<float>()[k] = static_cast<float>(codes.codes[k] * codes.scales[k / per_scale]);
    }
    const Tensor x = rounded(i, 0).to(torch::kFloat32);
    return convolve_codes(node, x, w).to(torch::kFloat64) +
           tensor_of({bias.values.begin(), bias.values.end()});
  }

  const QuantizedNetwork& quantized_;
  std::vector<Tensor> values_;
};

}  // namespace

Tensor exact_logits(const QuantizedNetwork& quantized, const Tensor& images) {
  torch::NoGradGuard no_gradients;
  return ExactPass(quantized).run(images);
}

Tensor exact_input_steps(const QuantizedNetwork& quantized, const Tensor& images, std::size_t node,
                         std::size_t edge) {
  HWFLOW_CHECK(quantized.nodes.at(node).inputs.at(edge).bits != kFloatBits, "no grid at this edge");
  torch::NoGradGuard no_gradients;
  ExactPass pass(quantized);
  pass.run_before(node, images);
  return pass.input_steps(node, edge);
}

}  // namespace hwflow::train
