#include "workload/onnx/graph_import.hpp"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <span>
#include <utility>

#include "workload/node_geometry.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {

std::size_t resolve_axis(std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size)
    throw Problem(fmt::format("axis {} is outside a tensor of {} dimensions", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

FeatureShape GraphImport::feature_shape(const Dims& dims) const {
  const std::int64_t count = element_count(dims);
  if (count < 1) throw Problem(fmt::format("tensor of shape {} is empty", to_text(dims)));
  std::span<const std::int64_t> rest(dims);
  if (dims.size() >= 2 && dims[0] == batch) {
    rest = rest.subspan(1);
  } else if (batch > 1) {
    if (count % batch != 0)
      throw Problem(fmt::format("shape {} does not hold a batch of {}", to_text(dims), batch));
    return {count / batch, 1, 1};
  }
  if (rest.size() <= 1) return {rest.empty() ? 1 : rest[0], 1, 1};
  if (rest.size() == 2) return {1, rest[0], rest[1]};
  const std::int64_t width = rest[rest.size() - 1], height = rest[rest.size() - 2];
  return {(dims[0] == batch ? count / batch : count) / height / width, height, width};
}

NodeId GraphImport::add(Node node) {
  std::vector<FeatureShape> inputs;
  for (const NodeId id : node.inputs) inputs.push_back(this->node(id).shape);
  const std::string base = node.name;
  for (int copy = 1; !names_.insert(node.name).second; ++copy)
    node.name = fmt::format("{}#{}", base, copy);
  auto inferred = infer_geometry(std::move(node), inputs);
  if (!inferred) throw Problem(inferred.error().front().reason);
  nodes.push_back(std::move(*inferred));
  return {static_cast<std::int32_t>(nodes.size()) - 1};
}

NodeId GraphImport::node_of(const std::string& tensor) {
  Value& value = values.at(tensor);
  if (value.node) return *value.node;
  Node source;
  source.name = tensor;
  source.kind = NodeKind::input;
  source.shape = feature_shape(value.dims);
  if (value.constant) note(tensor, "constant operand, kept as an input of the network");
  value.node = add(std::move(source));
  return *value.node;
}

NodeId GraphImport::node_of(const std::string& tensor, const FeatureShape& shape) {
  const NodeId id = node_of(tensor);
  if (node(id).shape == shape) return id;
  Node view;
  view.name = tensor + ".view";
  view.kind = NodeKind::reshape;
  view.inputs = {id};
  view.shape = shape;
  return add(std::move(view));
}

void GraphImport::note(const std::string& node_name, const std::string& what) {
  notes.push_back(fmt::format("{}: {}", node_name, what));
}

NodeImport::NodeImport(GraphImport& graph, const ::onnx::NodeProto& proto, std::string name)
    : graph_(&graph), proto_(&proto), name_(std::move(name)), attributes_(proto) {}

std::string NodeImport::op_type() const { return proto_->op_type(); }

std::size_t NodeImport::input_count() const {
  return static_cast<std::size_t>(proto_->input_size());
}

std::size_t NodeImport::output_count() const {
  return static_cast<std::size_t>(proto_->output_size());
}

bool NodeImport::has_input(std::size_t index) const {
  return index < input_count() && !proto_->input(static_cast<int>(index)).empty();
}

const std::string& NodeImport::input_name(std::size_t index) const {
  if (!has_input(index)) throw Problem(fmt::format("input {} is missing", index));
  return proto_->input(static_cast<int>(index));
}

const Value& NodeImport::input(std::size_t index) const {
  return graph_->values.at(input_name(index));
}

NodeId NodeImport::input_node(std::size_t index) const {
  return graph_->node_of(input_name(index));
}

NodeId NodeImport::input_node(std::size_t index, const FeatureShape& shape) const {
  return graph_->node_of(input_name(index), shape);
}

const Constant& NodeImport::constant_input(std::size_t index) const {
  const Value& value = input(index);
  if (!value.constant || !value.constant->has_values) {
    throw Problem(
        fmt::format("input {} ('{}') must be a constant with values", index, input_name(index)),
        "simplify the model so that its shapes are constants");
  }
  return *value.constant;
}

Dims NodeImport::batch_dims(const FeatureShape& shape) const {
  return {graph_->batch, shape.channels, shape.height, shape.width};
}

void NodeImport::set(std::size_t index, Value value, bool source_is_exclusive) const {
  if (index >= output_count()) throw Problem(fmt::format("output {} is missing", index));
  const std::string& tensor = proto_->output(static_cast<int>(index));
  if (tensor.empty()) return;
  const auto uses = graph_->readers.find(tensor);
  value.is_exclusive = source_is_exclusive && (uses == graph_->readers.end() || uses->second <= 1);
  graph_->values[tensor] = std::move(value);
}

void NodeImport::set_output(std::size_t index, Dims dims, NodeId node) const {
  Value value;
  value.dims = std::move(dims);
  value.node = node;
  set(index, std::move(value), true);
}

void NodeImport::set_constant(std::size_t index, ConstantPtr constant) const {
  Value value;
  value.dims = constant->dims;
  value.constant = std::move(constant);
  set(index, std::move(value), true);
}

void NodeImport::set_alias(std::size_t index, std::size_t input_index) const {
  const Value& source = input(input_index);
  if (!source.constant) (void)input_node(input_index);
  set(index, input(input_index), input(input_index).is_exclusive);
}

void NodeImport::mark_not_executable(NodeId id, const std::string& why) const {
  std::string& text = graph_->node(id).not_executable;
  text += fmt::format("{}ONNX node '{}' ({}): {}", text.empty() ? "" : "; ", name_, op_type(), why);
}

bool NodeImport::is_read_by_node(std::size_t output) const {
  if (output >= output_count()) return false;
  const std::string& tensor = proto_->output(static_cast<int>(output));
  const auto uses = graph_->readers.find(tensor);
  const auto results = graph_->results.find(tensor);
  return (uses == graph_->readers.end() ? 0 : uses->second) >
         (results == graph_->results.end() ? 0 : results->second);
}

Node NodeImport::new_node(NodeKind kind, std::vector<NodeId> inputs) const {
  Node node;
  node.name = name_;
  node.kind = kind;
  node.inputs = std::move(inputs);
  return node;
}

}  // namespace hwflow::onnx_import
