#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/views.hpp"
#include "workload/onnx/window.hpp"

namespace hwflow::onnx_import {
namespace {

struct Range {
  std::int64_t begin = 0, end = 0;
};

/// Elements [begin, end) of an axis: a crop of the view, seen again as a tensor.
NodeId add_crop(const NodeImport& node, const Dims& dims, std::size_t axis, const Range& range) {
  const FeatureShape view = view_along(node.graph(), dims, axis);
  Node crop = node.new_node(NodeKind::pad, {node.input_node(0, view)});
  crop.conv.pad_top = -range.begin;
  crop.conv.pad_bottom = range.end - view.height;
  return node.graph().add(std::move(crop));
}

void select(const NodeImport& node, std::size_t output, std::size_t axis, const Range& range,
            bool drops_axis) {
  Dims dims = node.input(0).dims;
  if (range.begin < 0 || range.end > dims[axis] || range.begin >= range.end) {
    throw Problem(fmt::format("elements {} to {} of axis {} of shape {}", range.begin, range.end,
                              axis, to_text(dims)));
  }
  const bool is_all = range.begin == 0 && range.end == dims[axis];
  const Dims before = dims;
  dims[axis] = range.end - range.begin;
  const NodeId id = is_all ? node.input_node(0) : add_crop(node, before, axis, range);
  if (drops_axis) dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  node.set_output(output, dims, seen_as(node, id, dims));
}

std::int64_t clamped(std::int64_t index, std::int64_t size) {
  return std::clamp<std::int64_t>(index < 0 && index >= -size ? index + size : index, 0, size);
}

struct SliceArguments {
  Dims starts, ends, axes, steps;
};

SliceArguments slice_arguments(const NodeImport& node) {
  SliceArguments slice;
  const bool has_inputs = node.has_input(1);
  const auto read = [&](std::size_t input, const char* attribute) {
    if (has_inputs) return node.has_input(input) ? node.constant_input(input).integers() : Dims{};
    return node.attributes().integers(attribute).value_or(Dims{});
  };
  slice.starts = read(1, "starts");
  slice.ends = read(2, "ends");
  slice.axes = read(3, "axes");
  slice.steps = has_inputs ? read(4, "") : Dims{};
  if (slice.axes.empty())
    for (std::size_t i = 0; i < slice.starts.size(); ++i)
      slice.axes.push_back(static_cast<std::int64_t>(i));
  if (slice.steps.empty()) slice.steps.assign(slice.starts.size(), 1);
  if (slice.ends.size() != slice.starts.size() || slice.axes.size() != slice.starts.size() ||
      slice.steps.size() != slice.starts.size() || slice.starts.empty())
    throw Problem("starts, ends, axes and steps differ in size");
  return slice;
}

/// Every step-th element, as a strided subsample of the axis seen as height.
NodeId add_steps(const NodeImport& node, NodeId source, std::int64_t step) {
  Node sample = node.new_node(NodeKind::subsample, {source});
  sample.conv.stride_height = step;
  return node.graph().add(std::move(sample));
}

NodeId with_shape(const NodeImport& node, NodeId id, const FeatureShape& shape) {
  if (node.graph().node(id).shape == shape) return id;
  Node view = node.new_node(NodeKind::reshape, {id});
  view.name += ".view";
  view.shape = shape;
  return node.graph().add(std::move(view));
}

Dims split_sizes(const NodeImport& node, std::int64_t size) {
  Dims sizes = node.attributes().integers("split").value_or(Dims{});
  if (node.has_input(1)) sizes = node.constant_input(1).integers();
  if (!sizes.empty()) return sizes;
  const auto count = static_cast<std::int64_t>(node.output_count());
  if (count < 1) throw Problem("has no outputs");
  const std::int64_t part = (size + count - 1) / count;
  for (std::int64_t i = 0; i < count; ++i)
    sizes.push_back(std::min(part, size - std::min(size, i * part)));
  return sizes;
}

Dims pad_amounts(const NodeImport& node, std::size_t rank) {
  Dims given = node.has_input(1) ? node.constant_input(1).integers()
                                 : node.attributes().integers("pads").value_or(Dims{});
  if (!node.has_input(3)) {
    if (given.size() != 2 * rank) throw Problem("pads do not fit the input");
    return given;
  }
  const Dims axes = node.constant_input(3).integers();
  if (given.size() != 2 * axes.size()) throw Problem("pads do not fit the axes");
  Dims pads(2 * rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = resolve_axis(axes[i], rank);
    pads[axis] = given[i];
    pads[axis + rank] = given[i + axes.size()];
  }
  return pads;
}

bool pads_with_other_than_zero(const NodeImport& node) {
  if (node.attributes().number("value", 0.0) != 0.0) return true;
  if (!node.has_input(2)) return false;
  const Value& value = node.input(2);
  if (!value.constant || !value.constant->has_values || value.constant->size() != 1) return true;
  return value.constant->number(0) != 0.0;
}

}  // namespace

void import_concat(const NodeImport& node) {
  if (node.input_count() == 0) throw Problem("has no inputs");
  if (!node.attributes().has("axis")) throw Problem("attribute 'axis' is missing");
  Dims dims = node.input(0).dims;
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 1), dims.size());
  const bool is_direct = dims.size() == 4 && axis >= 1 && dims[0] == node.graph().batch;
  std::vector<NodeId> inputs;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    Dims each = node.input(i).dims;
    if (each.size() != dims.size()) throw Problem("inputs of different rank");
    inputs.push_back(is_direct ? node.input_node(i)
                               : node.input_node(i, view_along(node.graph(), each, axis)));
    total += checked_size("every size", each[axis], 1);
    each[axis] = dims[axis];
    if (each != dims) throw Problem("inputs differ beside the axis");
  }
  Node layer = node.new_node(NodeKind::concat, std::move(inputs));
  layer.axis = is_direct ? static_cast<int>(axis) : 2;
  dims[axis] = total;
  node.set_output(0, dims, seen_as(node, node.graph().add(std::move(layer)), dims));
}

