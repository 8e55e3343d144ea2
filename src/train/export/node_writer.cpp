#include "train/export/node_writer.hpp"

#include <fmt/format.h>

#include <limits>

namespace hwflow::train {

NodeWriter::NodeWriter(const Network& network, InputScale scale, GraphWriter& graph,
                       ParameterWriter& numbers, Diagnostics& problems)
    : network_(network),
      scale_(scale),
      graph_(graph),
      numbers_(numbers),
      problems_(problems),
      tensors_(network.nodes().size()) {}

const std::string& NodeWriter::tensor_of(NodeId id) const {
  return tensors_[static_cast<std::size_t>(id.value)];
}

void NodeWriter::write(std::size_t index) {
  const Node& node = network_.nodes()[index];
  if (!node.not_executable.empty()) refuse(node, "cannot be executed: " + node.not_executable);
  tensors_[index] = write_activation(node, write_body(index, node));
}

std::string NodeWriter::refuse(const Node& node, const std::string& reason) {
  problems_.push_back({node.name, reason, ""});
  return {};
}

std::string NodeWriter::input(std::size_t index, std::size_t edge) {
  return numbers_.input(index, edge, tensor_of(network_.nodes()[index].inputs[edge]));
}

std::string NodeWriter::write_body(std::size_t index, const Node& node) {
  switch (node.kind) {
    case NodeKind::input: return write_image(node);
    case NodeKind::convolution:
    case NodeKind::transposed_convolution: return write_convolution(index, node);
    case NodeKind::fully_connected: return write_fully_connected(index, node);
    case NodeKind::max_pooling:
    case NodeKind::average_pooling: return write_pooling(index, node);
    case NodeKind::add: return graph_.add("Add", {input(index, 0), input(index, 1)}, node.name);
    case NodeKind::multiply:
      return graph_.add("Mul", {input(index, 0), input(index, 1)}, node.name);
    case NodeKind::concat: {
      std::vector<std::string> parts;
      for (const NodeId id : node.inputs) parts.push_back(tensor_of(id));
      std::string joined = graph_.add("Concat", parts, node.name);
      graph_.attribute("axis", std::int64_t{node.axis});
      return joined;
    }
    case NodeKind::pad: return write_pad(node, tensor_of(node.inputs[0]));
    case NodeKind::subsample: return write_subsample(node);
    case NodeKind::reshape: return write_reshape(node);
    case NodeKind::softmax: {
      std::string shares = graph_.add("Softmax", {tensor_of(node.inputs[0])}, node.name);
      graph_.attribute("axis", std::int64_t{1});
      return shares;
    }
    case NodeKind::activation: return tensor_of(node.inputs[0]);
    case NodeKind::resize:
    case NodeKind::matrix_product: break;
  }
  return refuse(node, fmt::format("a node of kind {} cannot be exported", name(node.kind)));
}

std::string NodeWriter::write_image(const Node& node) {
  const auto channels = node.shape.channels;
  const std::vector<std::int64_t> shape{1, channels, 1, 1};
  const std::string full = graph_.scalar("image.full_scale", 255.0F);
  const std::string unit = graph_.add("Div", {graph_.input(), full}, "image.unit");
  const std::string mean = graph_.floats("image.mean", shape, scale_.mean);
  const std::string deviation = graph_.floats("image.std", shape, scale_.deviation);
  const std::string centred = graph_.add("Sub", {unit, mean}, "image.centred");
  return graph_.add("Div", {centred, deviation}, node.name);
}

std::string NodeWriter::write_convolution(std::size_t index, const Node& node) {
  const bool transposed = node.kind == NodeKind::transposed_convolution;
  const ConvShape& c = node.conv;
  if (transposed && c.groups > 1) {
    return refuse(node, "grouped transposed convolutions cannot be exported");
  }
  std::vector<std::string> inputs = numbers_.parameters(index, transposed ? 1 : 0);
  if (inputs.empty()) return refuse(node, "has no weights");
  inputs.insert(inputs.begin(), input(index, 0));
  std::string sums = graph_.add(transposed ? "ConvTranspose" : "Conv", inputs, node.name);
  graph_.attribute("kernel_shape", std::vector<std::int64_t>{c.kernel_height, c.kernel_width});
  graph_.attribute("strides", std::vector<std::int64_t>{c.stride_height, c.stride_width});
  graph_.attribute("dilations", std::vector<std::int64_t>{c.dilation_height, c.dilation_width});
  graph_.attribute("pads",
                   std::vector<std::int64_t>{c.pad_top, c.pad_left, c.pad_bottom, c.pad_right});
  graph_.attribute("group", c.groups);
  if (transposed) {
    graph_.attribute("output_padding",
                     std::vector<std::int64_t>{c.output_pad_height, c.output_pad_width});
  }
  return sums;
}

std::string NodeWriter::write_fully_connected(std::size_t index, const Node& node) {
  const std::string flat = graph_.add("Flatten", {input(index, 0)}, node.name + ".flat");
  graph_.attribute("axis", std::int64_t{1});
  std::vector<std::string> inputs = numbers_.parameters(index, 0);
  if (inputs.empty()) return refuse(node, "has no weights");
  inputs.insert(inputs.begin(), flat);
  std::string sums = graph_.add("Gemm", inputs, node.name);
  graph_.attribute("transB", std::int64_t{1});
  return sums;
}

std::string NodeWriter::write_pooling(std::size_t index, const Node& node) {
  const bool max = node.kind == NodeKind::max_pooling;
  const std::string source = input(index, 0);
  const ConvShape& c = node.conv;
  const FeatureShape& whole = network_.node(node.inputs[0]).shape;
  const bool padded = c.pad_top != 0 || c.pad_left != 0 || c.pad_bottom != 0 || c.pad_right != 0;
  const bool dilated = c.dilation_height != 1 || c.dilation_width != 1;
  const bool global =
      c.kernel_height == 0 ||
      (c.kernel_height == whole.height && c.kernel_width == whole.width && !padded && !dilated);
  if (global) {
    return graph_.add(max ? "GlobalMaxPool" : "GlobalAveragePool", {source}, node.name);
  }
  if (dilated && !max) {
    return refuse(node, "dilated average pooling has no form in ONNX before opset 19");
  }
  std::string pooled = graph_.add(max ? "MaxPool" : "AveragePool", {source}, node.name);
  graph_.attribute("kernel_shape", std::vector<std::int64_t>{c.kernel_height, c.kernel_width});
  graph_.attribute("strides", std::vector<std::int64_t>{c.stride_height, c.stride_width});
  graph_.attribute("pads",
                   std::vector<std::int64_t>{c.pad_top, c.pad_left, c.pad_bottom, c.pad_right});
  if (max) {
    graph_.attribute("dilations", std::vector<std::int64_t>{c.dilation_height, c.dilation_width});
  } else {
    graph_.attribute("count_include_pad", std::int64_t{node.count_include_pad});
  }
  return pooled;
}

std::string NodeWriter::write_pad(const Node& node, const std::string& source) {
  const ConvShape& c = node.conv;
  const std::string pads =
      graph_.int64s(node.name + ".pads", {0, node.channel_pad_before, c.pad_top, c.pad_left, 0,
                                          node.channel_pad_after, c.pad_bottom, c.pad_right});
  return graph_.add("Pad", {source, pads}, node.name);
}

std::string NodeWriter::write_subsample(const Node& node) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const std::string starts = graph_.int64s(node.name + ".starts", {0, 0});
  const std::string ends = graph_.int64s(node.name + ".ends", {kEnd, kEnd});
  const std::string axes = graph_.int64s(node.name + ".axes", {2, 3});
  const std::string steps =
      graph_.int64s(node.name + ".steps", {node.conv.stride_height, node.conv.stride_width});
  const std::string sliced = graph_.add(
      "Slice", {tensor_of(node.inputs[0]), starts, ends, axes, steps}, node.name + ".sliced");
  return write_pad(node, sliced);
}

