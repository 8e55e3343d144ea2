#include "workload/node_geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace hwflow {
namespace {

constexpr std::int64_t kMaxSize = std::int64_t{1} << 30;
constexpr std::int64_t kMaxElements = std::int64_t{1} << 53;

std::string text(const FeatureShape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

/// What is wrong with a shape as such, or empty.
std::string shape_problem(const FeatureShape& shape) {
  for (const std::int64_t size : {shape.channels, shape.height, shape.width})
    if (size < 1 || size > kMaxSize)
      return fmt::format("shape {} has a size outside [1, 2^30]", text(shape));
  if (shape.channels * shape.height > kMaxElements / shape.width)
    return fmt::format("shape {} has more than 2^53 elements", text(shape));
  return "";
}

struct InputCount {
  std::size_t least, most;
};

InputCount input_count(NodeKind kind) {
  switch (kind) {
    case NodeKind::input: return {0, 0};
    case NodeKind::matrix_product: return {1, 2};
    case NodeKind::add:
    case NodeKind::multiply: return {2, 2};
    case NodeKind::concat: return {1, 1U << 20U};
    default: return {1, 1};
  }
}

/// Either the node's inferred output shape or why there is none.
using Inferred = Expected<FeatureShape, std::string>;

Unexpected<std::string> problem(std::string reason) { return {std::move(reason)}; }

std::string joined_reasons(const Diagnostics& problems) {
  std::string reasons;
  for (const Diagnostic& each : problems)
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", each.place, each.reason);
  return reasons;
}

void fill_inputs(ConvShape& conv, const FeatureShape& input) {
  conv.n = 1;
  conv.in_channels = input.channels;
  conv.in_height = input.height;
  conv.in_width = input.width;
}

Inferred infer_convolution(Node& node, const FeatureShape& input, bool transposed) {
  fill_inputs(node.conv, input);
  const auto op = transposed ? make_transposed_convolution(node.conv) : make_convolution(node.conv);
  if (!op) return problem(joined_reasons(op.error()));
  if (transposed) {
    return FeatureShape{node.conv.out_channels, node.conv.transposed_out_height(),
                        node.conv.transposed_out_width()};
  }
  return FeatureShape{node.conv.out_channels, node.conv.out_height(), node.conv.out_width()};
}

Inferred infer_fully_connected(Node& node, const FeatureShape& input) {
  fill_inputs(node.conv, {input.elements(), 1, 1});
  return FeatureShape{node.conv.out_channels, 1, 1};
}

/// The window of a pooling layer, a global one (kernel 0x0) spelled out.
ConvShape pooling_window(const Node& node) {
  ConvShape conv = node.conv;
  if (conv.kernel_height == 0 && conv.kernel_width == 0) {
    conv.kernel_height = conv.in_height;
    conv.kernel_width = conv.in_width;
    conv.stride_height = conv.stride_width = conv.dilation_height = conv.dilation_width = 1;
    conv.pad_top = conv.pad_left = conv.pad_bottom = conv.pad_right = 0;
  }
  return conv;
}

Inferred infer_pooling(Node& node, const FeatureShape& input) {
  fill_inputs(node.conv, input);
  node.conv.out_channels = node.conv.groups = input.channels;
  const ConvShape window = pooling_window(node);
  const auto op = make_pooling(window, Arithmetic::compare);
  if (!op) return problem(joined_reasons(op.error()));
  return FeatureShape{input.channels, window.out_height(), window.out_width()};
}

Inferred infer_matrix_product(Node& node, const std::vector<FeatureShape>& inputs) {
  const FeatureShape& left = inputs[0];
  fill_inputs(node.conv, left);
  if (inputs.size() == 1) return FeatureShape{left.channels, left.height, node.conv.out_channels};
  const FeatureShape& right = inputs[1];
  if (left.channels != right.channels || left.width != right.height) {
    return problem(
        fmt::format("{} times {}: the first sizes must be equal, and the third of the "
                    "left one equal the second of the right one",
                    text(left), text(right)));
  }
  node.conv.out_channels = right.width;
  return FeatureShape{left.channels, left.height, right.width};
}

Inferred infer_elementwise(const std::vector<FeatureShape>& inputs) {
  const FeatureShape &a = inputs[0], &b = inputs[1];
  const auto fits = [](std::int64_t x, std::int64_t y) { return x == y || x == 1 || y == 1; };
  if (!fits(a.channels, b.channels) || !fits(a.height, b.height) || !fits(a.width, b.width))
    return problem(fmt::format("shapes {} and {} do not fit", text(a), text(b)));
  return FeatureShape{std::max(a.channels, b.channels), std::max(a.height, b.height),
                      std::max(a.width, b.width)};
}

Inferred infer_concat(const Node& node, const std::vector<FeatureShape>& inputs) {
  if (node.axis < 1 || node.axis > 3) {
    return problem(
        fmt::format("axis must be 1 (channels), 2 (height) or 3 (width), got {}", node.axis));
  }
  constexpr std::array<std::int64_t FeatureShape::*, 3> kAxes{
      &FeatureShape::channels, &FeatureShape::height, &FeatureShape::width};
  FeatureShape result = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    for (std::size_t axis = 0; axis < kAxes.size(); ++axis) {
      if (static_cast<int>(axis) + 1 == node.axis) {
        result.*kAxes[axis] += inputs[i].*kAxes[axis];
      } else if (result.*kAxes[axis] != inputs[i].*kAxes[axis]) {
        return problem(fmt::format("shapes {} and {} differ beside axis {}", text(inputs[0]),
                                   text(inputs[i]), node.axis));
      }
    }
  }
  return result;
}

Inferred infer_pad(Node& node, const FeatureShape& input) {
  fill_inputs(node.conv, input);
  for (const std::int64_t pad :
       {node.conv.pad_top, node.conv.pad_bottom, node.conv.pad_left, node.conv.pad_right,
        node.channel_pad_before, node.channel_pad_after}) {
    if (pad < -kMaxSize || pad > kMaxSize)
      return problem(fmt::format("padding must be within +-2^30, got {}", pad));
  }
  const FeatureShape result{input.channels + node.channel_pad_before + node.channel_pad_after,
                            input.height + node.conv.pad_top + node.conv.pad_bottom,
                            input.width + node.conv.pad_left + node.conv.pad_right};
  node.conv.out_channels = result.channels;
  return result;
}

Inferred infer_subsample(Node& node, const FeatureShape& input) {
  fill_inputs(node.conv, input);
  const ConvShape& conv = node.conv;
  if (conv.stride_height < 1 || conv.stride_width < 1) return problem("strides must be >= 1");
  if (node.channel_pad_before < 0 || node.channel_pad_before > kMaxSize ||
      node.channel_pad_after < 0 || node.channel_pad_after > kMaxSize) {
    return problem("channel padding must be in [0, 2^30]");
  }
  const FeatureShape result{input.channels + node.channel_pad_before + node.channel_pad_after,
                            (input.height - 1) / conv.stride_height + 1,
                            (input.width - 1) / conv.stride_width + 1};
  node.conv.out_channels = result.channels;
  return result;
}

Inferred infer_reshape(const Node& node, const FeatureShape& input) {
  if (!shape_problem(node.shape).empty()) return problem(shape_problem(node.shape));
  if (node.shape.elements() != input.elements()) {
    return problem(fmt::format("{} elements of {} do not make {}", input.elements(), text(input),
                               text(node.shape)));
  }
  return node.shape;
}

Inferred infer_resize(const Node& node, const FeatureShape& input) {
  if (node.shape.channels != input.channels) {
    return problem(
        fmt::format("resizing {} to {} changes the channels", text(input), text(node.shape)));
  }
  return node.shape;
}

Inferred infer_shape(Node& node, const std::vector<FeatureShape>& inputs) {
  switch (node.kind) {
    case NodeKind::input: return node.shape;
    case NodeKind::convolution: return infer_convolution(node, inputs[0], false);
    case NodeKind::transposed_convolution: return infer_convolution(node, inputs[0], true);
    case NodeKind::fully_connected: return infer_fully_connected(node, inputs[0]);
    case NodeKind::matrix_product: return infer_matrix_product(node, inputs);
    case NodeKind::max_pooling:
    case NodeKind::average_pooling: return infer_pooling(node, inputs[0]);
    case NodeKind::add:
    case NodeKind::multiply: return infer_elementwise(inputs);
    case NodeKind::concat: return infer_concat(node, inputs);
    case NodeKind::pad: return infer_pad(node, inputs[0]);
    case NodeKind::subsample: return infer_subsample(node, inputs[0]);
    case NodeKind::resize: return infer_resize(node, inputs[0]);
    case NodeKind::reshape: return infer_reshape(node, inputs[0]);
    case NodeKind::softmax:
    case NodeKind::activation: return inputs[0];
  }
  return problem("unknown kind");
}

std::string attribute_problem(const Node& node) {
  if (node.has_batch_norm && !is_compute(node.kind))
    return fmt::format("{} has no weights that a BatchNorm could follow", name(node.kind));
  if (node.has_bias && !is_compute(node.kind))
    return fmt::format("{} has no bias", name(node.kind));
  if (node.kind == NodeKind::activation && node.activation == Activation::none)
    return "an activation node needs an activation";
  if (node.prelu_slopes < 0 || node.prelu_slopes > kMaxSize)
    return fmt::format("{} slopes of PReLU", node.prelu_slopes);
  if (node.prelu_slopes > 0 && node.activation != Activation::prelu)
    return "slopes of PReLU without a PReLU";
  if (node.kind == NodeKind::input && node.activation != Activation::none)
    return "an input has no activation";
  return "";
}

using Maker = Expected<Operator>;

Maker matrix_product_operator(const Node& node, const std::vector<FeatureShape>& inputs,
                              std::int64_t batch) {
  const FeatureShape& left = inputs[0];
  if (inputs.size() == 2) {
    return make_matrix_product(batch * left.channels, left.height, left.width, inputs[1].width,
                               false);
  }
  return make_matrix_product(1, batch * left.channels * left.height, left.width,
                             node.conv.out_channels, true);
}

Maker elementwise_operator(const Node& node, const std::vector<FeatureShape>& inputs,
                           std::int64_t batch) {
  const auto sizes = [](const FeatureShape& shape) {
    return std::array<std::int64_t, 3>{shape.channels, shape.height, shape.width};
  };
  return make_broadcast_elementwise(
      batch, sizes(node.shape), {sizes(inputs[0]), sizes(inputs[1])},
      node.kind == NodeKind::add ? Arithmetic::add : Arithmetic::multiply);
}

std::optional<Maker> make_operator(const Node& node, const std::vector<FeatureShape>& inputs,
                                   std::int64_t batch) {
  ConvShape conv = node.conv;
  conv.n = batch;
  switch (node.kind) {
    case NodeKind::convolution: return make_convolution(conv);
    case NodeKind::transposed_convolution: return make_transposed_convolution(conv);
    case NodeKind::fully_connected:
      return make_fully_connected(batch, conv.in_channels, conv.out_channels);
    case NodeKind::matrix_product: return matrix_product_operator(node, inputs, batch);
    case NodeKind::max_pooling:
    case NodeKind::average_pooling: {
      ConvShape window = pooling_window(node);
      window.n = batch;
      return make_pooling(
          window, node.kind == NodeKind::max_pooling ? Arithmetic::compare : Arithmetic::add);
    }
    case NodeKind::add:
    case NodeKind::multiply: return elementwise_operator(node, inputs, batch);
    default: return std::nullopt;
  }
}

bool fits_batch(const Node& node, const std::vector<FeatureShape>& inputs, std::int64_t batch) {
  const auto fits = [batch](const FeatureShape& shape) {
    return shape.elements() <= kMaxElements / batch;
  };
  return fits(node.shape) && std::ranges::all_of(inputs, fits);
}

}  // namespace

