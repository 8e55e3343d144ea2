#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/window.hpp"

namespace hwflow::onnx_import {
namespace {

/// Same elements in the same order under other sizes: no node where the network sees no difference.
void set_view(const NodeImport& node, const Dims& dims) {
  const Value source = node.input(0);
  if (element_count(dims) != element_count(source.dims)) {
    throw Problem(fmt::format("shape {} does not become {}", to_text(source.dims), to_text(dims)));
  }
  node.set_output(0, dims, node.input_node(0, node.graph().feature_shape(dims)));
}

/// Elements in another order.
void add_movement(const NodeImport& node, const Dims& dims) {
  Node move = node.new_node(NodeKind::reshape, {node.input_node(0)});
  move.shape = node.graph().feature_shape(dims);
  const NodeId id = node.graph().add(std::move(move));
  node.mark_not_executable(id, "moves elements, kept as a reshape");
  node.set_output(0, dims, id);
}

/// Whether every pixel of an axis is a copy of the one that torch's nearest upsampling takes:
/// floor(position * from / to).
bool is_plain_nearest(const NodeImport& node, std::int64_t from, std::int64_t to) {
  if (from == to || from == 1) return true;
  const bool is_old = node.op_type() == "Upsample" || node.graph().opset < 11;
  const std::string mode = node.attributes().text("mode", "nearest");
  if (mode != "nearest") return false;
  if (to % from != 0) return false;
  if (is_old) return true;
  const std::string place = node.attributes().text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = node.attributes().text("nearest_mode", "round_prefer_floor");
  if (place == "asymmetric")
    return rounding == "floor" || (rounding == "round_prefer_floor" && to / from == 2);
  const bool is_rounded = rounding == "round_prefer_floor" || rounding == "round_prefer_ceil";
  return is_rounded && (place == "half_pixel" || place == "pytorch_half_pixel");
}

Dims reshape_target(const NodeImport& node, const Dims& from) {
  Dims wanted = node.has_input(1) ? node.constant_input(1).integers()
                                  : node.attributes().integers("shape").value_or(Dims{});
  const bool keeps_zero = node.attributes().integer("allowzero", 0) != 0;
  std::int64_t known = 1;
  std::optional<std::size_t> open;
  for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
    if (wanted[axis] == 0 && !keeps_zero) {
      if (axis >= from.size()) throw Problem("a 0 in the shape beyond the input's dimensions");
      wanted[axis] = from[axis];
    }
    if (wanted[axis] == -1 && !open)
      open = axis;
    else if (wanted[axis] < 0)
      throw Problem(fmt::format("shape {} has two open or negative sizes", to_text(wanted)));
  }
  if (!open) return wanted;
  wanted[*open] = 1;
  known = element_count(wanted);
  if (known == 0 || element_count(from) % known != 0)
    throw Problem(fmt::format("shape {} does not divide {}", to_text(wanted), to_text(from)));
  wanted[*open] = element_count(from) / known;
  return wanted;
}

Dims flatten_target(const NodeImport& node, const Dims& from) {
  const std::int64_t given = node.attributes().integer("axis", 1);
  const std::size_t axis = given == static_cast<std::int64_t>(from.size())
                               ? from.size()
                               : resolve_axis(given, from.size());
  const auto middle = from.begin() + static_cast<std::ptrdiff_t>(axis);
  return {element_count({from.begin(), middle}), element_count({middle, from.end()})};
}

Dims axes_of(const NodeImport& node) {
  if (node.has_input(1)) return node.constant_input(1).integers();
  return node.attributes().integers("axes").value_or(Dims{});
}

Dims squeeze_target(const NodeImport& node, const Dims& from) {
  const Dims axes = axes_of(node);
  std::vector<bool> drop(from.size(), false);
  for (const std::int64_t axis : axes) drop[resolve_axis(axis, from.size())] = true;
  Dims result;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    if (axes.empty() && from[axis] == 1) continue;
    if (drop[axis] && from[axis] != 1)
      throw Problem(fmt::format("axis {} of {} is not 1", axis, to_text(from)));
    if (!drop[axis]) result.push_back(from[axis]);
  }
  return result;
}

