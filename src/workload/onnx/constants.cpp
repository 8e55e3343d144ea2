#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>

#include "workload/onnx/constant_arithmetic.hpp"
#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

ConstantPtr with_dims(const Constant& constant, Dims dims) {
  if (element_count(dims) != element_count(constant.dims))
    throw Problem(
        fmt::format("shape {} does not become {}", to_text(constant.dims), to_text(dims)));
  Constant copy = constant;
  copy.dims = std::move(dims);
  return std::make_shared<const Constant>(std::move(copy));
}

/// Position in a tensor of `dims` of the i-th element of one with axes in `order`.
std::size_t source_place(std::size_t i, const Dims& dims, const std::vector<std::size_t>& order) {
  std::vector<std::size_t> at(dims.size(), 0);
  for (std::size_t axis = order.size(); axis-- > 0;) {
    const auto size = static_cast<std::size_t>(dims[order[axis]]);
    at[order[axis]] = i % size;
    i /= size;
  }
  std::size_t place = 0;
  for (std::size_t axis = 0; axis < dims.size(); ++axis)
    place = place * static_cast<std::size_t>(dims[axis]) + at[axis];
  return place;
}

ConstantPtr fold_transpose(const NodeImport& node, const Constant& source) {
  const std::vector<std::size_t> order = transpose_order(node, source.dims.size());
  Dims dims;
  for (const std::size_t axis : order) dims.push_back(source.dims[axis]);
  return picked(source, std::move(dims),
                [&](std::size_t i) { return source_place(i, source.dims, order); });
}

/// Sizes before, of and after an axis.
struct AlongAxis {
  std::size_t outer, size, inner;
};

AlongAxis along_axis(const Dims& dims, std::size_t axis) {
  const auto middle = dims.begin() + static_cast<std::ptrdiff_t>(axis);
  return {static_cast<std::size_t>(element_count({dims.begin(), middle})),
          static_cast<std::size_t>(dims[axis]),
          static_cast<std::size_t>(element_count({middle + 1, dims.end()}))};
}

/// The elements of an axis in `places`, in that order and as often as they are there.
ConstantPtr taken_along(const Constant& source, std::size_t axis,
                        const std::vector<std::size_t>& places) {
  const auto [outer, size, inner] = along_axis(source.dims, axis);
  Dims dims = source.dims;
  dims[axis] = static_cast<std::int64_t>(places.size());
  if (element_count(dims) > std::max(kMaxFolded, element_count(source.dims)))
    throw Problem("repeats too many constants");
  return picked(source, std::move(dims), [&, size = size, inner = inner](std::size_t i) {
    const std::size_t row = i / inner / places.size();
    return (row * size + places[i / inner % places.size()]) * inner + i % inner;
  });
}

ConstantPtr fold_gather(const NodeImport& node, const Constant& source) {
  const Constant& indices = node.constant_input(1);
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 0), source.dims.size());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::int64_t index = indices.integer(i), size = source.dims[axis];
    if (index < -size || index >= size)
      throw Problem(fmt::format("index {} is outside {} constants", index, size));
    places.push_back(static_cast<std::size_t>(index < 0 ? index + size : index));
  }
  const auto middle = source.dims.begin() + static_cast<std::ptrdiff_t>(axis);
  Dims dims(source.dims.begin(), middle);
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), middle + 1, source.dims.end());
  return with_dims(*taken_along(source, axis, places), std::move(dims));
}

ConstantPtr fold_slice(const NodeImport& node, ConstantPtr source) {
  for (const SlicedAxis& slice : sliced_axes(node, source->dims)) {
    if (!source->has_values) {
      Dims dims = source->dims;
      dims[slice.axis] = slice.count;
      source = make_unknown(std::move(dims));
      continue;
    }
    std::vector<std::size_t> places;
    for (std::int64_t i = 0; i < slice.count; ++i)
      places.push_back(static_cast<std::size_t>(slice.begin + i * slice.step));
    source = taken_along(*source, slice.axis, places);
  }
  return source;
}

