#include "workload/onnx/constant_arithmetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

/// What an operator does with numbers, and whether integers stay integers.
struct Binary {
  std::string_view op_type;
  double (*compute)(double, double);
  enum class Result : std::uint8_t { as_inputs, truth } result = Result::as_inputs;
};

using enum Binary::Result;

constexpr std::array kBinary{
    Binary{"Add", [](double a, double b) { return a + b; }},
    Binary{"And", [](double a, double b) { return a != 0.0 && b != 0.0 ? 1.0 : 0.0; }, truth},
    Binary{"Div", [](double a, double b) { return a / b; }},
    Binary{"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }, truth},
    Binary{"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }, truth},
    Binary{"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }, truth},
    Binary{"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }, truth},
    Binary{"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }, truth},
    Binary{"Max", [](double a, double b) { return std::max(a, b); }},
    Binary{"Min", [](double a, double b) { return std::min(a, b); }},
    Binary{"Mod", [](double a, double b) { return a - b * std::floor(a / b); }},
    Binary{"Mul", [](double a, double b) { return a * b; }},
    Binary{"Or", [](double a, double b) { return a != 0.0 || b != 0.0 ? 1.0 : 0.0; }, truth},
    Binary{"Pow", [](double a, double b) { return std::pow(a, b); }},
    Binary{"Sub", [](double a, double b) { return a - b; }},
    Binary{"Sum", [](double a, double b) { return a + b; }},
    Binary{"Xor", [](double a, double b) { return (a != 0.0) != (b != 0.0) ? 1.0 : 0.0; }, truth},
};

struct Unary {
  std::string_view op_type;
  double (*compute)(double);
  bool keeps_integers = false;
};

constexpr std::array kUnary{
    Unary{"Abs", [](double x) { return std::abs(x); }, true},
    Unary{"Ceil", [](double x) { return std::ceil(x); }},
    Unary{"Cos", [](double x) { return std::cos(x); }},
    Unary{"Erf", [](double x) { return std::erf(x); }},
    Unary{"Exp", [](double x) { return std::exp(x); }},
    Unary{"Floor", [](double x) { return std::floor(x); }},
    Unary{"Log", [](double x) { return std::log(x); }},
    Unary{"Neg", [](double x) { return -x; }, true},
    Unary{"Not", [](double x) { return x == 0.0 ? 1.0 : 0.0; }, true},
    Unary{"Reciprocal", [](double x) { return 1.0 / x; }},
    Unary{"Relu", [](double x) { return std::max(x, 0.0); }, true},
    Unary{"Round", [](double x) { return std::nearbyint(x); }},
    Unary{"Sign", [](double x) { return x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : 0.0); }, true},
    Unary{"Sin", [](double x) { return std::sin(x); }},
    Unary{"Sigmoid", [](double x) { return 1.0 / (1.0 + std::exp(-x)); }},
    Unary{"Sqrt", [](double x) { return std::sqrt(x); }},
    Unary{"Tanh", [](double x) { return std::tanh(x); }},
};

/// Reductions as running values: what they start from, how a value goes in, and what comes out.
struct Reduction {
  std::string_view op_type;
  double start;
  double (*include)(double, double);
  double (*finish)(double, double) = [](double sum, double) { return sum; };  ///< with the count
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr std::array kReductions{
    Reduction{"ReduceL1", 0.0, [](double a, double b) { return a + std::abs(b); }},
    Reduction{"ReduceL2", 0.0, [](double a, double b) { return a + b * b; },
              [](double sum, double) { return std::sqrt(sum); }},
    Reduction{"ReduceMax", -kInfinity, [](double a, double b) { return std::max(a, b); }},
    Reduction{"ReduceMean", 0.0, [](double a, double b) { return a + b; },
              [](double sum, double count) { return sum / count; }},
    Reduction{"ReduceMin", kInfinity, [](double a, double b) { return std::min(a, b); }},
    Reduction{"ReduceProd", 1.0, [](double a, double b) { return a * b; }},
    Reduction{"ReduceSum", 0.0, [](double a, double b) { return a + b; }},
    Reduction{"ReduceSumSquare", 0.0, [](double a, double b) { return a + b * b; }},
};

template <class Table>
auto row_of(const Table& table, std::string_view op_type) {
  const auto found =
      std::ranges::find_if(table, [op_type](const auto& row) { return row.op_type == op_type; });
  return found == table.end() ? nullptr : &*found;
}

/// Place in a tensor of `from` of the i-th element of `to`, into which it is repeated: an axis of
/// `from` counts modulo its size (1 in a broadcast).
std::size_t repeated_place(std::size_t i, const Dims& from, const Dims& to) {
  std::size_t place = 0, stride = 1;
  for (std::size_t back = 1; back <= to.size(); ++back) {
    const auto size = static_cast<std::size_t>(to[to.size() - back]);
    if (back <= from.size()) {
      const auto own = static_cast<std::size_t>(from[from.size() - back]);
      place += i % size % own * stride;
      stride *= own;
    }
    i /= size;
  }
  return place;
}

/// Whether a result is larger than what made it and would only fill memory.
bool is_too_large(const Dims& result, std::initializer_list<const Constant*> sources) {
  std::int64_t most = kMaxFolded;
  for (const Constant* source : sources) most = std::max(most, element_count(source->dims));
  return element_count(result) > most;
}

ConstantPtr repeated(const Constant& source, Dims to) {
  if (is_too_large(to, {&source}) || element_count(source.dims) == 0)
    return make_unknown(std::move(to));
  const Dims shape = to;
  return picked(source, std::move(to),
                [&source, &shape](std::size_t i) { return repeated_place(i, source.dims, shape); });
}

/// Integers beyond 2^31 are no sizes; beyond 2^53 doubles would not hold them.
double integer_as_number(std::int64_t value) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  if (value > kLimit || value < -kLimit) throw Problem("integers beyond 2^31");
  return static_cast<double>(value);
}

ConstantPtr combined(const Binary& row, const Constant& left, const Constant& right) {
  Dims dims = broadcast_dims(left.dims, right.dims);
  if (!left.has_values || !right.has_values || is_too_large(dims, {&left, &right}))
    return make_unknown(std::move(dims));
  const bool is_integer = left.is_integer() && right.is_integer();
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
  for (std::size_t i = 0; i < static_cast<std::size_t>(element_count(dims)); ++i) {
    const std::size_t l = repeated_place(i, left.dims, dims);
    const std::size_t r = repeated_place(i, right.dims, dims);
    if (!is_integer) {
      floats.push_back(static_cast<float>(row.compute(left.number(l), right.number(r))));
      continue;
    }
    const double b = integer_as_number(right.integer(r));
    if (b == 0.0 && (row.op_type == "Div" || row.op_type == "Mod"))
      throw Problem("divides by zero");
    const double value = row.compute(integer_as_number(left.integer(l)), b);
    if (!(std::abs(value) <= 9.0e18)) throw Problem("integers beyond 2^63");
    integers.push_back(static_cast<std::int64_t>(value));  // cut towards zero
  }
  if (is_integer) return make_integers(std::move(dims), std::move(integers));
  if (row.result == as_inputs) return make_floats(std::move(dims), std::move(floats));
  return make_integers(std::move(dims), {floats.begin(), floats.end()});
}

/// The remainder by C's rule, which has the sign of the dividend.
constexpr Binary kCRemainder{"Mod", [](double a, double b) { return std::fmod(a, b); }};

ConstantPtr fold_binary(const NodeImport& node, const Binary& row) {
  ConstantPtr result = node.input(0).constant;
  for (std::size_t i = 1; i < node.input_count(); ++i)
    result = combined(row, *result, *node.input(i).constant);
  return result;
}

ConstantPtr fold_unary(const Unary& row, const Constant& source) {
  if (!source.has_values) return make_unknown(source.dims);
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  const bool is_integer = source.is_integer() && row.keeps_integers;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (is_integer)
      integers.push_back(
          static_cast<std::int64_t>(row.compute(integer_as_number(source.integer(i)))));
    else
      floats.push_back(static_cast<float>(row.compute(source.number(i))));
  }
  return is_integer ? make_integers(source.dims, std::move(integers))
                    : make_floats(source.dims, std::move(floats));
}

ConstantPtr fold_where(const NodeImport& node) {
  const Constant &condition = *node.input(0).constant, &yes = *node.input(1).constant,
                 &no = *node.input(2).constant;
  Dims dims = broadcast_dims(broadcast_dims(condition.dims, yes.dims), no.dims);
  if (!condition.has_values || !yes.has_values || !no.has_values ||
      is_too_large(dims, {&condition, &yes, &no}))
    return make_unknown(std::move(dims));
  const bool is_integer = yes.is_integer() && no.is_integer();
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  for (std::size_t i = 0; i < static_cast<std::size_t>(element_count(dims)); ++i) {
    const bool holds = condition.number(repeated_place(i, condition.dims, dims)) != 0.0;
    const Constant& from = holds ? yes : no;
    const std::size_t place = repeated_place(i, from.dims, dims);
    if (is_integer)
      integers.push_back(from.integer(place));
    else
      floats.push_back(static_cast<float>(from.number(place)));
  }
  return is_integer ? make_integers(std::move(dims), std::move(integers))
                    : make_floats(std::move(dims), std::move(floats));
}

/// Place in the result of a reduction of the i-th element of a tensor of `dims`.
std::size_t reduced_place(std::size_t i, const Dims& dims, const std::vector<bool>& is_reduced) {
  std::size_t place = 0, stride = 1;
  for (std::size_t axis = dims.size(); axis-- > 0;) {
    const auto size = static_cast<std::size_t>(dims[axis]);
    if (!is_reduced[axis]) {
      place += i % size * stride;
      stride *= size;
    }
    i /= size;
  }
  return place;
}

ConstantPtr fold_reduction(const NodeImport& node, const Reduction& row, const Constant& source) {
  const Dims axes = named_axes(node);
  const std::vector<bool> is_reduced = reduced_axes(node, axes, source.dims.size());
  Dims dims;
  std::int64_t count = 1, results = 1;
  const bool keeps = node.attributes().integer("keepdims", 1) != 0;
  for (std::size_t axis = 0; axis < source.dims.size(); ++axis) {
    (is_reduced[axis] ? count : results) *= source.dims[axis];
    if (keeps || !is_reduced[axis]) dims.push_back(is_reduced[axis] ? 1 : source.dims[axis]);
  }
  if (!source.has_values) return make_unknown(std::move(dims));
  if (count * results == 0) throw Problem("reduces an empty constant");
  std::vector<double> values(static_cast<std::size_t>(results), row.start);
  for (std::size_t i = 0; i < source.size(); ++i) {
    double& value = values[reduced_place(i, source.dims, is_reduced)];
    value = row.include(value, source.number(i));
  }
  for (double& value : values) value = row.finish(value, static_cast<double>(count));
  if (!source.is_integer()) return make_floats(std::move(dims), {values.begin(), values.end()});
  std::vector<std::int64_t> integers;
  for (const double value : values) {
    if (!(std::abs(value) <= 9.0e15)) throw Problem("integers beyond 2^53");
    integers.push_back(static_cast<std::int64_t>(value));
  }
  return make_integers(std::move(dims), std::move(integers));
}

/// Mean of several tensors.
ConstantPtr fold_mean(const NodeImport& node) {
  const Constant divisor{{}, true, std::vector<float>{static_cast<float>(node.input_count())}};
  return combined(*row_of(kBinary, "Div"), *fold_binary(node, *row_of(kBinary, "Sum")), divisor);
}

/// Places of all that is not zero, an axis a row.
ConstantPtr fold_nonzero(const Constant& source) {
  if (!source.has_values) throw Problem("needs the values of a constant");
  const std::size_t rank = source.dims.size();
  std::vector<std::vector<std::int64_t>> places(rank);
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source.number(i) == 0.0) continue;
    std::size_t rest = i;
    for (std::size_t axis = rank; axis-- > 0;) {
      const auto size = static_cast<std::size_t>(source.dims[axis]);
      places[axis].push_back(static_cast<std::int64_t>(rest % size));
      rest /= size;
    }
  }
  std::vector<std::int64_t> all;
  for (const auto& row : places) all.insert(all.end(), row.begin(), row.end());
  const auto count = static_cast<std::int64_t>(rank == 0 ? 0 : places[0].size());
  return make_integers({static_cast<std::int64_t>(rank), count}, std::move(all));
}

ConstantPtr fold_tile(const NodeImport& node, const Constant& source) {
  const Dims times = node.constant_input(1).integers();
  if (times.size() != source.dims.size()) throw Problem("repetitions do not fit the input");
  Dims to = source.dims;
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    if (times[axis] < 0 || times[axis] > kMaxFolded || to[axis] > kMaxFolded)
      throw Problem("repeats too many constants");
    to[axis] *= times[axis];
  }
  return repeated(source, std::move(to));
}

