#include "workload/onnx/views.hpp"

#include <fmt/format.h>

#include <utility>

#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {

FeatureShape view_along(const GraphImport& graph, const Dims& dims, std::size_t axis) {
  const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = element_count({dims.begin(), middle});
  const std::int64_t inner = element_count({middle + 1, dims.end()});
  if (dims[axis] < 1 || outer < 1 || inner < 1 || outer % graph.batch != 0)
    throw Problem(fmt::format("axis {} of shape {} is the batch or empty", axis, to_text(dims)));
  return {outer / graph.batch, dims[axis], inner};
}

NodeId seen_as(const NodeImport& node, NodeId id, const Dims& dims) {
  return seen_as(node, id, node.graph().feature_shape(dims));
}

NodeId seen_as(const NodeImport& node, NodeId id, const FeatureShape& shape) {
  if (node.graph().node(id).shape == shape) return id;
  Node view;
  view.name = node.graph().node(id).name + ".view";
  view.kind = NodeKind::reshape;
  view.inputs = {id};
  view.shape = shape;
  return node.graph().add(std::move(view));
}

}  // namespace hwflow::onnx_import