/// The parts of one axis; sizes as Split names them.
void fold_split(const NodeImport& node, const Constant& source) {
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 0), source.dims.size());
  const Dims sizes = split_sizes(node, source.dims[axis]);
  if (sizes.size() != node.output_count()) throw Problem("sizes do not fit the outputs");
  std::int64_t begin = 0;
  for (std::size_t part = 0; part < sizes.size(); ++part) {
    if (sizes[part] < 0 || sizes[part] > source.dims[axis] - begin)
      throw Problem("the parts do not make the whole");
    Dims dims = source.dims;
    dims[axis] = sizes[part];
    if (source.has_values) {
      std::vector<std::size_t> places(static_cast<std::size_t>(sizes[part]));
      std::iota(places.begin(), places.end(), static_cast<std::size_t>(begin));
      node.set_constant(part, taken_along(source, axis, places));
    } else {
      node.set_constant(part, make_unknown(std::move(dims)));
    }
    begin += sizes[part];
  }
  if (begin != source.dims[axis]) throw Problem("the parts do not make the whole");
}

/// Values of all inputs along an axis, as floats or as integers.
template <class Value>
std::vector<Value> joined(const NodeImport& node, std::size_t axis, std::int64_t count) {
  std::vector<std::vector<Value>> parts;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if constexpr (std::is_same_v<Value, float>)
      parts.push_back(node.input(i).constant->floats());
    else
      parts.push_back(node.input(i).constant->integers());
  }
  std::vector<Value> values;
  values.reserve(static_cast<std::size_t>(count));
  const std::size_t outer = along_axis(node.input(0).dims, axis).outer;
  for (std::size_t row = 0; row < outer; ++row) {
    for (const std::vector<Value>& part : parts) {
      const std::size_t length = part.size() / outer;
      const auto first = part.begin() + static_cast<std::ptrdiff_t>(row * length);
      values.insert(values.end(), first, first + static_cast<std::ptrdiff_t>(length));
    }
  }
  return values;
}

ConstantPtr fold_concat(const NodeImport& node) {
  if (!node.attributes().has("axis")) throw Problem("attribute 'axis' is missing");
  Dims dims = node.input(0).dims;
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 0), dims.size());
  std::int64_t total = 0;
  bool has_values = true, is_integer = true;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    const ConstantPtr part = node.input(i).constant;
    Dims each = part->dims;
    if (each.size() != dims.size()) throw Problem("inputs of different rank");
    total += each[axis];
    each[axis] = dims[axis];
    if (each != dims) throw Problem("inputs differ beside the axis");
    has_values = has_values && part->has_values;
    is_integer = is_integer && part->is_integer();
  }
  dims[axis] = total;
  const std::int64_t count = element_count(dims);
  if (!has_values) return make_unknown(std::move(dims));
  // More than the file holds: one tensor named over and over again would fill memory.
  if (count > std::max(kMaxFolded, node.graph().initializer_elements))
    throw Problem("joins too many constants");
  if (count == 0) return make_integers(std::move(dims), {});
  if (is_integer) return make_integers(dims, joined<std::int64_t>(node, axis, count));
  return make_floats(dims, joined<float>(node, axis, count));
}

ConstantPtr fold_cast(const NodeImport& node, const Constant& source) {
  const std::int64_t type = node.attributes().integer("to", 0);
  if (!source.has_values) return make_unknown(source.dims);
  const bool to_float = type == ::onnx::TensorProto::FLOAT || type == ::onnx::TensorProto::DOUBLE ||
                        type == ::onnx::TensorProto::FLOAT16 ||
                        type == ::onnx::TensorProto::BFLOAT16;
  if (type == ::onnx::TensorProto::BOOL) {
    std::vector<std::int64_t> truths;
    for (std::size_t i = 0; i < source.size(); ++i)
      truths.push_back(source.number(i) != 0.0 ? 1 : 0);
    return make_integers(source.dims, std::move(truths));
  }
  return to_float ? make_floats(source.dims, source.floats())
                  : make_integers(source.dims, source.integers());
}