ConstantPtr fold_range(const NodeImport& node) {
  const Constant &start = node.constant_input(0), &limit = node.constant_input(1),
                 &step = node.constant_input(2);
  if (start.size() != 1 || limit.size() != 1 || step.size() != 1 || step.number(0) == 0.0)
    throw Problem("start, limit and step must be one number each, the step not 0");
  const double count = std::ceil((limit.number(0) - start.number(0)) / step.number(0));
  if (!(count <= static_cast<double>(kMaxFolded))) throw Problem("a range of too many numbers");
  std::vector<float> floats;
  std::vector<std::int64_t> integers;
  const bool is_integer = start.is_integer() && limit.is_integer() && step.is_integer();
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(std::max(count, 0.0)); ++i) {
    const double value = start.number(0) + static_cast<double>(i) * step.number(0);
    if (is_integer)
      integers.push_back(static_cast<std::int64_t>(std::clamp(value, -9.0e18, 9.0e18)));
    else
      floats.push_back(static_cast<float>(value));
  }
  const auto size = static_cast<std::int64_t>(std::max(floats.size(), integers.size()));
  return is_integer ? make_integers({size}, std::move(integers))
                    : make_floats({size}, std::move(floats));
}

}  // namespace

/// A constant of `dims` whose i-th value is the source's value at `place(i)`.
ConstantPtr picked(const Constant& source, Dims dims,
                   const std::function<std::size_t(std::size_t)>& place) {
  if (!source.has_values) return make_unknown(std::move(dims));
  const auto count = static_cast<std::size_t>(element_count(dims));
  return std::visit(
      [&](const auto& from) {
        auto to = from;
        to.resize(count);
        for (std::size_t i = 0; i < count; ++i) to[i] = from.at(place(i));
        return std::make_shared<const Constant>(Constant{std::move(dims), true, std::move(to)});
      },
      source.values);
}

