#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "workload/onnx/handlers.hpp"
#include "workload/onnx/layer_weights.hpp"
#include "workload/onnx/problem.hpp"
#include "workload/onnx/window.hpp"

namespace hwflow::onnx_import {
namespace {

/// rows x inner times a constant inner x columns, for every matrix of the input.
struct ConstantProduct {
  Dims input_dims;
  Constant weights;  ///< (inner, columns)
};

void check_matrix(const Dims& dims) {
  for (const std::int64_t size : dims) checked_size("every size of a matrix", size, 1);
}

/// One feature vector per image is a fully connected layer, anything else a matrix product.
NodeId add_constant_product(const NodeImport& node, const ConstantProduct& product, bool has_bias) {
  const Dims& dims = product.input_dims;
  const std::int64_t inner = product.weights.dims[0], columns = product.weights.dims[1];
  if (dims.back() != inner) {
    throw Problem(
        fmt::format("shapes {} and {} do not fit", to_text(dims), to_text(product.weights.dims)));
  }
  const bool is_vector = dims.size() == 2 && dims[0] == node.graph().batch;
  FeatureShape shape{inner, 1, 1};
  if (!is_vector) {
    const std::int64_t rows = element_count(dims) / inner;
    const bool is_batched = dims.size() > 2 && dims[0] == node.graph().batch;
    if (!is_batched && node.graph().batch != 1)
      throw Problem(fmt::format("shape {} does not begin with the batch", to_text(dims)));
    shape = {1, is_batched ? rows / dims[0] : rows, inner};
  }
  Node layer = node.new_node(is_vector ? NodeKind::fully_connected : NodeKind::matrix_product,
                             {node.input_node(0, shape)});
  layer.conv.out_channels = columns;
  layer.has_bias = has_bias;
  const NodeId id = node.graph().add(std::move(layer));
  if (is_vector)
    store_weight(node, id, transposed(product.weights), {columns, inner});
  else
    store_weight(node, id, product.weights, {inner, columns});
  return id;
}

void scale(Constant& constant, double factor) {
  if (factor == 1.0 || !constant.has_values) return;
  std::vector<float> values = constant.floats();
  for (float& value : values) value = static_cast<float>(value * factor);
  constant.values = std::move(values);
}

/// Two computed operands: leading sizes are equal, or the right one has none and all rows of the
/// left one go through it.
void import_computed_product(const NodeImport& node, Dims left, Dims right) {
  check_matrix(left);
  check_matrix(right);
  const std::int64_t inner = left.back(), rows = left[left.size() - 2];
  const std::int64_t columns = right.back();
  const Dims left_batch(left.begin(), left.end() - 2), right_batch(right.begin(), right.end() - 2);
  if (right[right.size() - 2] != inner)
    throw Problem(fmt::format("shapes {} and {} do not fit", to_text(left), to_text(right)));
  const std::int64_t left_count = element_count(left_batch) / node.graph().batch;
  const std::int64_t right_count = element_count(right_batch) / node.graph().batch;
  const bool is_shared = element_count(right_batch) == 1;
  if (!is_shared && left_batch != right_batch)
    throw Problem(fmt::format("shapes {} and {} do not fit", to_text(left), to_text(right)),
                  "broadcast matrix products are not supported");
  if (element_count(left_batch) % node.graph().batch != 0)
    throw Problem(fmt::format("shape {} does not begin with the batch", to_text(left)));

  const std::int64_t count = is_shared ? 1 : right_count;
  const std::int64_t all_rows = is_shared ? left_count * rows : rows;
  const NodeId id = node.graph().add(node.new_node(
      NodeKind::matrix_product,
      {node.input_node(0, {count, all_rows, inner}), node.input_node(1, {count, inner, columns})}));
  Dims output = std::move(left);
  output.back() = columns;
  node.set_output(0, std::move(output), id);
}

/// A constant matrix from the left: an input of the network, transposed here where it is to be.
void import_constant_times_tensor(const NodeImport& node, bool is_transposed) {
  if (node.attributes().integer("transB", 0) != 0 || node.has_input(2))
    throw Problem("a constant left operand with a transposed right one, or a bias");
  const ConstantPtr left = node.input(0).constant;
  const Constant matrix = is_transposed ? transposed(*left) : *left;
  const Dims right = node.input(1).dims;
  if (node.graph().batch != 1) throw Problem("a constant left operand at a batch above 1");
  check_matrix(matrix.dims);
  check_matrix(right);
  const std::int64_t rows = matrix.dims[0], inner = matrix.dims[1];
  if (inner != right[0])
    throw Problem(fmt::format("shapes {} and {} do not fit", to_text(matrix.dims), to_text(right)));
  Node constant = node.new_node(NodeKind::input, {});
  constant.name += ".left";
  constant.shape = {1, rows, inner};
  const NodeId a = node.graph().add(std::move(constant));
  node.note("constant operand, kept as an input of the network");
  const NodeId id = node.graph().add(
      node.new_node(NodeKind::matrix_product, {a, node.input_node(1, {1, inner, right[1]})}));
  node.set_output(0, {rows, right[1]}, id);
}

}  // namespace

void import_gemm(const NodeImport& node) {
  const Attributes& attributes = node.attributes();
  Dims input_dims = node.input(0).dims;
  if (input_dims.size() != 2 || node.input(1).dims.size() != 2)
    throw Problem("both operands must be matrices");
  const bool is_transposed = attributes.integer("transA", 0) != 0;
  if (node.input(0).constant && !node.input(1).constant)
    return import_constant_times_tensor(node, is_transposed);
  if (is_transposed) {
    // A vector is its own transpose as far as its elements go.
    if (input_dims[0] != 1 && input_dims[1] != 1)
      throw Problem("a computed left operand that is transposed is not supported");
    std::swap(input_dims[0], input_dims[1]);
  }
  Constant weights = weights_of(node, 1);
  if (attributes.integer("transB", 0) != 0) weights = transposed(weights);
  check_matrix(input_dims);
  check_matrix(weights.dims);
  scale(weights, attributes.number("alpha", 1.0));
  const double beta = attributes.number("beta", 1.0);
  const bool has_bias = node.has_input(2) && beta != 0.0;
  const std::int64_t columns = weights.dims[1];
  const NodeId id = add_constant_product(node, {input_dims, std::move(weights)}, has_bias);
  if (has_bias) {
    Constant bias = weights_of(node, 2);
    scale(bias, beta);
    store_bias(node, id, bias, columns);
  }
  input_dims.back() = columns;
  node.set_output(0, std::move(input_dims), id);
}

void import_matmul(const NodeImport& node) {
  const Value& left = node.input(0);
  const Value& right = node.input(1);
  if (left.dims.size() < 2 || right.dims.size() < 2)
    throw Problem("operands of fewer than two dimensions are not supported");
  if (!right.constant || right.dims.size() != 2) {
    import_computed_product(node, left.dims, right.dims);
    return;
  }
  check_matrix(left.dims);
  check_matrix(right.dims);
  Dims output = left.dims;
  output.back() = right.dims[1];
  const NodeId id = add_constant_product(node, {left.dims, *right.constant}, false);
  node.set_output(0, std::move(output), id);
}

}  // namespace hwflow::onnx_import