Dims unsqueeze_target(const NodeImport& node, const Dims& from) {
  const Dims axes = axes_of(node);
  if (axes.size() > 16) throw Problem("adds more than 16 dimensions");
  const std::size_t rank = from.size() + axes.size();
  std::vector<bool> is_new(rank, false);
  for (const std::int64_t axis : axes) {
    if (is_new[resolve_axis(axis, rank)]) throw Problem("names an axis twice");
    is_new[resolve_axis(axis, rank)] = true;
  }
  Dims result;
  std::size_t next = 0;
  for (std::size_t axis = 0; axis < rank; ++axis) result.push_back(is_new[axis] ? 1 : from[next++]);
  return result;
}

void resize_to(const NodeImport& node, const std::vector<double>& scales) {
  const Dims from = node.input(0).dims;
  if (scales.size() != from.size()) {
    throw Problem(fmt::format("{} scales for shape {}", scales.size(), to_text(from)));
  }
  Dims to;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    const double size = std::floor(static_cast<double>(from[axis]) * scales[axis]);
    if (!(size >= 1.0 && size <= 1.0e9)) throw Problem(fmt::format("size {} after scaling", size));
    to.push_back(static_cast<std::int64_t>(size));
  }
  const FeatureShape input = spatial_shape(node, from);
  if (to[0] != from[0] || to[1] != from[1]) throw Problem("scales the batch or the channels");
  Node layer = node.new_node(NodeKind::resize, {node.input_node(0, input)});
  layer.shape = {to[1], to[2], to.size() > 3 ? to[3] : 1};
  const NodeId id = node.graph().add(std::move(layer));
  for (std::size_t axis = 2; axis < from.size(); ++axis) {
    if (is_plain_nearest(node, from[axis], to[axis])) continue;
    node.mark_not_executable(id, "resizes otherwise than by the nearest pixel");
    break;
  }
  node.set_output(0, to, id);
}

std::vector<double> numbers(const Constant& constant) {
  const std::vector<float> values = constant.floats();
  return {values.begin(), values.end()};
}

/// The axes that a Resize names (opset 18), or all.
std::vector<std::size_t> resized_axes(const NodeImport& node) {
  const std::size_t rank = node.input(0).dims.size();
  std::vector<std::size_t> axes;
  if (const auto given = node.attributes().integers("axes")) {
    for (const std::int64_t axis : *given) axes.push_back(resolve_axis(axis, rank));
  } else {
    for (std::size_t axis = 0; axis < rank; ++axis) axes.push_back(axis);
  }
  return axes;
}

/// Sizes or scales of the named axes among those that the other axes have.
template <class Value>
std::vector<Value> of_all_axes(const NodeImport& node, const std::vector<Value>& given,
                               std::vector<Value> otherwise) {
  const std::vector<std::size_t> axes = resized_axes(node);
  if (given.size() != axes.size())
    throw Problem(fmt::format("{} sizes or scales for {} axes of shape {}", given.size(),
                              axes.size(), to_text(node.input(0).dims)));
  for (std::size_t i = 0; i < axes.size(); ++i) otherwise[axes[i]] = given[i];
  return otherwise;
}

/// Sizes of the named axes under keep_aspect_ratio_policy: all by the least or the largest scale,
/// rounded half up.
Dims with_aspect_ratio(const NodeImport& node, Dims sizes) {
  const std::string policy = node.attributes().text("keep_aspect_ratio_policy", "stretch");
  const std::vector<std::size_t> axes = resized_axes(node);
  if (policy == "stretch" || sizes.size() != axes.size() || sizes.empty()) return sizes;
  if (policy != "not_larger" && policy != "not_smaller")
    throw Problem(fmt::format("attribute 'keep_aspect_ratio_policy' is '{}'", policy));
  const Dims& from = node.input(0).dims;
  std::vector<double> scales;
  for (std::size_t i = 0; i < axes.size(); ++i)
    scales.push_back(static_cast<double>(sizes[i]) / static_cast<double>(from[axes[i]]));
  const double scale = policy == "not_larger" ? *std::ranges::min_element(scales)
                                              : *std::ranges::max_element(scales);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const double size = std::floor(scale * static_cast<double>(from[axes[i]]) + 0.5);
    if (!(size >= 1.0 && size <= 1.0e9)) throw Problem(fmt::format("size {} after scaling", size));
    sizes[i] = static_cast<std::int64_t>(size);
  }
  return sizes;
}

