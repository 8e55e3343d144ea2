#include "workload/onnx/layer_weights.hpp"

#include <fmt/format.h>

#include <utility>

#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {

Constant weights_of(const NodeImport& node, std::size_t input) {
  const Value& value = node.input(input);
  if (value.constant) return *value.constant;
  if (value.is_graph_input && !value.node) {
    (void)element_count(value.dims);
    return *make_unknown(value.dims);
  }
  throw Problem(
      fmt::format("input {} ('{}') is computed, not a constant", input, node.input_name(input)),
      "layers with computed weights are not supported");
}

void store_tensor(const NodeImport& node, NodeId id, const std::string& suffix,
                  const Constant& tensor, Dims dims) {
  if (!tensor.has_values) return;
  if (element_count(dims) != static_cast<std::int64_t>(tensor.size()))
    throw Problem(
        fmt::format("{} of shape {} is not {}", suffix, to_text(tensor.dims), to_text(dims)));
  node.graph().weights[node.graph().node(id).name + "." + suffix] = {std::move(dims),
                                                                     tensor.floats()};
}

void store_weight(const NodeImport& node, NodeId id, const Constant& weights, Dims dims) {
  store_tensor(node, id, "weight", weights, std::move(dims));
}

void store_bias(const NodeImport& node, NodeId id, const Constant& bias, std::int64_t channels) {
  const std::int64_t count = element_count(bias.dims);
  if (count != channels && count != 1) {
    throw Problem(fmt::format("bias of shape {} for {} channels", to_text(bias.dims), channels));
  }
  if (!bias.has_values) return;
  Constant full = bias;
  if (count != channels) {
    full.values =
        std::vector<float>(static_cast<std::size_t>(channels), static_cast<float>(bias.number(0)));
  }
  store_tensor(node, id, "bias", full, {channels});
}

Constant transposed(const Constant& matrix) {
  const std::int64_t rows = matrix.dims.at(0), columns = matrix.dims.at(1);
  Constant result{{columns, rows}, matrix.has_values, std::vector<float>()};
  if (!matrix.has_values) return result;
  const std::vector<float> from = matrix.floats();
  std::vector<float> to(from.size());
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column)
      to[static_cast<std::size_t>(column * rows + row)] =
          from[static_cast<std::size_t>(row * columns + column)];
  result.values = std::move(to);
  return result;
}

}  // namespace hwflow::onnx_import
