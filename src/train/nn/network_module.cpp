#include "train/nn/network_module.hpp"

#include <fmt/format.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/check.hpp"
#include "base/random.hpp"
#include "train/nn/node_operations.hpp"
#include "train/nn/weight_shapes.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

/// A module that only holds tensors, so that parameter paths equal WeightMap names.
class Holder : public torch::nn::Module {};

std::vector<std::string> split_at_dots(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char letter : name) {
    if (letter == '.') {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  for (std::string& part : parts) {
    if (part.empty()) part = "_";  // torch wants no empty path segment
  }
  return parts;
}

std::shared_ptr<torch::nn::Module> child_at(torch::nn::Module& parent, const std::string& name) {
  for (const auto& child : parent.named_children()) {
    if (child.key() == name) return child.value();
  }
  return parent.register_module(name, std::make_shared<Holder>());
}

bool is_arithmetic(NodeKind kind) {
  switch (kind) {
    case NodeKind::convolution:
    case NodeKind::transposed_convolution:
    case NodeKind::fully_connected:
    case NodeKind::matrix_product:
    case NodeKind::average_pooling:
    case NodeKind::add:
    case NodeKind::multiply: return true;
    default: return false;
  }
}

std::size_t position(NodeId id) { return static_cast<std::size_t>(id.value); }

/// Per node, the tensors that nobody reads after it (outputs of the network excepted).
std::vector<std::vector<std::size_t>> find_last_readers(const Network& network) {
  const std::size_t count = network.nodes().size();
  std::vector<std::vector<std::size_t>> dropped(count);
  std::vector<bool> seen(count, false);
  for (const NodeId output : network.outputs()) seen[position(output)] = true;
  for (std::size_t reader = count; reader-- > 0;) {
    for (const NodeId input : network.nodes()[reader].inputs) {
      if (seen[position(input)]) continue;
      seen[position(input)] = true;
      dropped[reader].push_back(position(input));
    }
  }
  return dropped;
}

Tensor view_as_node(const Node& node, const Tensor& x) {
  return x.reshape({x.size(0), node.shape.channels, node.shape.height, node.shape.width});
}

Tensor as_result(const Node& node, const Tensor& x) {
  return node.shape.height == 1 && node.shape.width == 1 ? x.flatten(1) : x;
}

}  // namespace

Diagnostics unsupported_parts(const Network& network) {
  Diagnostics problems;
  std::size_t inputs = 0;
  for (const Node& node : network.nodes()) {
    inputs += node.kind == NodeKind::input ? 1 : 0;
    if (!node.not_executable.empty()) {
      problems.push_back({network.name() + ": " + node.name,
                          "its values cannot be computed: " + node.not_executable,
                          "the network serves cost models only"});
    }
    if (node.kind == NodeKind::matrix_product) {
      problems.push_back({network.name() + ": " + node.name,
                          "matrix products between activations cannot be trained or tested here",
                          "convolutions and fully connected layers can"});
    }
  }
  if (inputs != 1) {
    problems.push_back({network.name(), fmt::format("has {} inputs; one is needed", inputs), ""});
  }
  return problems;
}

NetworkModule::NetworkModule(const Network& network)
    : torch::nn::Module(network.name()),
      network_(network),
      tensors_(network.nodes().size()),
      last_read_(find_last_readers(network)) {
  const Diagnostics problems = unsupported_parts(network);
  HWFLOW_CHECK(problems.empty(), to_text(problems));
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (has_weight(network_.nodes()[i])) register_node(i);
  }
}

void NetworkModule::register_node(std::size_t node) {
  const Node& description = network_.nodes()[node];
  NodeTensors& t = tensors_[node];
  torch::nn::Module* holder = this;
  for (const std::string& part : split_at_dots(description.name)) {
    holder = child_at(*holder, part).get();
  }
  const std::int64_t channels = output_channels(description);
  t.weight =
      holder->register_parameter("weight", torch::zeros(weight_shape(network_, description)));
  if (description.has_bias) t.bias = holder->register_parameter("bias", torch::zeros({channels}));
  if (!description.has_batch_norm) return;
  const std::shared_ptr<torch::nn::Module> norm = child_at(*holder, "batch_norm");
  t.norm_weight = norm->register_parameter("weight", torch::ones({channels}));
  t.norm_bias = norm->register_parameter("bias", torch::zeros({channels}));
  t.norm_mean = norm->register_buffer("running_mean", torch::zeros({channels}));
  t.norm_variance = norm->register_buffer("running_var", torch::ones({channels}));
}

Tensor NetworkModule::input_of(std::size_t, std::size_t, Tensor x) { return x; }
Tensor NetworkModule::weight_of(std::size_t, Tensor weight) { return weight; }
Tensor NetworkModule::bias_of(std::size_t, Tensor bias) { return bias; }

bool NetworkModule::flip_bits(const BitErrors& rates, Rng*) { return !rates.any(); }

Tensor NetworkModule::forward(Tensor images) { return forward_outputs(std::move(images)).front(); }

