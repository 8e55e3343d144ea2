#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/layer_weights.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/window.hpp"

namespace hwflow::onnx_import {
namespace {

/// What both kinds of convolution share: input, geometry and groups.
struct Geometry {
  FeatureShape input;
  Dims weight_dims;
  ConvShape shape;
};

Geometry read_geometry(const NodeImport& node) {
  Geometry geometry;
  const Dims& input_dims = node.input(0).dims;
  geometry.input = spatial_shape(node, input_dims);
  geometry.weight_dims = weights_of(node, 1).dims;
  if (geometry.weight_dims.size() != input_dims.size()) {
    throw Problem(fmt::format("weights of shape {} for an input of shape {}",
                              to_text(geometry.weight_dims), to_text(input_dims)));
  }
  for (const std::int64_t size : geometry.weight_dims) checked_size("weights", size, 1);
  const Dims kernel(geometry.weight_dims.begin() + 2, geometry.weight_dims.end());
  geometry.shape =
      window_shape(node, read_window(node, kernel, input_dims.size() - 2), geometry.input);
  geometry.shape.groups = checked_size("group", node.attributes().integer("group", 1), 1);
  return geometry;
}

void check_channels(std::int64_t given, std::int64_t wanted) {
  if (given != wanted) {
    throw Problem(
        fmt::format("the input has {} channels, the weights are made for {}", given, wanted));
  }
}

void finish(const NodeImport& node, Node layer, const Geometry& geometry) {
  layer.has_bias = node.has_input(2);
  const std::size_t rank = node.input(0).dims.size();
  const std::int64_t channels = layer.conv.out_channels;
  const NodeId id = node.graph().add(std::move(layer));
  Dims weight_dims = geometry.weight_dims;
  weight_dims.resize(4, 1);
  store_weight(node, id, weights_of(node, 1), std::move(weight_dims));
  if (node.has_input(2)) store_bias(node, id, weights_of(node, 2), channels);
  node.set_output(0, spatial_dims(node, node.graph().node(id).shape, rank), id);
}

/// One axis of the pads that make a transposed convolution as large as `output_shape` says; pixels
/// beyond what the kernels reach are added behind.
struct TransposedAxis {
  std::int64_t &before, &after, &more;
};

void fit_output(std::int64_t natural, std::int64_t wanted, bool is_upper,
                const TransposedAxis& axis) {
  const std::int64_t total = std::max<std::int64_t>(natural - wanted, 0);
  axis.before = is_upper ? total / 2 : total - total / 2;
  axis.after = total - axis.before;
  axis.more += std::max<std::int64_t>(wanted - natural, 0);
}

void apply_output_shape(const NodeImport& node, ConvShape& shape, const FeatureShape& input,
                        std::size_t spatial_rank) {
  auto wanted = node.attributes().integers("output_shape");
  const std::string mode = node.attributes().text("auto_pad", "NOTSET");
  const bool is_same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (!wanted && !is_same) return;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 0;
  if (!wanted) {  // a kernel smaller than its stride has nothing to cut off
    wanted = Dims{std::min(input.height * shape.stride_height, shape.transposed_out_height()),
                  std::min(input.width * shape.stride_width, shape.transposed_out_width())};
    wanted->resize(spatial_rank);
  }
  if (wanted->size() != spatial_rank) throw Problem("attribute 'output_shape' has the wrong size");
  for (const std::int64_t size : *wanted) checked_size("output_shape", size, 1);
  const bool is_upper = mode == "SAME_UPPER";
  fit_output(shape.transposed_out_height(), (*wanted)[0], is_upper,
             {shape.pad_top, shape.pad_bottom, shape.output_pad_height});
  if (spatial_rank > 1) {
    fit_output(shape.transposed_out_width(), (*wanted)[1], is_upper,
               {shape.pad_left, shape.pad_right, shape.output_pad_width});
  }
}

}  // namespace

void import_conv(const NodeImport& node) {
  Geometry geometry = read_geometry(node);
  geometry.shape.out_channels = geometry.weight_dims[0];
  check_channels(geometry.input.channels, geometry.weight_dims[1] * geometry.shape.groups);
  Node layer = node.new_node(NodeKind::convolution, {node.input_node(0, geometry.input)});
  layer.conv = geometry.shape;
  finish(node, std::move(layer), geometry);
}

void import_conv_transpose(const NodeImport& node) {
  Geometry geometry = read_geometry(node);
  ConvShape& shape = geometry.shape;
  shape.out_channels = checked_size("output channels", geometry.weight_dims[1] * shape.groups, 1);
  check_channels(geometry.input.channels, geometry.weight_dims[0]);
  const std::size_t spatial_rank = node.input(0).dims.size() - 2;
  if (const auto more = node.attributes().integers("output_padding")) {
    if (more->size() != spatial_rank) throw Problem("'output_padding' has the wrong size");
    for (const std::int64_t size : *more) checked_size("output_padding", size, 0);
    shape.output_pad_height = (*more)[0];
    shape.output_pad_width = spatial_rank > 1 ? (*more)[1] : 0;
  }
  apply_output_shape(node, shape, geometry.input, spatial_rank);
  Node layer =
      node.new_node(NodeKind::transposed_convolution, {node.input_node(0, geometry.input)});
  layer.conv = shape;
  finish(node, std::move(layer), geometry);
}

}  // namespace hwflow::onnx_import