bool is_compute(NodeKind kind) {
  return kind == NodeKind::convolution || kind == NodeKind::transposed_convolution ||
         kind == NodeKind::fully_connected || kind == NodeKind::matrix_product;
}

std::int64_t weight_count(const Node& node) {
  const ConvShape& conv = node.conv;
  switch (node.kind) {
    case NodeKind::convolution:
    case NodeKind::transposed_convolution:
      return conv.out_channels * (conv.in_channels / conv.groups) * conv.kernel_height *
             conv.kernel_width;
    case NodeKind::fully_connected: return conv.out_channels * conv.in_channels;
    case NodeKind::matrix_product:
      return node.inputs.size() == 1 ? conv.in_width * conv.out_channels : 0;
    default: return 0;
  }
}

Expected<Node> infer_geometry(Node node, const std::vector<FeatureShape>& inputs) {
  const auto refuse = [&node](std::string reason) {
    return Unexpected{Diagnostics{
        {fmt::format("node '{}' ({})", node.name, name(node.kind)), std::move(reason), ""}}};
  };
  const InputCount count = input_count(node.kind);
  if (inputs.size() < count.least || inputs.size() > count.most) {
    return refuse(
        count.least == count.most
            ? fmt::format("needs {} inputs, got {}", count.least, inputs.size())
            : fmt::format("needs at least {} inputs, got {}", count.least, inputs.size()));
  }
  if (std::string reason = attribute_problem(node); !reason.empty())
    return refuse(std::move(reason));
  const Inferred shape = infer_shape(node, inputs);
  if (!shape) return refuse(shape.error());
  if (std::string reason = shape_problem(*shape); !reason.empty()) return refuse(std::move(reason));
  node.shape = *shape;
  return node;
}

