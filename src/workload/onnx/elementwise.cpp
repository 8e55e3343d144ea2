#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "workload/node_geometry.hpp"
#include "workload/onnx/affine.hpp"
#include "workload/onnx/handlers.hpp"
#include "workload/onnx/layer_weights.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/views.hpp"

namespace hwflow::onnx_import {
namespace {

/// A tensor under construction: its node and its sizes.
struct Partial {
  NodeId id;
  Dims dims;
  bool is_new = false;  ///< of this node, not an input of it
};

FeatureShape shape_within(const GraphImport& graph, const Dims& dims, const Dims& output) {
  Dims full = aligned(dims, output.size());
  if (full[0] == 1 && graph.batch > 1 && output[0] == graph.batch) full[0] = graph.batch;
  return graph.feature_shape(full);
}

/// One more operand of a chain of additions or multiplications, shapes broadcast.
Partial combine(const NodeImport& node, NodeKind kind, const Partial& left, std::size_t right) {
  const Dims dims = node.input(right).dims;
  Partial result{left.id, broadcast_dims(left.dims, dims), true};
  const GraphImport& graph = node.graph();
  const NodeId a = seen_as(node, left.id, shape_within(graph, left.dims, result.dims));
  const NodeId b = node.input_node(right, shape_within(graph, dims, result.dims));
  result.id = node.graph().add(node.new_node(kind, {a, b}));
  return result;
}

/// All inputs from `first` on that are no constants where `skips_constants`.
Partial combine_all(const NodeImport& node, NodeKind kind, bool skips_constants = false) {
  std::optional<Partial> result;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (skips_constants && node.input(i).constant) continue;
    if (result)
      result = combine(node, kind, *result, i);
    else
      result = Partial{node.input_node(i), node.input(i).dims, false};
  }
  if (!result) throw Problem("has no computed input");
  return *result;
}

/// Arithmetic that cost models take for additions.
void import_as_additions(const NodeImport& node, const std::string& why, bool skips_constants) {
  Partial result = combine_all(node, NodeKind::add, skips_constants);
  Dims dims = node.input(0).dims;
  for (std::size_t i = 1; i < node.input_count(); ++i)
    dims = broadcast_dims(dims, node.input(i).dims);
  if (dims != result.dims)
    throw Problem("repeats its tensors to the shape " + to_text(dims) + " of a constant");
  if (result.is_new) {
    node.mark_not_executable(result.id, why);
    return node.set_output(0, std::move(dims), result.id);
  }
  Node layer = node.new_node(NodeKind::activation, {result.id});
  layer.activation = Activation::other;
  const NodeId id = node.graph().add(std::move(layer));
  node.mark_not_executable(id, why);
  node.set_output(0, std::move(dims), id);
}

void import_two_tensors(const NodeImport& node, char operation) {
  const NodeKind kind = operation == '+' || operation == '-' ? NodeKind::add : NodeKind::multiply;
  Partial result = combine_all(node, kind);
  if (operation == '-') node.mark_not_executable(result.id, "a subtraction, kept as an addition");
  if (operation == '/') node.mark_not_executable(result.id, "a division, kept as a multiplication");
  node.set_output(0, std::move(result.dims), result.id);
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

/// Values that no network can compute with: the variance is under a root.
void check_values(const Constant& constant, const char* what, bool is_variance) {
  if (!constant.has_values) return;
  for (std::size_t k = 0; k < constant.size(); ++k) {
    const double value = constant.number(k);
    if (!std::isfinite(value) || (is_variance && value < 0.0))
      throw Problem(fmt::format("{} of channel {} is {}", what, k, value),
                    is_variance ? "a variance is a number >= 0" : "");
  }
}

/// Whether a BatchNorm can belong to the layer that gives its input.
bool can_take_batch_norm(const NodeImport& node, const Value& value) {
  if (!value.node || !value.is_exclusive) return false;
  const Node& producer = node.graph().node(*value.node);
  return is_compute(producer.kind) && producer.kind != NodeKind::matrix_product &&
         !producer.has_batch_norm && producer.activation == Activation::none &&
         producer.conv.out_channels == value.dims[1];
}

void attach_batch_norm(const NodeImport& node, NodeId id) {
  Node& layer = node.graph().node(id);
  const std::int64_t channels = layer.conv.out_channels;
  layer.has_batch_norm = true;
  layer.batch_norm_epsilon = node.attributes().number("epsilon", 1e-5);
  constexpr const char* kSuffixes[] = {"weight", "bias", "running_mean", "running_var"};
  constexpr const char* kMeanings[] = {"scale", "bias", "mean", "variance"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Constant values = parameter(node, i + 1, channels);
    check_values(values, kMeanings[i], i == 3);
    store_tensor(node, id, std::string("batch_norm.") + kSuffixes[i], values, {channels});
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
  Partial sum = combine_all(node, NodeKind::add);
  node.set_output(0, std::move(sum.dims), sum.id);
}

void import_mean(const NodeImport& node) {
  if (node.input_count() == 1) return node.set_alias(0, 0);
  import_as_additions(node, "a mean, kept as additions", false);
}

void import_extreme(const NodeImport& node) {
  const bool is_maximum = node.op_type() == "Max";
  if (node.input_count() == 1) return node.set_alias(0, 0);
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const ConstantPtr limit = node.input(side).constant;
    if (node.input_count() == 2 && limit && limit->has_values && limit->size() == 1)
      return import_clip_to_number(node, side, is_maximum);
  }
  import_as_additions(node, "the extreme of several tensors, kept as additions", false);
}

void import_pow(const NodeImport& node) {
  const ConstantPtr exponent = node.input(1).constant;
  const bool is_number = exponent && exponent->has_values && exponent->size() == 1;
  if (is_number && exponent->number(0) == 1.0) return node.set_alias(0, 0);
  if (is_number && exponent->number(0) == 2.0) {
    const NodeId x = node.input_node(0);
    const NodeId id = node.graph().add(node.new_node(NodeKind::multiply, {x, x}));
    return node.set_output(0, node.input(0).dims, id);
  }
  import_as_additions(node, "a power, whose arithmetic is left out", true);
}

void import_selection(const NodeImport& node) {
  import_as_additions(node, "a comparison or choice between tensors, kept as additions", true);
}

void import_batch_normalization(const NodeImport& node) {
  if (node.attributes().integer("training_mode", 0) != 0 ||
      node.attributes().integer("spatial", 1) == 0)
    throw Problem("only BatchNormalization of inference, per channel, is supported");
  const Value value = node.input(0);
  if (value.dims.size() < 2) throw Problem("the input has no channels");
  NodeId id = value.node.value_or(NodeId{});
  if (can_take_batch_norm(node, value)) {
    node.set_output(0, value.dims, id);
  } else {
    add_affine(node, 0,
               {std::vector<float>(static_cast<std::size_t>(value.dims[1]), 1.0F), {}, false});
    id = {static_cast<std::int32_t>(node.graph().nodes.size()) - 1};
  }
  attach_batch_norm(node, id);
  // Before opset 14, more than one output said that the statistics are those of the batch.
  if (node.graph().opset < 14 && node.output_count() > 1)
    node.mark_not_executable(id, "a BatchNormalization of training, kept as that of inference");
}

}  // namespace hwflow::onnx_import
