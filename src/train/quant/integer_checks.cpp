#include "train/quant/integer_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hwflow::train::integer {
namespace {

bool has_integer_form(Activation activation) {
  return activation == Activation::none || activation == Activation::relu ||
         activation == Activation::relu6 || activation == Activation::clip;
}

bool is_compute(NodeKind kind) {
  return kind == NodeKind::convolution || kind == NodeKind::fully_connected;
}

bool has_pads(const ConvShape& c) {
  return c.pad_top != 0 || c.pad_bottom != 0 || c.pad_left != 0 || c.pad_right != 0;
}

class Checker {
 public:
  explicit Checker(const IntegerNetwork& network) : network_(network) {}

  Diagnostics run() {
    problems_ = unsupported_in_integers(network_.network);
    const auto& nodes = network_.network.nodes();
    if (network_.nodes.size() != nodes.size()) {
      add(network_.network.name(),
          fmt::format("{} integer nodes for {} nodes", network_.nodes.size(), nodes.size()));
      return problems_;
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) check_node(nodes[i], network_.nodes[i]);
    check_normalisation();
    return problems_;
  }

 private:
  void add(const std::string& place, std::string reason, std::string hint = "") {
    problems_.push_back({place, std::move(reason), std::move(hint)});
  }

  void check_node(const Node& node, const IntegerNode& integer) {
    const std::size_t edges = is_arithmetic(node.kind) ? node.inputs.size() : 0;
    if (integer.inputs.size() != edges)
      add(node.name, fmt::format("{} input grids, {} wanted", integer.inputs.size(), edges));
    for (const QuantizerGrid& grid : integer.inputs) check_grid(node.name, grid);
    if (node.has_batch_norm) add(node.name, "has BatchNorm", "fold it into the weights");
    if (is_compute(node.kind) != integer.compute.has_value()) {
      add(node.name, is_compute(node.kind) ? "has no weight codes" : "has weight codes");
    } else if (integer.compute) {
      check_compute(node, *integer.compute);
    }
  }

  void check_grid(const std::string& place, const QuantizerGrid& grid) {
    if (!(grid.scale > 0.0) || !std::isfinite(grid.scale))
      add(place, fmt::format("scale must be a positive number, got {}", grid.scale));
    if (grid.low > 0 || grid.high < 1 || grid.low < -32768 || grid.high > 65535)
      add(place,
          fmt::format("codes {}..{} do not hold 0 or need more than 16 bits", grid.low, grid.high));
  }

  void check_compute(const Node& node, const IntegerCompute& compute) {
    std::int64_t count = 1;
    for (const std::int64_t size : compute.shape) count *= size;
    const bool fits = !compute.shape.empty() && compute.shape[0] == node.shape.channels &&
                      count == static_cast<std::int64_t>(compute.codes.size()) && count > 0;
    if (!fits) add(node.name, "weight codes do not fit their shape or the layer");
    const auto outputs = static_cast<std::size_t>(node.shape.channels);
    if (compute.bias.size() != outputs)
      add(node.name, fmt::format("{} biases for {} channels", compute.bias.size(), outputs));
    if (compute.scales.size() != 1 && compute.scales.size() != outputs)
      add(node.name,
          fmt::format("{} weight scales, 1 or {} wanted", compute.scales.size(), outputs));
    const auto is_bad = [](double scale) { return !(scale > 0.0) || !std::isfinite(scale); };
    if (std::any_of(compute.scales.begin(), compute.scales.end(), is_bad))
      add(node.name, "weight scales must be positive numbers");
    const auto is_outside = [&](std::int16_t code) {
      return code < compute.low || code > compute.high;
    };
    if (std::any_of(compute.codes.begin(), compute.codes.end(), is_outside))
      add(node.name, fmt::format("weight codes outside {}..{}", compute.low, compute.high));
  }

  void check_normalisation() {
    std::size_t channels = 0;
    for (const Node& node : network_.network.nodes())
      if (node.kind == NodeKind::input) channels = static_cast<std::size_t>(node.shape.channels);
    if (network_.input_mean.size() != channels || network_.input_std.size() != channels)
      add("input", fmt::format("needs mean and deviation for {} channels", channels));
    for (const float deviation : network_.input_std)
      if (!(deviation > 0.0F)) add("input", "deviations must be positive");
  }

  const IntegerNetwork& network_;
  Diagnostics problems_;
};

std::string_view refusal(const Node& node) {
  if (!has_integer_form(node.activation)) return "activation has no integer form here";
  switch (node.kind) {
    case NodeKind::input:
    case NodeKind::convolution:
    case NodeKind::fully_connected:
    case NodeKind::add:
    case NodeKind::concat:
    case NodeKind::pad:
    case NodeKind::subsample:
    case NodeKind::reshape:
    case NodeKind::softmax:
    case NodeKind::activation:
    case NodeKind::max_pooling: return "";
    case NodeKind::average_pooling:
      return has_pads(node.conv) && !node.count_include_pad
                 ? "average pooling that leaves out its padding has no integer form here"
                 : "";
    default: return "kind of node has no integer form here";
  }
}

}  // namespace

Diagnostics problems_of(const IntegerNetwork& network) { return Checker(network).run(); }

bool only_moves_data(NodeKind kind) {
  switch (kind) {
    case NodeKind::max_pooling:
    case NodeKind::concat:
    case NodeKind::pad:
    case NodeKind::subsample:
    case NodeKind::reshape:
    case NodeKind::activation: return true;
    default: return false;
  }
}

bool is_arithmetic(NodeKind kind) {
  return is_compute(kind) || kind == NodeKind::add || kind == NodeKind::average_pooling ||
         kind == NodeKind::multiply || kind == NodeKind::transposed_convolution ||
         kind == NodeKind::matrix_product;
}

bool keeps_the_order(NodeKind kind) {
  return kind == NodeKind::softmax || kind == NodeKind::reshape;
}

Diagnostics unsupported_in_integers(const Network& network) {
  Diagnostics problems;
  const std::string hint =
      "integers: convolution, fully connected, add, pooling, concat, pad, subsample, reshape; "
      "relu, relu6, clip";
  std::size_t inputs = 0;
  for (const Node& node : network.nodes()) {
    inputs += node.kind == NodeKind::input ? 1U : 0U;
    if (!node.not_executable.empty())
      problems.push_back({network.name() + ": " + node.name,
                          "its values cannot be computed: " + node.not_executable, hint});
    if (const std::string_view reason = refusal(node); !reason.empty())
      problems.push_back(
          {network.name() + ": " + node.name,
           fmt::format("{} ({}, {})", reason, name(node.kind), name(node.activation)), hint});
    if (node.kind == NodeKind::concat && node.axis != 1)
      problems.push_back(
          {network.name() + ": " + node.name, "concatenates not along channels", hint});
    if (node.kind == NodeKind::softmax && !network.consumers(*network.find(node.name)).empty())
      problems.push_back({network.name() + ": " + node.name, "softmax inside the network", hint});
  }
  if (inputs != 1) problems.push_back({network.name(), "needs exactly one input", ""});
  const std::vector<NodeId>& outputs = network.outputs();
  if (outputs.size() != 1) {
    problems.push_back({network.name(), "needs exactly one output", ""});
    return problems;
  }
  NodeId last = outputs[0];
  while (keeps_the_order(network.node(last).kind)) last = network.node(last).inputs[0];
  if (!is_arithmetic(network.node(last).kind))
    problems.push_back({network.name() + ": " + network.node(last).name,
                        "the last layer must be a sum (compute, add, average pooling)", ""});
  return problems;
}

}  // namespace hwflow::train::integer
