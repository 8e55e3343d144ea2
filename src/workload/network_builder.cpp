#include "workload/network_builder.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "workload/node_geometry.hpp"

namespace hwflow {
namespace {

struct Pads {
  std::int64_t before, after;
};

/// TensorFlow's rule: as many zeros as ceil(size / stride) windows need, the odd one after.
Pads same_pads(std::int64_t size, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t outputs = (size + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((outputs - 1) * stride + kernel - size, 0);
  return {total / 2, total - total / 2};
}

Node conv_node(std::string name, NodeId input, std::int64_t channels, const Window& window,
               Activation activation) {
  Node node = node_of(std::move(name), NodeKind::convolution, {input});
  node.conv = conv_shape(window);
  node.conv.out_channels = channels;
  node.activation = activation;
  return node;
}

}  // namespace

Node node_of(std::string name, NodeKind kind, std::vector<NodeId> inputs) {
  Node node;
  node.name = std::move(name);
  node.kind = kind;
  node.inputs = std::move(inputs);
  return node;
}

ConvShape conv_shape(const Window& window) {
  ConvShape shape;
  shape.kernel_height = shape.kernel_width = window.kernel;
  shape.stride_height = shape.stride_width = window.stride;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = window.pad;
  shape.dilation_height = shape.dilation_width = window.dilation;
  return shape;
}

ConvShape same_conv_shape(std::int64_t kernel_height, std::int64_t kernel_width,
                          std::int64_t stride, const FeatureShape& input) {
  ConvShape shape;
  shape.kernel_height = kernel_height;
  shape.kernel_width = kernel_width;
  shape.stride_height = shape.stride_width = stride;
  const Pads rows = same_pads(input.height, kernel_height, stride);
  const Pads columns = same_pads(input.width, kernel_width, stride);
  shape.pad_top = rows.before;
  shape.pad_bottom = rows.after;
  shape.pad_left = columns.before;
  shape.pad_right = columns.after;
  return shape;
}

NodeId NetworkBuilder::input(const FeatureShape& shape) {
  Node node = node_of("input", NodeKind::input, {});
  node.shape = shape;
  return add(std::move(node));
}

NodeId NetworkBuilder::add(Node node) {
  std::vector<FeatureShape> inputs;
  for (const NodeId id : node.inputs) inputs.push_back(shape(id));
  auto inferred = infer_geometry(std::move(node), inputs);
  HWFLOW_CHECK(inferred.has_value(), to_text(inferred.error()));
  nodes_.push_back(std::move(*inferred));
  return {static_cast<std::int32_t>(nodes_.size()) - 1};
}

NodeId NetworkBuilder::conv_bn(std::string name, NodeId input, std::int64_t channels,
                               const Window& window, Activation activation) {
  Node node = conv_node(std::move(name), input, channels, window, activation);
  node.has_batch_norm = true;
  return add(std::move(node));
}

NodeId NetworkBuilder::conv_bias(std::string name, NodeId input, std::int64_t channels,
                                 const Window& window, Activation activation, std::int64_t groups) {
  Node node = conv_node(std::move(name), input, channels, window, activation);
  node.conv.groups = groups;
  node.has_bias = true;
  if (activation == Activation::prelu) {
    node.prelu_slopes = channels;
    node.not_executable = "the slopes of PReLU, one for every channel, are counted but not kept";
  }
  return add(std::move(node));
}

NodeId NetworkBuilder::depthwise_bn(std::string name, NodeId input, const Window& window,
                                    Activation activation) {
  Node node = conv_node(std::move(name), input, channels(input), window, activation);
  node.conv.groups = channels(input);
  node.has_batch_norm = true;
  return add(std::move(node));
}

NodeId NetworkBuilder::fully_connected(std::string name, NodeId input, std::int64_t features,
                                       Activation activation) {
  Node node = node_of(std::move(name), NodeKind::fully_connected, {input});
  node.conv.out_channels = features;
  node.has_bias = true;
  node.activation = activation;
  return add(std::move(node));
}

NodeId NetworkBuilder::max_pool(std::string name, NodeId input, const Window& window) {
  Node node = node_of(std::move(name), NodeKind::max_pooling, {input});
  node.conv = conv_shape(window);
  return add(std::move(node));
}

NodeId NetworkBuilder::average_pool(std::string name, NodeId input, const Window& window) {
  Node node = node_of(std::move(name), NodeKind::average_pooling, {input});
  node.conv = conv_shape(window);
  return add(std::move(node));
}

NodeId NetworkBuilder::global_average_pool(std::string name, NodeId input) {
  Node node = node_of(std::move(name), NodeKind::average_pooling, {input});
  node.conv.kernel_height = node.conv.kernel_width = 0;
  return add(std::move(node));
}

NodeId NetworkBuilder::add(std::string name, NodeId left, NodeId right, Activation activation) {
  Node node = node_of(std::move(name), NodeKind::add, {left, right});
  node.activation = activation;
  return add(std::move(node));
}

NodeId NetworkBuilder::concat(std::string name, std::vector<NodeId> inputs) {
  return add(node_of(std::move(name), NodeKind::concat, std::move(inputs)));
}

const FeatureShape& NetworkBuilder::shape(NodeId id) const {
  HWFLOW_CHECK(id.value >= 0 && static_cast<std::size_t>(id.value) < nodes_.size(),
               "a NodeId of another network");
  return nodes_[static_cast<std::size_t>(id.value)].shape;
}

Network NetworkBuilder::finish(std::string name) && {
  auto network = Network::make(std::move(name), std::move(nodes_));
  HWFLOW_CHECK(network.has_value(), to_text(network.error()));
  return std::move(*network);
}

}  // namespace hwflow
