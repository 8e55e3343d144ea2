#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
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

ConstantPtr fold_gather(const NodeImport& node, const Constant& source) {
  const Constant& indices = node.constant_input(1);
  const std::size_t axis = resolve_axis(node.attributes().integer("axis", 0), source.dims.size());
  if (axis != 0) throw Problem("gathers constants along an axis other than 0");
  Dims dims = indices.dims;
  dims.insert(dims.end(), source.dims.begin() + 1, source.dims.end());
  if (element_count(dims) > kMaxFolded) throw Problem("gathers too many constants");
  const auto inner =
      static_cast<std::size_t>(element_count({source.dims.begin() + 1, source.dims.end()}));
  return picked(source, std::move(dims), [&](std::size_t i) {
    const std::int64_t index = indices.integer(i / inner);
    const std::int64_t size = source.dims[0];
    if (index < -size || index >= size)
      throw Problem(fmt::format("index {} is outside {} constants", index, size));
    return static_cast<std::size_t>(index < 0 ? index + size : index) * inner + i % inner;
  });
}

ConstantPtr fold_slice(const NodeImport& node, const Constant& source) {
  if (source.dims.size() != 1) throw Problem("slices constants of more than one dimension");
  const auto read = [&](std::size_t input, const char* name) {
    if (node.has_input(input)) return node.constant_input(input).integers();
    return node.attributes().integers(name).value_or(Dims{});
  };
  const Dims starts = read(1, "starts"), ends = read(2, "ends"), steps = read(4, "steps");
  if (starts.size() != 1 || ends.size() != 1 || (!steps.empty() && steps != Dims{1}))
    throw Problem("slices constants with steps");
  const std::int64_t size = source.dims[0];
  const auto clamped = [size](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 && at >= -size ? at + size : at, 0, size);
  };
  const std::int64_t begin = clamped(starts[0]), end = std::max(begin, clamped(ends[0]));
  return picked(source, {end - begin},
                [begin](std::size_t i) { return static_cast<std::size_t>(begin) + i; });
}

ConstantPtr fold_concat(const NodeImport& node) {
  if (!node.attributes().has("axis")) throw Problem("attribute 'axis' is missing");
  const Constant& first = node.constant_input(0);
  if (first.dims.size() != 1) throw Problem("joins constants of more than one dimension");
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    const Constant& part = node.constant_input(i);
    if (!part.is_integer()) throw Problem("joins constants that are no integers");
    const std::vector<std::int64_t> more = part.integers();
    values.insert(values.end(), more.begin(), more.end());
  }
  const auto count = static_cast<std::int64_t>(values.size());
  if (count > kMaxFolded) throw Problem("joins too many constants");
  return make_integers({count}, std::move(values));
}

ConstantPtr fold_cast(const NodeImport& node, const Constant& source) {
  const std::int64_t type = node.attributes().integer("to", 0);
  if (!source.has_values) return make_unknown(source.dims);
  const bool to_float = type == ::onnx::TensorProto::FLOAT || type == ::onnx::TensorProto::DOUBLE ||
                        type == ::onnx::TensorProto::FLOAT16 ||
                        type == ::onnx::TensorProto::BFLOAT16;
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
  if (count > kMaxFolded / 1024 || (fill != nullptr && !fill->has_t()))
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
    node.set_constant(0, fold_slice(node, *source));
  else if (type == "Concat")
    node.set_constant(0, fold_concat(node));
  else if (type == "Cast")
    node.set_constant(0, fold_cast(node, *source));
  else
    return fold_arithmetic(node);
  return true;
}

}  // namespace hwflow::onnx_import
