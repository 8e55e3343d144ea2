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

constexpr std::int64_t kMaxStep = std::int64_t{1} << 30;

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

/// Place of an index that may count from the end, at most `most`.
std::int64_t clamped(std::int64_t index, std::int64_t size, std::int64_t least, std::int64_t most) {
  const std::int64_t place = index < 0 && index >= -size ? index + size : index;
  return std::clamp<std::int64_t>(place, least, most);
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

/// Rows of a view in another order, some left out or repeated: cost models see what moves.
NodeId add_reordering(const NodeImport& node, NodeId source, std::int64_t rows) {
  Node layer = node.new_node(NodeKind::resize, {source});
  layer.shape = node.graph().node(source).shape;
  layer.shape.height = rows;
  const NodeId id = node.graph().add(std::move(layer));
  node.mark_not_executable(id, "takes elements in another order, kept as a resize");
  return id;
}

/// Indices of a Gather along an axis, counted from its beginning.
Dims places_of(const Constant& indices, std::size_t axis, std::int64_t size) {
  Dims places;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int64_t index = indices.integer(i);
    if (index < -size || index >= size)
      throw Problem(fmt::format("index {} is outside axis {}", index, axis));
    places.push_back(index < 0 ? index + size : index);
  }
  return places;
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

std::vector<SlicedAxis> sliced_axes(const NodeImport& node, const Dims& dims) {
  const SliceArguments slice = slice_arguments(node);
  std::vector<SlicedAxis> axes;
  std::vector<bool> is_named(dims.size(), false);
  for (std::size_t i = 0; i < slice.starts.size(); ++i) {
    SlicedAxis each{resolve_axis(slice.axes[i], dims.size()), 0, 0, slice.steps[i]};
    const std::int64_t size = dims[each.axis];
    if (is_named[each.axis]) throw Problem("names an axis twice");
    is_named[each.axis] = true;
    if (each.step == 0 || each.step < -kMaxStep || each.step > kMaxStep)
      throw Problem(fmt::format("step must be in +-[1, 2^30], got {}", each.step));
    const bool is_forward = each.step > 0;
    // Backwards, an end before the first element is -1, which no index can name.
    each.begin =
        clamped(slice.starts[i], size, 0, is_forward ? size : std::max<std::int64_t>(size - 1, 0));
    const std::int64_t end = clamped(slice.ends[i], size, is_forward ? 0 : -1, size);
    const std::int64_t length = is_forward ? end - each.begin : each.begin - end;
    const std::int64_t stride = std::abs(each.step);
    each.count = size < 1 || length < 1 ? 0 : (length - 1) / stride + 1;
    if (each.begin == 0 && each.count == size && each.step == 1) continue;
    axes.push_back(each);
  }
  return axes;
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
  Dims dims = node.input(0).dims;
  NodeId id = node.input_node(0);
  for (const SlicedAxis& slice : sliced_axes(node, dims)) {
    if (slice.count < 1) throw Problem(fmt::format("takes nothing of axis {}", slice.axis));
    const FeatureShape view = view_along(node.graph(), dims, slice.axis);
    id = with_shape(node, id, view);
    dims[slice.axis] = slice.count;
    if (slice.step < 0) {
      id = add_reordering(node, id, slice.count);
      continue;
    }
    const std::int64_t end = slice.begin + (slice.count - 1) * slice.step + 1;
    if (slice.begin != 0 || end != view.height) {
      Node crop = node.new_node(NodeKind::pad, {id});
      crop.conv.pad_top = -slice.begin;
      crop.conv.pad_bottom = end - view.height;
      id = node.graph().add(std::move(crop));
    }
    if (slice.step > 1) id = add_steps(node, id, slice.step);
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
  if (indices.size() == 0) throw Problem("takes nothing");
  const Dims places = places_of(indices, axis, dims[axis]);
  const Range range{places.front(), places.back() + 1};
  const bool is_run = std::ranges::adjacent_find(places, [](std::int64_t a, std::int64_t b) {
                        return b != a + 1;
                      }) == places.end();
  if (is_run && indices.dims.size() <= 1) return select(node, 0, axis, range, indices.dims.empty());
  const FeatureShape view = view_along(node.graph(), dims, axis);
  const NodeId id = add_reordering(node, node.input_node(0, view), element_count(indices.dims));
  const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  Dims output(dims.begin(), middle);
  output.insert(output.end(), indices.dims.begin(), indices.dims.end());
  output.insert(output.end(), middle + 1, dims.end());
  node.set_output(0, output, seen_as(node, id, output));
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
