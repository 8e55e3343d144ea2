#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

#include "workload/node_geometry.hpp"
#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

// Limits of an open clip, as the operator specification has them.
constexpr double kLowest = std::numeric_limits<float>::lowest();
constexpr double kHighest = std::numeric_limits<float>::max();
constexpr std::int64_t kMaxSlopes = std::int64_t{1} << 30;

bool can_take_activation(const Node& producer) {
  return (is_compute(producer.kind) || producer.kind == NodeKind::add ||
          producer.kind == NodeKind::multiply) &&
         producer.activation == Activation::none;
}

struct Function {
  Activation kind;
  double alpha = 0.0, beta = 0.0;
};

/// Into the producer when nothing else reads it, else a node of its own; the node that has it.
NodeId activate(const NodeImport& node, const Function& function, std::size_t input = 0) {
  const NodeId source = node.input_node(input);
  const Value value = node.input(input);
  Node& producer = node.graph().node(source);
  if (value.is_exclusive && can_take_activation(producer)) {
    producer.activation = function.kind;
    producer.activation_alpha = function.alpha;
    producer.activation_beta = function.beta;
    node.set_output(0, value.dims, source);
    return source;
  }
  Node layer = node.new_node(NodeKind::activation, {source});
  layer.activation = function.kind;
  layer.activation_alpha = function.alpha;
  layer.activation_beta = function.beta;
  const NodeId id = node.graph().add(std::move(layer));
  node.set_output(0, value.dims, id);
  return id;
}

double clip_limit(const NodeImport& node, std::size_t input, const char* attribute,
                  double otherwise) {
  if (node.attributes().has(attribute)) return node.attributes().number(attribute, otherwise);
  if (!node.has_input(input)) return otherwise;
  const Constant& limit = node.constant_input(input);
  if (limit.size() != 1) throw Problem(fmt::format("input {} must be one number", input));
  return limit.number(0);
}

void activate_clip(const NodeImport& node, double low, double high, std::size_t input = 0) {
  if (std::isnan(low) || std::isnan(high)) throw Problem("a limit is not a number");
  if (low == 0.0 && high == 6.0)
    activate(node, {Activation::relu6}, input);
  else if (low == 0.0 && high >= kHighest)
    activate(node, {Activation::relu}, input);
  else
    activate(node, {Activation::clip, low, high}, input);
}

/// Before opset 13 all axes from the named one on are taken together.
bool is_over_channels(const NodeImport& node) {
  const Dims& dims = node.input(0).dims;
  const bool is_old = node.graph().opset < 13;
  const std::size_t axis =
      resolve_axis(node.attributes().integer("axis", is_old ? 1 : -1), dims.size());
  if (axis != 1 || dims[0] != node.graph().batch) return false;
  if (dims.size() == 2) return true;
  if (dims.size() == 3) return false;  // seen as one channel
  return !is_old || element_count({dims.begin() + 2, dims.end()}) == 1;
}

}  // namespace

void import_relu(const NodeImport& node) { activate(node, {Activation::relu}); }
void import_elu(const NodeImport& node) {
  activate(node, {Activation::elu, node.attributes().number("alpha", 1.0)});
}
void import_selu(const NodeImport& node) {
  const NodeId id = activate(node, {Activation::selu});
  if (node.attributes().has("alpha") || node.attributes().has("gamma"))
    node.mark_not_executable(id, "its own constants, kept as the usual ones");
}
void import_silu(const NodeImport& node) { activate(node, {Activation::silu}); }
void import_mish(const NodeImport& node) { activate(node, {Activation::mish}); }
void import_softplus(const NodeImport& node) { activate(node, {Activation::softplus}); }

void import_gelu(const NodeImport& node) {
  const NodeId id = activate(node, {Activation::gelu});
  if (node.attributes().text("approximate", "none") != "none")
    node.mark_not_executable(id, "the approximation by tanh, kept as the exact function");
}

void import_function(const NodeImport& node) {
  add_unexecutable_function(node, "element-wise arithmetic known to cost models only");
}

void import_normalization(const NodeImport& node) {
  add_unexecutable_function(node,
                            "a normalization over the image itself, whose arithmetic is left out");
}

void add_unexecutable_function(const NodeImport& node, const std::string& why) {
  Node layer = node.new_node(NodeKind::activation, {node.input_node(0)});
  layer.activation = Activation::other;
  const NodeId id = node.graph().add(std::move(layer));
  node.mark_not_executable(id, why);
  node.set_output(0, node.input(0).dims, id);
}

void import_sigmoid(const NodeImport& node) { activate(node, {Activation::sigmoid}); }
void import_hard_swish(const NodeImport& node) { activate(node, {Activation::hard_swish}); }
void import_tanh(const NodeImport& node) { activate(node, {Activation::tanh}); }

void import_clip(const NodeImport& node) {
  const double low = clip_limit(node, 1, "min", kLowest);
  const double high = clip_limit(node, 2, "max", kHighest);
  activate_clip(node, low, high);
}
void import_clip_to_number(const NodeImport& node, std::size_t number, bool is_maximum) {
  const Constant& limit = node.constant_input(number);
  // The tensor is the other input; Max cuts from below, Min from above.
  const std::size_t tensor = 1 - number;
  activate_clip(node, is_maximum ? limit.number(0) : kLowest,
                is_maximum ? kHighest : limit.number(0), tensor);
}

void import_leaky_relu(const NodeImport& node) {
  activate(node, {Activation::leaky_relu, node.attributes().number("alpha", 0.01)});
}

void import_prelu(const NodeImport& node) {
  const Value& slope = node.input(1);
  if (!slope.constant && !slope.is_graph_input) throw Problem("computed slopes are not supported");
  const bool is_single =
      slope.constant && slope.constant->has_values && slope.constant->size() == 1;
  const std::int64_t slopes = element_count(slope.dims);
  if (slopes > kMaxSlopes) throw Problem(fmt::format("{} slopes", slopes));
  const NodeId id =
      activate(node, {Activation::prelu, is_single ? slope.constant->number(0) : 0.0});
  node.graph().node(id).prelu_slopes = slopes;
  if (!is_single)
    node.mark_not_executable(id, "its slopes, one for every channel, are counted but not kept");
}

void import_hard_sigmoid(const NodeImport& node) {
  activate(node, {Activation::hard_sigmoid, node.attributes().number("alpha", 0.2),
                  node.attributes().number("beta", 0.5)});
}

void import_softmax(const NodeImport& node) {
  const NodeId id = node.graph().add(node.new_node(NodeKind::softmax, {node.input_node(0)}));
  if (!is_over_channels(node))
    node.mark_not_executable(id, "softmax along other axes than the channels");
  if (node.op_type() == "LogSoftmax") node.mark_not_executable(id, "the logarithm is left out");
  node.set_output(0, node.input(0).dims, id);
}

}  // namespace hwflow::onnx_import