/// Scales that resize_to() rounds down to the sizes.
std::vector<double> factors_of(const Dims& sizes, const Dims& from) {
  std::vector<double> factors;
  for (std::size_t axis = 0; axis < sizes.size(); ++axis)
    factors.push_back((static_cast<double>(sizes[axis]) + 0.5) / static_cast<double>(from[axis]));
  return factors;
}

std::int64_t block_size(const NodeImport& node) {
  return checked_size("blocksize", node.attributes().integer("blocksize", 0), 1);
}

}  // namespace

Dims reshaped_dims(const NodeImport& node) {
  const Dims& from = node.input(0).dims;
  const std::string type = node.op_type();
  if (type == "Reshape") return reshape_target(node, from);
  if (type == "Flatten") return flatten_target(node, from);
  return type == "Squeeze" ? squeeze_target(node, from) : unsqueeze_target(node, from);
}

std::vector<std::size_t> transpose_order(const NodeImport& node, std::size_t rank) {
  std::vector<std::size_t> order(rank);
  std::iota(order.rbegin(), order.rend(), std::size_t{0});
  const auto given = node.attributes().integers("perm");
  if (!given) return order;
  std::vector<bool> seen(rank, false);
  if (given->size() != rank) throw Problem("attribute 'perm' has the wrong size");
  for (std::size_t axis = 0; axis < rank; ++axis) {
    order[axis] = resolve_axis((*given)[axis], rank);
    if (seen[order[axis]]) throw Problem("attribute 'perm' names an axis twice");
    seen[order[axis]] = true;
  }
  return order;
}

void import_reshape(const NodeImport& node) { set_view(node, reshaped_dims(node)); }
void import_flatten(const NodeImport& node) { set_view(node, reshaped_dims(node)); }
void import_squeeze(const NodeImport& node) { set_view(node, reshaped_dims(node)); }
void import_unsqueeze(const NodeImport& node) { set_view(node, reshaped_dims(node)); }

void import_transpose(const NodeImport& node) {
  const Dims from = node.input(0).dims;
  const std::vector<std::size_t> order = transpose_order(node, from.size());
  Dims to, moved;  // axes of size 1 do not count as moved
  for (const std::size_t axis : order) {
    to.push_back(from[axis]);
    if (from[axis] != 1) moved.push_back(static_cast<std::int64_t>(axis));
  }
  if (std::ranges::is_sorted(moved)) return set_view(node, to);
  add_movement(node, to);
}

void import_depth_to_space(const NodeImport& node) {
  const Dims from = node.input(0).dims;
  const std::int64_t block = block_size(node);
  if (from.size() != 4 || from[1] % block != 0 || from[1] / block % block != 0)
    throw Problem(fmt::format("blocks of {} do not fit shape {}", block, to_text(from)));
  add_movement(node, {from[0], from[1] / block / block, from[2] * block, from[3] * block});
}

void import_space_to_depth(const NodeImport& node) {
  const Dims from = node.input(0).dims;
  const std::int64_t block = block_size(node);
  if (from.size() != 4 || from[2] % block != 0 || from[3] % block != 0)
    throw Problem(fmt::format("blocks of {} do not fit shape {}", block, to_text(from)));
  add_movement(node, {from[0], from[1] * block * block, from[2] / block, from[3] / block});
}

void import_resize(const NodeImport& node) {
  const std::size_t scales = node.graph().opset < 11 ? 1 : 2;
  const Dims& from = node.input(0).dims;
  if (!node.has_input(3)) {
    const std::vector<double> given = numbers(node.constant_input(scales));
    return resize_to(node, of_all_axes(node, given, std::vector<double>(from.size(), 1.0)));
  }
  const Dims wanted = node.constant_input(3).integers();
  resize_to(node, factors_of(of_all_axes(node, with_aspect_ratio(node, wanted), from), from));
}

void import_upsample(const NodeImport& node) {
  if (node.has_input(1)) return resize_to(node, numbers(node.constant_input(1)));
  if (!node.attributes().has("scales")) throw Problem("attribute 'scales' is missing");
  resize_to(node, node.attributes().numbers("scales"));
}

}  // namespace hwflow::onnx_import