Expected<std::optional<Operator>> operator_of_node(const Node& node,
                                                   const std::vector<FeatureShape>& inputs,
                                                   std::int64_t batch) {
  if (batch < 1 || !fits_batch(node, inputs, batch)) {
    return Unexpected{Diagnostics{{fmt::format("node '{}' ({})", node.name, name(node.kind)),
                                   fmt::format("has no operator at a batch of {}", batch),
                                   "batch >= 1, and at most 2^53 elements a tensor"}}};
  }
  auto made = make_operator(node, inputs, batch);
  if (!made) return std::optional<Operator>();
  if (*made) return std::optional<Operator>(std::move(**made));
  Diagnostics problems = made->error();
  for (Diagnostic& each : problems)
    each.place = fmt::format("node '{}' ({}): {}", node.name, name(node.kind), each.place);
  return Unexpected{std::move(problems)};
}

Diagnostics check_batch(const Network& network, std::int64_t batch) {
  std::size_t refused = 0;
  Diagnostic first;
  for (const Node& node : network.nodes()) {
    std::vector<FeatureShape> inputs;
    for (const NodeId input : node.inputs) inputs.push_back(network.node(input).shape);
    const auto op = operator_of_node(node, inputs, batch);
    if (!op && refused++ == 0) first = op.error().front();
  }
  if (refused == 0) return {};
  return {{fmt::format("batch {}", batch),
           fmt::format("is too large for {} node{}: {}: {}", refused, refused == 1 ? "" : "s",
                       first.place, first.reason),
           "at most 2^53 elements a tensor, 2^53 iterations a layer, and a batch of 2^30"}};
}

}  // namespace hwflow