ConstantPtr constant_attribute(const NodeImport& node) {
  if (const auto* value = node.attributes().find("value")) {
    if (!value->has_t()) throw Problem("attribute 'value' is no tensor");
    return read_tensor(value->t(), node.graph().folder);
  }
  if (node.attributes().has("value_int"))
    return make_integers({}, {node.attributes().integer("value_int", 0)});
  if (node.attributes().has("value_float"))
    return make_floats({}, {static_cast<float>(node.attributes().number("value_float", 0))});
  if (const auto values = node.attributes().integers("value_ints"))
    return make_integers({static_cast<std::int64_t>(values->size())}, *values);
  if (node.attributes().has("value_floats")) {
    const std::vector<double> values = node.attributes().numbers("value_floats");
    return make_floats({static_cast<std::int64_t>(values.size())}, {values.begin(), values.end()});
  }
  throw Problem("has no value of a supported type");
}

}  // namespace

void import_constant(const NodeImport& node) { node.set_constant(0, constant_attribute(node)); }

void import_constant_of_shape(const NodeImport& node) {
  Dims dims = node.constant_input(0).integers();
  const std::int64_t count = element_count(dims);
  const auto* fill = node.attributes().find("value");
  if (count > kMaxFolded / 16 || (fill != nullptr && !fill->has_t()))
    return node.set_constant(0, make_unknown(std::move(dims)));
  const auto size = static_cast<std::size_t>(count);
  if (fill == nullptr) return node.set_constant(0, make_floats(dims, std::vector<float>(size)));
  const ConstantPtr value = read_tensor(fill->t(), node.graph().folder);
  if (!value->has_values || value->size() != 1)
    throw Problem("attribute 'value' is not one number");
  node.set_constant(0, picked(*value, std::move(dims), [](std::size_t) { return 0U; }));
}

void import_shape(const NodeImport& node) {
  const Dims& dims = node.input(0).dims;
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto clamped = [rank](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 && at >= -rank ? at + rank : at, 0, rank);
  };
  const std::int64_t begin = clamped(node.attributes().integer("start", 0));
  const std::int64_t end = std::max(begin, clamped(node.attributes().integer("end", rank)));
  node.set_constant(0, make_integers({end - begin}, {dims.begin() + begin, dims.begin() + end}));
}

void import_size(const NodeImport& node) {
  node.set_constant(0, make_integers({}, {element_count(node.input(0).dims)}));
}

void import_constants_only(const NodeImport& node) {
  for (std::size_t i = 0; i < node.input_count(); ++i) (void)node.constant_input(i);
  throw Problem("is supported for constants only");
}

bool fold_constants(const NodeImport& node) {
  const std::string type = node.op_type();
  const ConstantPtr source = node.input(0).constant;
  const auto is = [&type](std::initializer_list<const char*> names) {
    return std::ranges::find(names, type) != names.end();
  };
  if (is({"Reshape", "Flatten", "Squeeze", "Unsqueeze"}))
    node.set_constant(0, with_dims(*source, reshaped_dims(node)));
  else if (type == "Transpose")
    node.set_constant(0, fold_transpose(node, *source));
  else if (type == "Gather")
    node.set_constant(0, fold_gather(node, *source));
  else if (type == "Slice")
    node.set_constant(0, fold_slice(node, source));
  else if (type == "Split")
    fold_split(node, *source);
  else if (type == "Concat")
    node.set_constant(0, fold_concat(node));
  else if (type == "Cast")
    node.set_constant(0, fold_cast(node, *source));
  else
    return fold_arithmetic(node);
  return true;
}

}  // namespace hwflow::onnx_import
