#pragma once

#include <string>

#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {

/// The constant that a layer uses as weights. An input of the graph without a value counts as such:
/// files without weights declare theirs so. Throws Problem for computed weights.
[[nodiscard]] Constant weights_of(const NodeImport& node, std::size_t input);

/// Keeps "<node>.weight" under a shape of equal size; nothing when the values are unknown.
void store_weight(const NodeImport& node, NodeId id, const Constant& weights, Dims dims);
/// Keeps "<node>.bias"; a single value is repeated. Throws Problem when the size is another one.
void store_bias(const NodeImport& node, NodeId id, const Constant& bias, std::int64_t channels);
void store_tensor(const NodeImport& node, NodeId id, const std::string& suffix,
                  const Constant& tensor, Dims dims);
/// The transpose of a matrix.
[[nodiscard]] Constant transposed(const Constant& matrix);

}  // namespace hwflow::onnx_import