std::vector<Tensor> NetworkModule::forward_outputs(Tensor images) {
  const std::vector<Node>& nodes = network_.nodes();
  std::vector<Tensor> values(nodes.size());
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    inputs.clear();
    const bool arithmetic = is_arithmetic(nodes[i].kind);
    for (std::size_t edge = 0; edge < nodes[i].inputs.size(); ++edge) {
      const Tensor& x = values[position(nodes[i].inputs[edge])];
      inputs.push_back(arithmetic ? input_of(i, edge, x) : x);
    }
    if (nodes[i].kind == NodeKind::input) inputs.push_back(std::move(images));
    values[i] = activate(nodes[i], run_node(i, inputs));
    for (const std::size_t done : last_read_[i]) values[done].reset();
  }
  std::vector<Tensor> results;
  for (const NodeId output : network_.outputs()) {
    results.push_back(as_result(network_.node(output), values[position(output)]));
  }
  return results;
}

Tensor NetworkModule::normalise(std::size_t node, Tensor x) {
  if (!network_.nodes()[node].has_batch_norm) return x;
  const NodeTensors& t = tensors_[node];
  return torch::batch_norm(x, t.norm_weight, t.norm_bias, t.norm_mean, t.norm_variance,
                           is_training(), kBatchNormMomentum,
                           network_.nodes()[node].batch_norm_epsilon,
                           /*cudnn_enabled=*/true);
}

Tensor NetworkModule::run_node(std::size_t node, const std::vector<Tensor>& inputs) {
  const Node& description = network_.nodes()[node];
  const Tensor& x = inputs.at(0);
  Tensor weight, bias;
  if (has_weight(description)) {
    weight = weight_of(node, tensors_[node].weight);
    if (description.has_bias) bias = bias_of(node, tensors_[node].bias);
  }
  switch (description.kind) {
    case NodeKind::input: return view_as_node(description, x);
    case NodeKind::convolution: return normalise(node, convolve(description, x, weight, bias));
    case NodeKind::transposed_convolution:
      return normalise(node, convolve_transposed(description, x, weight, bias));
    case NodeKind::fully_connected: return normalise(node, connect_fully(x, weight, bias));
    case NodeKind::max_pooling: return pool_max(description, x);
    case NodeKind::average_pooling: return pool_average(description, x);
    case NodeKind::add: return x + inputs.at(1);
    case NodeKind::multiply: return x * inputs.at(1);
    case NodeKind::concat: return torch::cat(inputs, description.axis);
    case NodeKind::pad: return pad_with_zeros(description, x);
    case NodeKind::subsample: return subsample(description, x);
    case NodeKind::resize: return resize(description, x);
    case NodeKind::reshape: return view_as_node(description, x);
    case NodeKind::softmax: return torch::softmax(x, 1);
    case NodeKind::activation: return x;
    case NodeKind::matrix_product: break;
  }
  HWFLOW_CHECK(false, "node '" + description.name + "' cannot be executed");
  return x;
}

void initialise(NetworkModule& module, std::uint64_t seed) {
  torch::NoGradGuard no_gradients;
  for (std::size_t i = 0; i < module.network().nodes().size(); ++i) {
    const NodeTensors& t = module.tensors(i);
    if (!t.weight.defined()) continue;
    Rng rng = Rng::derive(seed, i);
    const std::int64_t fan_in = t.weight.numel() / t.weight.size(0);
    const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
    Tensor values = torch::empty(t.weight.sizes());
    float* out = values.data_ptr<float>();
    for (std::int64_t k = 0; k < values.numel(); ++k) {
      out[k] = static_cast<float>(deviation * rng.normal());
    }
    t.weight.copy_(values);
    if (t.bias.defined()) t.bias.zero_();
    if (!t.norm_weight.defined()) continue;
    t.norm_weight.fill_(1.0);
    t.norm_bias.zero_();
    t.norm_mean.zero_();
    t.norm_variance.fill_(1.0);
  }
}

std::vector<std::pair<std::string, Tensor>> named_tensors(const NetworkModule& module) {
  std::vector<std::pair<std::string, Tensor>> named;
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    if (tensor.defined()) named.emplace_back(name, tensor);
  };
  for (std::size_t i = 0; i < module.network().nodes().size(); ++i) {
    const std::string& node = module.network().nodes()[i].name;
    const NodeTensors& t = module.tensors(i);
    add(node + ".weight", t.weight);
    add(node + ".bias", t.bias);
    add(node + ".batch_norm.weight", t.norm_weight);
    add(node + ".batch_norm.bias", t.norm_bias);
    add(node + ".batch_norm.running_mean", t.norm_mean);
    add(node + ".batch_norm.running_var", t.norm_variance);
  }
  return named;
}

WeightMap weights_of(const NetworkModule& module) {
  WeightMap weights;
  for (const auto& [name, tensor] : named_tensors(module)) {
    const Tensor flat = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    const float* first = flat.data_ptr<float>();
    weights[name] = {flat.sizes().vec(), {first, first + flat.numel()}};
  }
  return weights;
}

void load_weights(NetworkModule& module, const WeightMap& weights) {
  torch::NoGradGuard no_gradients;
  const auto named = named_tensors(module);
  HWFLOW_CHECK(named.size() == weights.size(), "weights do not fit the network; match them first");
  for (const auto& [name, tensor] : named) {
    const auto found = weights.find(name);
    HWFLOW_CHECK(found != weights.end() && tensor.sizes() == found->second.shape,
                 "tensor '" + name + "' is missing or has another shape; match the weights first");
    // from_blob wants a non-const pointer; copy_ only reads it.
    auto* values = const_cast<float*>(found->second.values.data());
    tensor.copy_(torch::from_blob(values, found->second.shape, torch::kFloat32));
  }
}

}  // namespace hwflow::train