void import_slice(const NodeImport& node) {
  const SliceArguments slice = slice_arguments(node);
  Dims dims = node.input(0).dims;
  NodeId id = node.input_node(0);
  for (std::size_t i = 0; i < slice.starts.size(); ++i) {
    const std::size_t axis = resolve_axis(slice.axes[i], dims.size());
    const std::int64_t begin = clamped(slice.starts[i], dims[axis]);
    const std::int64_t end = clamped(slice.ends[i], dims[axis]);
    const std::int64_t step = checked_size("step", slice.steps[i], 1);
    if (begin >= end) throw Problem(fmt::format("takes nothing of axis {}", axis));
    if (begin == 0 && end == dims[axis] && step == 1) continue;
    const FeatureShape view = view_along(node.graph(), dims, axis);
    id = with_shape(node, id, view);
    if (begin != 0 || end != dims[axis]) {
      Node crop = node.new_node(NodeKind::pad, {id});
      crop.conv.pad_top = -begin;
      crop.conv.pad_bottom = end - view.height;
      id = node.graph().add(std::move(crop));
    }
    if (step > 1) id = add_steps(node, id, step);
    dims[axis] = (end - begin - 1) / step + 1;
  }
  node.set_output(0, dims, seen_as(node, id, dims));
}

void import_split(const NodeImport& node) {
  const Dims dims = node.input(0).dims;
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 0), dims.size());
  const Dims sizes = split_sizes(node, dims[axis]);
  if (sizes.size() != node.output_count()) throw Problem("sizes do not fit the outputs");
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    checked_size("every part", sizes[i], 1);
    select(node, i, axis, {begin, begin + sizes[i]}, false);
    begin += sizes[i];
  }
  if (begin != dims[axis]) throw Problem("the parts do not make the whole");
}

void import_gather(const NodeImport& node) {
  const Dims& dims = node.input(0).dims;
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 0), dims.size());
  const Constant& indices = node.constant_input(1);
  if (indices.size() == 0 || indices.dims.size() > 1)
    throw Problem("indices must be one number or a list");
  Range range;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::int64_t index = indices.integer(i);
    if (index < -dims[axis] || index >= dims[axis])
      throw Problem(fmt::format("index {} is outside axis {}", index, axis));
    if (index < 0) index += dims[axis];
    if (i == 0)
      range.begin = index;
    else if (index != range.begin + static_cast<std::int64_t>(i))
      throw Problem("only indices that follow each other are supported");
    range.end = index + 1;
  }
  select(node, 0, axis, range, indices.dims.empty());
}

void import_pad(const NodeImport& node) {
  Dims dims = node.input(0).dims;
  const Dims pads = pad_amounts(node, dims.size());
  if (std::ranges::all_of(pads, [](std::int64_t pad) { return pad == 0; }))
    return node.set_alias(0, 0);
  const std::size_t rank = dims.size();
  const FeatureShape input = spatial_shape(node, dims);
  if (pads[0] != 0 || pads[rank] != 0) throw Problem("pads the batch");
  for (const std::int64_t pad : pads) checked_size("padding", std::abs(pad), 0);
  Node layer = node.new_node(NodeKind::pad, {node.input_node(0, input)});
  layer.channel_pad_before = pads[1];
  layer.channel_pad_after = pads[rank + 1];
  layer.conv.pad_top = pads[2];
  layer.conv.pad_bottom = pads[rank + 2];
  layer.conv.pad_left = rank > 3 ? pads[3] : 0;
  layer.conv.pad_right = rank > 3 ? pads[rank + 3] : 0;
  const std::string mode = node.attributes().text("mode", "constant");
  const NodeId id = node.graph().add(std::move(layer));
  if (mode != "constant")
    node.mark_not_executable(id, "padding of mode '" + mode + "', kept as zeros");
  else if (pads_with_other_than_zero(node))
    node.mark_not_executable(id, "pads with another value than zero, kept as zeros");
  node.set_output(0, spatial_dims(node, node.graph().node(id).shape, rank), id);
}

}  // namespace hwflow::onnx_import
