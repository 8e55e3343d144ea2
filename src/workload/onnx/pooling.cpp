#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/window.hpp"

namespace hwflow::onnx_import {
namespace {

/// Zeros after an axis that let the last, cut window of ceil_mode exist; a window that would begin
/// beyond the input and its padding in front is left out.
std::int64_t ceil_mode_pad(std::int64_t input, std::int64_t before, std::int64_t after,
                           std::int64_t window, std::int64_t stride) {
  const std::int64_t room = input + before + after - window;
  if (room < 0) return after;
  std::int64_t outputs = (room + stride - 1) / stride + 1;
  if ((outputs - 1) * stride >= input + before) --outputs;
  return std::max(after, (outputs - 1) * stride + window - input - before);
}

/// Sets the pads behind to those of ceil_mode; false when these are the declared ones.
bool extend_pads(ConvShape& shape) {
  const ConvShape declared = shape;
  shape.pad_bottom =
      ceil_mode_pad(shape.in_height, shape.pad_top, shape.pad_bottom,
                    shape.dilation_height * (shape.kernel_height - 1) + 1, shape.stride_height);
  shape.pad_right =
      ceil_mode_pad(shape.in_width, shape.pad_left, shape.pad_right,
                    shape.dilation_width * (shape.kernel_width - 1) + 1, shape.stride_width);
  return shape != declared;
}

/// The zeros that a pooling declares, as pixels of a node of their own.
NodeId add_declared_pads(const NodeImport& node, NodeId source, ConvShape& shape) {
  Node layer = node.new_node(NodeKind::pad, {source});
  layer.name += ".pad";
  layer.conv.pad_top = std::exchange(shape.pad_top, 0);
  layer.conv.pad_left = std::exchange(shape.pad_left, 0);
  layer.conv.pad_bottom = std::exchange(shape.pad_bottom, 0);
  layer.conv.pad_right = std::exchange(shape.pad_right, 0);
  shape.in_height += layer.conv.pad_top + layer.conv.pad_bottom;
  shape.in_width += layer.conv.pad_left + layer.conv.pad_right;
  return node.graph().add(std::move(layer));
}

bool has_pads(const ConvShape& c) {
  return c.pad_top != 0 || c.pad_left != 0 || c.pad_bottom != 0 || c.pad_right != 0;
}

/// The windows of ceil_mode. An average that counts its pads does not count what ceil_mode adds
/// behind them: there the declared pads become pixels, and the pooling leaves out the rest.
void apply_ceil_mode(const NodeImport& node, Node& layer) {
  const ConvShape declared = layer.conv;
  if (!extend_pads(layer.conv) || !layer.count_include_pad) return;
  layer.count_include_pad = false;
  if (!has_pads(declared)) return;
  const std::int64_t bottom = layer.conv.pad_bottom - declared.pad_bottom;
  const std::int64_t right = layer.conv.pad_right - declared.pad_right;
  layer.conv = declared;
  layer.inputs = {add_declared_pads(node, layer.inputs[0], layer.conv)};
  layer.conv.pad_bottom = bottom;
  layer.conv.pad_right = right;
}

NodeId import_pool(const NodeImport& node, NodeKind kind) {
  const Dims& dims = node.input(0).dims;
  const FeatureShape input = spatial_shape(node, dims);
  if (!node.attributes().has("kernel_shape")) throw Problem("attribute 'kernel_shape' is missing");
  Node layer = node.new_node(kind, {node.input_node(0, input)});
  layer.conv = window_shape(node, read_window(node, {}, dims.size() - 2), input);
  layer.count_include_pad =
      kind == NodeKind::average_pooling && node.attributes().integer("count_include_pad", 0) != 0;
  if (node.attributes().integer("ceil_mode", 0) != 0) apply_ceil_mode(node, layer);
  const NodeId id = node.graph().add(std::move(layer));
  node.set_output(0, spatial_dims(node, node.graph().node(id).shape, dims.size()), id);
  return id;
}

constexpr const char* kNorm = "a norm of every window, kept as an average";

}  // namespace

void import_max_pool(const NodeImport& node) { (void)import_pool(node, NodeKind::max_pooling); }
void import_average_pool(const NodeImport& node) {
  (void)import_pool(node, NodeKind::average_pooling);
}
void import_lp_pool(const NodeImport& node) {
  node.mark_not_executable(import_pool(node, NodeKind::average_pooling), kNorm);
}

void import_global_pool(const NodeImport& node, NodeKind kind, bool keep_dims) {
  const Dims dims = node.input(0).dims;
  const FeatureShape input = spatial_shape(node, dims);
  Node layer = node.new_node(kind, {node.input_node(0, input)});
  layer.conv.kernel_height = layer.conv.kernel_width = 0;
  const NodeId id = node.graph().add(std::move(layer));
  Dims output{dims[0], dims[1]};
  if (keep_dims) output.resize(dims.size(), 1);
  node.set_output(0, std::move(output), id);
}

void import_global_average_pool(const NodeImport& node) {
  import_global_pool(node, NodeKind::average_pooling, true);
}

void import_global_lp_pool(const NodeImport& node) {
  import_global_pool(node, NodeKind::average_pooling, true);
  node.mark_not_executable({static_cast<std::int32_t>(node.graph().nodes.size()) - 1}, kNorm);
}

void import_global_max_pool(const NodeImport& node) {
  import_global_pool(node, NodeKind::max_pooling, true);
}

}  // namespace hwflow::onnx_import