bool fold_arithmetic(const NodeImport& node) {
  const std::string type = node.op_type();
  const ConstantPtr source = node.input(0).constant;
  if (type == "Mod" && node.attributes().integer("fmod", 0) != 0)
    node.set_constant(0, fold_binary(node, kCRemainder));
  else if (const Binary* row = row_of(kBinary, type))
    node.set_constant(0, fold_binary(node, *row));
  else if (const Reduction* reduction = row_of(kReductions, type))
    node.set_constant(0, fold_reduction(node, *reduction, *source));
  else if (type == "Mean")
    node.set_constant(0, fold_mean(node));
  else if (type == "NonZero")
    node.set_constant(0, fold_nonzero(*source));
  else if (const Unary* unary = row_of(kUnary, type))
    node.set_constant(0, fold_unary(*unary, *source));
  else if (type == "Where" && node.input_count() == 3)
    node.set_constant(0, fold_where(node));
  else if (type == "Expand")
    node.set_constant(
        0, repeated(*source, broadcast_dims(source->dims, node.constant_input(1).integers())));
  else if (type == "Tile")
    node.set_constant(0, fold_tile(node, *source));
  else if (type == "Range")
    node.set_constant(0, fold_range(node));
  else
    return false;
  return true;
}

}  // namespace hwflow::onnx_import
