#include "workload/onnx/window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

Dims sizes_attribute(const NodeImport& node, const char* name, const Dims& otherwise,
                     std::int64_t least) {
  const auto given = node.attributes().integers(name);
  if (!given) return otherwise;
  if (given->size() != otherwise.size()) {
    throw Problem(
        fmt::format("attribute '{}' has {} values, not {}", name, given->size(), otherwise.size()));
  }
  for (const std::int64_t value : *given) checked_size(name, value, least);
  return *given;
}

struct Pads {
  std::int64_t before, after;
};

Pads same_pads(std::int64_t input, std::int64_t window, std::int64_t stride, bool is_upper) {
  const std::int64_t outputs = (input + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((outputs - 1) * stride + window - input, 0);
  const std::int64_t less = total / 2;
  return is_upper ? Pads{less, total - less} : Pads{total - less, less};
}

void apply_auto_pad(const NodeImport& node, ConvShape& shape, const FeatureShape& input) {
  const std::string mode = node.attributes().text("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) return;
  if (mode == "VALID") {
    shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 0;
    return;
  }
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER")
    throw Problem(fmt::format("attribute 'auto_pad' is '{}'", mode));
  const bool is_upper = mode == "SAME_UPPER";
  const Pads rows = same_pads(input.height, shape.dilation_height * (shape.kernel_height - 1) + 1,
                              shape.stride_height, is_upper);
  const Pads columns = same_pads(input.width, shape.dilation_width * (shape.kernel_width - 1) + 1,
                                 shape.stride_width, is_upper);
  shape.pad_top = rows.before;
  shape.pad_bottom = rows.after;
  shape.pad_left = columns.before;
  shape.pad_right = columns.after;
}

}  // namespace

std::int64_t checked_size(const char* what, std::int64_t value, std::int64_t least) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (value < least || value > kMost)
    throw Problem(fmt::format("{} must be in [{}, 2^30], got {}", what, least, value));
  return value;
}

FeatureShape spatial_shape(const NodeImport& node, const Dims& dims) {
  if (dims.size() != 3 && dims.size() != 4) {
    throw Problem(fmt::format("input of shape {} has not one or two spatial axes", to_text(dims)));
  }
  if (dims[0] != node.graph().batch) {
    throw Problem(fmt::format("input of shape {} does not begin with the batch of {}",
                              to_text(dims), node.graph().batch));
  }
  for (std::size_t axis = 1; axis < dims.size(); ++axis)
    checked_size("every size of the input", dims[axis], 1);
  return {dims[1], dims[2], dims.size() == 4 ? dims[3] : 1};
}

WindowAttributes read_window(const NodeImport& node, const Dims& kernel, std::size_t spatial_rank) {
  WindowAttributes window;
  window.kernel = node.attributes().integers("kernel_shape").value_or(kernel);
  if (window.kernel.size() != spatial_rank) {
    throw Problem(
        fmt::format("kernel of {} axes for an input of {}", window.kernel.size(), spatial_rank));
  }
  if (!kernel.empty() && kernel != window.kernel) {
    throw Problem(fmt::format("attribute 'kernel_shape' is {}, the weights have {}",
                              to_text(window.kernel), to_text(kernel)));
  }
  for (const std::int64_t size : window.kernel) checked_size("kernel", size, 1);
  const Dims ones(spatial_rank, 1), zeros(2 * spatial_rank, 0);
  window.strides = sizes_attribute(node, "strides", ones, 1);
  window.dilations = sizes_attribute(node, "dilations", ones, 1);
  const Dims pads = sizes_attribute(node, "pads", zeros, 0);
  const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(spatial_rank);
  window.pads_begin.assign(pads.begin(), middle);
  window.pads_end.assign(middle, pads.end());
  return window;
}

ConvShape window_shape(const NodeImport& node, const WindowAttributes& window,
                       const FeatureShape& input) {
  const auto second = [&](const Dims& values, std::int64_t otherwise) {
    return values.size() > 1 ? values[1] : otherwise;
  };
  ConvShape shape;
  shape.in_channels = input.channels;
  shape.in_height = input.height;
  shape.in_width = input.width;
  shape.kernel_height = window.kernel[0];
  shape.kernel_width = second(window.kernel, 1);
  shape.stride_height = window.strides[0];
  shape.stride_width = second(window.strides, 1);
  shape.dilation_height = window.dilations[0];
  shape.dilation_width = second(window.dilations, 1);
  shape.pad_top = window.pads_begin[0];
  shape.pad_left = second(window.pads_begin, 0);
  shape.pad_bottom = window.pads_end[0];
  shape.pad_right = second(window.pads_end, 0);
  apply_auto_pad(node, shape, input);
  return shape;
}

Dims spatial_dims(const NodeImport& node, const FeatureShape& shape, std::size_t rank) {
  Dims dims{node.graph().batch, shape.channels, shape.height, shape.width};
  dims.resize(rank);
  return dims;
}

}  // namespace hwflow::onnx_import
