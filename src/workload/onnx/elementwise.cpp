#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/node_geometry.hpp"
#include "workload/onnx/handlers.hpp"
#include "workload/onnx/layer_weights.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

/// x * factor + shift with one pair for every channel, or one for all.
struct Affine {
  std::vector<float> factors, shifts;  ///< empty: unknown values
  bool has_shift = false;
};

Dims aligned(const Dims& dims, std::size_t rank) {
  Dims result(rank - dims.size(), 1);
  result.insert(result.end(), dims.begin(), dims.end());
  return result;
}

/// Whether a constant varies along the channels of a tensor at most.
bool is_per_channel(const Dims& constant, const Dims& tensor) {
  if (constant.size() > tensor.size()) return false;
  const Dims full = aligned(constant, tensor.size());
  for (std::size_t axis = 0; axis < full.size(); ++axis) {
    const bool is_channel = axis == 1 && full[axis] == tensor[axis];
    if (full[axis] != 1 && !is_channel) return false;
  }
  return true;
}

/// A constant added to what a layer without bias, BatchNorm and activation gives is its bias.
bool add_as_bias(const NodeImport& node, std::size_t tensor, const Constant& constant) {
  const Value value = node.input(tensor);
  if (!value.node || !value.is_exclusive) return false;
  Node& producer = node.graph().node(*value.node);
  if (!is_compute(producer.kind) || producer.kind == NodeKind::matrix_product) return false;
  if (producer.has_bias || producer.has_batch_norm || producer.activation != Activation::none)
    return false;
  producer.has_bias = true;
  store_bias(node, *value.node, constant, producer.conv.out_channels);
  node.set_output(0, value.dims, *value.node);
  return true;
}

std::vector<float> per_channel(const Constant& constant, std::int64_t channels) {
  if (!constant.has_values) return {};
  std::vector<float> values = constant.floats();
  if (values.size() == 1) values.assign(static_cast<std::size_t>(channels), values[0]);
  return values;
}

/// Scale and shift as a depthwise 1x1 convolution.
void add_affine(const NodeImport& node, std::size_t tensor, const Affine& affine) {
  const Value value = node.input(tensor);
  const Dims& dims = value.dims;
  const std::int64_t channels = dims.size() > 1 ? dims[1] : 1;
  const FeatureShape shape{channels, node.graph().feature_shape(dims).elements() / channels, 1};
  const FeatureShape own = node.graph().feature_shape(dims);
  Node layer = node.new_node(NodeKind::convolution,
                             {node.input_node(tensor, own.channels == channels ? own : shape)});
  layer.conv.groups = layer.conv.out_channels = channels;
  layer.has_bias = affine.has_shift;
  const NodeId id = node.graph().add(std::move(layer));
  node.note("scale and shift by constants, kept as a depthwise 1x1 convolution");
  if (!affine.factors.empty())
    store_weight(node, id, *make_floats({channels}, affine.factors), {channels, 1, 1, 1});
  if (!affine.shifts.empty())
    store_bias(node, id, *make_floats({channels}, affine.shifts), channels);
  node.set_output(0, dims, id);
}

bool is_identity(char operation, const Constant& constant) {
  if (!constant.has_values) return false;
  const double neutral = operation == '*' || operation == '/' ? 1.0 : 0.0;
  for (std::size_t i = 0; i < constant.size(); ++i)
    if (constant.number(i) != neutral) return false;
  return true;
}

/// `tensor operation constant`, or `constant operation tensor` where `is_left`.
Affine affine_of(char operation, const Constant& constant, bool is_left, std::int64_t channels) {
  const std::vector<float> values = per_channel(constant, channels);
  Affine affine;
  affine.has_shift = operation == '+' || operation == '-';
  if (values.empty()) return affine;
  affine.factors.assign(values.size(), operation == '-' && is_left ? -1.0F : 1.0F);
  if (operation == '*') affine.factors = values;
  if (operation == '/')
    std::ranges::transform(values, affine.factors.begin(), [](float x) { return 1.0F / x; });
  if (operation == '+' || (operation == '-' && is_left)) affine.shifts = values;
  if (operation == '-' && !is_left) {
    affine.shifts.resize(values.size());
    std::ranges::transform(values, affine.shifts.begin(), [](float x) { return -x; });
  }
  return affine;
}

/// True when the constant has become a bias, a scale, or nothing at all.
bool import_with_constant(const NodeImport& node, char operation, std::size_t tensor,
                          const Constant& constant) {
  const Dims dims = node.input(tensor).dims;
  const bool is_left = tensor == 1;  // the constant is
  if (dims.size() < 2 || !is_per_channel(constant.dims, dims)) return false;
  if (operation == '/' && is_left) return false;
  const bool is_neutral = is_identity(operation, constant) && !(operation == '-' && is_left);
  if (is_neutral) {
    node.note("identity: the constant changes nothing");
    node.set_alias(0, tensor);
    return true;
  }
  if (operation == '+' && add_as_bias(node, tensor, constant)) return true;
  add_affine(node, tensor, affine_of(operation, constant, is_left, dims[1]));
  return true;
}

