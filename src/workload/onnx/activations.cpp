#include <fmt/format.h>

#include <limits>
#include <utility>

#include "workload/node_geometry.hpp"
#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

bool can_take_activation(const Node& producer) {
  return (is_compute(producer.kind) || producer.kind == NodeKind::add ||
          producer.kind == NodeKind::multiply) &&
         producer.activation == Activation::none;
}

/// Into the producer when nothing else reads it, else a node of its own.
void activate(const NodeImport& node, Activation activation, double alpha = 0.0,
              double beta = 0.0) {
  const NodeId source = node.input_node(0);
  const Value value = node.input(0);
  Node& producer = node.graph().node(source);
  if (value.is_exclusive && can_take_activation(producer)) {
    producer.activation = activation;
    producer.activation_alpha = alpha;
    producer.activation_beta = beta;
    node.set_output(0, value.dims, source);
    return;
  }
  Node layer = node.new_node(NodeKind::activation, {source});
  layer.activation = activation;
  layer.activation_alpha = alpha;
  layer.activation_beta = beta;
  node.set_output(0, value.dims, node.graph().add(std::move(layer)));
}

double clip_limit(const NodeImport& node, std::size_t input, const char* attribute,
                  double otherwise) {
  if (node.attributes().has(attribute)) return node.attributes().number(attribute, otherwise);
  if (!node.has_input(input)) return otherwise;
  const Constant& limit = node.constant_input(input);
  if (limit.size() != 1) throw Problem(fmt::format("input {} must be one number", input));
  return limit.number(0);
}

}  // namespace

void import_relu(const NodeImport& node) { activate(node, Activation::relu); }
void import_sigmoid(const NodeImport& node) { activate(node, Activation::sigmoid); }
void import_hard_swish(const NodeImport& node) { activate(node, Activation::hard_swish); }
void import_tanh(const NodeImport& node) { activate(node, Activation::tanh); }

void import_clip(const NodeImport& node) {
  const double low = clip_limit(node, 1, "min", -std::numeric_limits<double>::infinity());
  const double high = clip_limit(node, 2, "max", std::numeric_limits<double>::infinity());
  const bool is_unbounded = high >= std::numeric_limits<float>::max();
  if (low == 0.0 && high == 6.0)
    activate(node, Activation::relu6);
  else if (low == 0.0 && is_unbounded)
    activate(node, Activation::relu);
  else
    activate(node, Activation::clip, low, high);
}

void import_leaky_relu(const NodeImport& node) {
  activate(node, Activation::leaky_relu, node.attributes().number("alpha", 0.01));
}

void import_prelu(const NodeImport& node) {
  const Value& slope = node.input(1);
  if (!slope.constant && !slope.is_graph_input) throw Problem("computed slopes are not supported");
  const bool is_single =
      slope.constant && slope.constant->has_values && slope.constant->size() == 1;
  if (!is_single) node.note("the slopes of PReLU are not kept, one for every channel");
  activate(node, Activation::prelu, is_single ? slope.constant->number(0) : 0.0);
}

void import_hard_sigmoid(const NodeImport& node) {
  activate(node, Activation::hard_sigmoid, node.attributes().number("alpha", 0.2),
           node.attributes().number("beta", 0.5));
}

void import_softmax(const NodeImport& node) {
  const NodeId id = node.graph().add(node.new_node(NodeKind::softmax, {node.input_node(0)}));
  node.set_output(0, node.input(0).dims, id);
}

}  // namespace hwflow::onnx_import
