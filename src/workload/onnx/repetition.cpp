#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/views.hpp"
#include "workload/onnx/window.hpp"

namespace hwflow::onnx_import {
namespace {

/// The block of all elements from an axis on, several times in turn: a view (outer, 1, block)
/// whose height is resized from one row.
NodeId repeat(const NodeImport& node, NodeId source, const Dims& dims, std::size_t axis,
              std::int64_t times) {
  if (times == 1) return source;
  checked_size("repetitions", times, 1);
  if (axis == 0 && node.graph().batch != 1) throw Problem("repeats the batch");
  Dims split(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis));
  split.push_back(1);
  split.insert(split.end(), dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end());
  FeatureShape view = view_along(node.graph(), split, axis);
  Node layer = node.new_node(NodeKind::resize, {seen_as(node, source, view)});
  view.height = times;
  layer.shape = view;
  return node.graph().add(std::move(layer));
}

Dims aligned(const Dims& dims, std::size_t rank) {
  Dims result(rank - std::min(rank, dims.size()), 1);
  result.insert(result.end(), dims.begin(), dims.end());
  return result;
}

}  // namespace

void import_tile(const NodeImport& node) {
  Dims dims = node.input(0).dims;
  const Dims times = node.constant_input(1).integers();
  if (times.size() != dims.size()) throw Problem("repetitions do not fit the input");
  NodeId id = node.input_node(0);
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    id = repeat(node, id, dims, axis, times[axis]);
    dims[axis] = checked_size("size", dims[axis] * times[axis], 1);
  }
  node.set_output(0, dims, seen_as(node, id, dims));
}

void import_expand(const NodeImport& node) {
  const Dims wanted = node.constant_input(1).integers();
  const Dims to = broadcast_dims(node.input(0).dims, wanted);
  Dims dims = aligned(node.input(0).dims, to.size());
  NodeId id = node.input_node(0);
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    if (dims[axis] == to[axis]) continue;
    id = repeat(node, id, dims, axis, to[axis]);
    dims[axis] = to[axis];
  }
  node.set_output(0, to, seen_as(node, id, to));
}

}  // namespace hwflow::onnx_import