void import_two_tensors(const NodeImport& node, char operation) {
  const Dims left = node.input(0).dims, right = node.input(1).dims;
  const Dims output = broadcast_dims(left, right);
  const GraphImport& graph = node.graph();
  const NodeKind kind = operation == '+' || operation == '-' ? NodeKind::add : NodeKind::multiply;
  const auto shape_of = [&](const Dims& dims) {
    Dims full = aligned(dims, output.size());
    if (full[0] == 1 && graph.batch > 1 && output[0] == graph.batch) full[0] = graph.batch;
    return graph.feature_shape(full);
  };
  const NodeId a = node.input_node(0, shape_of(left));
  const NodeId b = node.input_node(1, shape_of(right));
  const NodeId id = node.graph().add(node.new_node(kind, {a, b}));
  if (operation == '-') node.note("subtraction, kept as an addition");
  if (operation == '/') node.note("division, kept as a multiplication");
  node.set_output(0, output, id);
}

void import_binary(const NodeImport& node, char operation) {
  if (node.input_count() != 2) throw Problem("needs two inputs");
  for (const std::size_t tensor : {std::size_t{0}, std::size_t{1}}) {
    const ConstantPtr constant = node.input(1 - tensor).constant;
    if (constant && !node.input(tensor).constant &&
        import_with_constant(node, operation, tensor, *constant))
      return;
  }
  import_two_tensors(node, operation);
}

/// Scale, shift, mean or variance of a BatchNorm, one for every channel.
Constant parameter(const NodeImport& node, std::size_t input, std::int64_t channels) {
  const Constant constant = weights_of(node, input);
  if (constant.dims != Dims{channels}) {
    throw Problem(fmt::format("input {} of shape {} for {} channels", input, to_text(constant.dims),
                              channels));
  }
  return constant;
}

void attach_batch_norm(const NodeImport& node, NodeId id) {
  Node& layer = node.graph().node(id);
  const std::int64_t channels = layer.conv.out_channels;
  layer.has_batch_norm = true;
  layer.batch_norm_epsilon = node.attributes().number("epsilon", 1e-5);
  constexpr const char* kSuffixes[] = {"weight", "bias", "running_mean", "running_var"};
  for (std::size_t i = 0; i < 4; ++i) {
    store_tensor(node, id, std::string("batch_norm.") + kSuffixes[i],
                 parameter(node, i + 1, channels), {channels});
  }
}

}  // namespace

Dims broadcast_dims(const Dims& left, const Dims& right) {
  const std::size_t rank = std::max(left.size(), right.size());
  const Dims a = aligned(left, rank), b = aligned(right, rank);
  Dims result(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (a[axis] != b[axis] && a[axis] != 1 && b[axis] != 1)
      throw Problem(fmt::format("shapes {} and {} do not fit", to_text(left), to_text(right)));
    result[axis] = a[axis] == 1 ? b[axis] : a[axis];
  }
  return result;
}

void import_add(const NodeImport& node) { import_binary(node, '+'); }
void import_sub(const NodeImport& node) { import_binary(node, '-'); }
void import_mul(const NodeImport& node) { import_binary(node, '*'); }
void import_div(const NodeImport& node) { import_binary(node, '/'); }

void import_sum(const NodeImport& node) {
  if (node.input_count() == 1) return node.set_alias(0, 0);
  if (node.input_count() == 2) return import_binary(node, '+');
  NodeId sum = node.input_node(0);
  Dims dims = node.input(0).dims;
  for (std::size_t i = 1; i < node.input_count(); ++i) {
    if (node.input(i).dims != dims) throw Problem("summands of different shapes");
    sum = node.graph().add(node.new_node(NodeKind::add, {sum, node.input_node(i)}));
  }
  node.set_output(0, std::move(dims), sum);
}

void import_batch_normalization(const NodeImport& node) {
  if (node.attributes().integer("training_mode", 0) != 0 ||
      node.attributes().integer("spatial", 1) == 0)
    throw Problem("only BatchNormalization of inference, per channel, is supported");
  const Value value = node.input(0);
  if (value.dims.size() < 2) throw Problem("the input has no channels");
  const std::int64_t channels = value.dims[1];
  if (value.node && value.is_exclusive) {
    const Node& producer = node.graph().node(*value.node);
    if (is_compute(producer.kind) && producer.kind != NodeKind::matrix_product &&
        !producer.has_batch_norm && producer.activation == Activation::none &&
        producer.conv.out_channels == channels) {
      attach_batch_norm(node, *value.node);
      node.set_output(0, value.dims, *value.node);
      return;
    }
  }
  add_affine(node, 0, {std::vector<float>(static_cast<std::size_t>(channels), 1.0F), {}, false});
  attach_batch_norm(node, {static_cast<std::int32_t>(node.graph().nodes.size()) - 1});
}

}  // namespace hwflow::onnx_import
