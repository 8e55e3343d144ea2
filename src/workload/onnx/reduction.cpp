#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/views.hpp"

namespace hwflow::onnx_import {
namespace {

/// Axes that follow each other, pooled at once: they become the height of a view.
NodeId pool_axes(const NodeImport& node, NodeId source, NodeKind kind, const Dims& dims,
                 std::size_t first, std::size_t last) {
  Dims merged(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(first));
  const auto begin = dims.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = dims.begin() + static_cast<std::ptrdiff_t>(last);
  merged.push_back(element_count({begin, end}));
  merged.insert(merged.end(), end, dims.end());
  const FeatureShape view = view_along(node.graph(), merged, first);
  Node layer = node.new_node(kind, {seen_as(node, source, view)});
  layer.conv.kernel_height = view.height;
  layer.conv.kernel_width = 1;
  return node.graph().add(std::move(layer));
}

/// Reduction over any axes but the batch, as poolings; the node that gives the result.
NodeId reduce(const NodeImport& node, NodeKind kind, const Dims& axes) {
  Dims dims = node.input(0).dims;
  const std::size_t rank = dims.size();
  const std::vector<bool> is_reduced = reduced_axes(node, axes, rank);
  NodeId id = node.input_node(0);
  for (std::size_t first = 0; first < rank; ++first) {
    if (!is_reduced[first] || dims[first] == 1) continue;
    if (first == 0) throw Problem("reduces the first axis, that of the batch");
    std::size_t last = first;
    while (last < rank && is_reduced[last]) ++last;
    id = pool_axes(node, id, kind, dims, first, last);
    std::fill(dims.begin() + static_cast<std::ptrdiff_t>(first),
              dims.begin() + static_cast<std::ptrdiff_t>(last), 1);
  }
  Dims output;
  const bool keeps = node.attributes().integer("keepdims", 1) != 0;
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (keeps || !is_reduced[axis]) output.push_back(dims[axis]);
  id = seen_as(node, id, output);
  node.set_output(0, std::move(output), id);
  return id;
}

/// All spatial axes: one global pooling, as GlobalAveragePool has it.
bool is_global(const NodeImport& node, const Dims& axes) {
  const std::size_t rank = node.input(0).dims.size();
  if (rank < 3 || rank > 4 || axes.empty()) return false;
  const std::vector<bool> is_reduced = reduced_axes(node, axes, rank);
  for (std::size_t axis = 0; axis < rank; ++axis)
    if (is_reduced[axis] != (axis >= 2)) return false;
  return true;
}

NodeId import_reduction(const NodeImport& node, NodeKind kind) {
  const Dims axes = named_axes(node);
  if (!is_global(node, axes)) return reduce(node, kind, axes);
  import_global_pool(node, kind, node.attributes().integer("keepdims", 1) != 0);
  return {static_cast<std::int32_t>(node.graph().nodes.size()) - 1};
}

void pass_as_last(const NodeImport& node) {
  node.note(node.op_type() + " at the end of the graph, left out");
  for (std::size_t i = 0; i < node.output_count(); ++i) node.set_alias(i, 0);
}

}  // namespace

std::vector<bool> reduced_axes(const NodeImport& node, const Dims& axes, std::size_t rank) {
  const bool keeps_all = node.attributes().integer("noop_with_empty_axes", 0) != 0;
  std::vector<bool> is_reduced(rank, axes.empty() && !keeps_all);
  for (const std::int64_t axis : axes) is_reduced[resolve_axis(axis, rank)] = true;
  return is_reduced;
}

Dims named_axes(const NodeImport& node) {
  if (node.has_input(1)) return node.constant_input(1).integers();
  return node.attributes().integers("axes").value_or(Dims{});
}

void import_reduce_mean(const NodeImport& node) {
  (void)import_reduction(node, NodeKind::average_pooling);
}

void import_reduce_max(const NodeImport& node) {
  (void)import_reduction(node, NodeKind::max_pooling);
}

void import_reduce_other(const NodeImport& node) {
  const bool compares = node.op_type() == "ReduceMin";
  const NodeId id =
      import_reduction(node, compares ? NodeKind::max_pooling : NodeKind::average_pooling);
  node.mark_not_executable(
      id, compares ? "a minimum, kept as a maximum" : "a reduction, kept as an average");
}

void import_arg_max(const NodeImport& node) {
  if (!node.is_read_by_node(0)) return pass_as_last(node);
  const NodeId id = reduce(node, NodeKind::max_pooling, {node.attributes().integer("axis", 0)});
  node.mark_not_executable(id, "the place of the extreme, kept as a maximum");
}

void import_top_k(const NodeImport& node) {
  if (node.is_read_by_node(0) || node.is_read_by_node(1))
    throw Problem("TopK is supported at the end of a graph only",
                  "cut the model before its post-processing");
  pass_as_last(node);
}

}  // namespace hwflow::onnx_import