std::string NodeWriter::write_reshape(const Node& node) {
  if (node.shape.height != 1 || node.shape.width != 1) {
    return refuse(node, "only flattening reshapes can be exported");
  }
  const std::string flat = graph_.add("Flatten", {tensor_of(node.inputs[0])}, node.name + ".flat");
  graph_.attribute("axis", std::int64_t{1});
  const std::string shape = graph_.int64s(node.name + ".shape", {0, node.shape.channels, 1, 1});
  return graph_.add("Reshape", {flat, shape}, node.name);
}

std::string NodeWriter::write_activation(const Node& node, const std::string& source) {
  if (source.empty()) return source;
  const std::string output = node.name + ".activated";
  std::string made;
  const auto clip = [&](double low, double high) {
    const std::string minimum = graph_.scalar(output + ".min", static_cast<float>(low));
    const std::string maximum = graph_.scalar(output + ".max", static_cast<float>(high));
    return graph_.add("Clip", {source, minimum, maximum}, output);
  };
  switch (node.activation) {
    case Activation::none: return source;
    case Activation::relu: return graph_.add("Relu", {source}, output);
    case Activation::relu6: return clip(0.0, 6.0);
    case Activation::clip: return clip(node.activation_alpha, node.activation_beta);
    case Activation::sigmoid: return graph_.add("Sigmoid", {source}, output);
    case Activation::tanh: return graph_.add("Tanh", {source}, output);
    case Activation::leaky_relu:
      made = graph_.add("LeakyRelu", {source}, output);
      graph_.attribute("alpha", static_cast<float>(node.activation_alpha));
      return made;
    case Activation::hard_sigmoid:
    case Activation::hard_swish: {
      const bool swish = node.activation == Activation::hard_swish;
      const std::string gate =
          graph_.add("HardSigmoid", {source}, swish ? output + ".gate" : output);
      graph_.attribute("alpha", swish ? 1.0F / 6.0F : static_cast<float>(node.activation_alpha));
      graph_.attribute("beta", swish ? 0.5F : static_cast<float>(node.activation_beta));
      return swish ? graph_.add("Mul", {source, gate}, output) : gate;
    }
    case Activation::silu: {
      const std::string gate = graph_.add("Sigmoid", {source}, output + ".gate");
      return graph_.add("Mul", {source, gate}, output);
    }
    case Activation::elu:
      made = graph_.add("Elu", {source}, output);
      graph_.attribute("alpha", static_cast<float>(node.activation_alpha));
      return made;
    case Activation::selu: return graph_.add("Selu", {source}, output);
    case Activation::softplus: return graph_.add("Softplus", {source}, output);
    case Activation::gelu:
    case Activation::mish:
    case Activation::prelu:
    case Activation::other: break;
  }
  return refuse(node, fmt::format("activation {} cannot be exported", name(node.activation)));
}

}  // namespace hwflow::train
