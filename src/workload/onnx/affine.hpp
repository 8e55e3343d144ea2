#pragma once

#include <vector>

#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {

/// x * factor + shift with one pair for every channel, or one for all.
struct Affine {
  std::vector<float> factors, shifts;  ///< empty: unknown values
  bool has_shift = false;
};

/// Sizes with ones in front, up to a rank.
[[nodiscard]] Dims aligned(const Dims& dims, std::size_t rank);

/// Scale and shift of an input as a depthwise 1x1 convolution.
void add_affine(const NodeImport& node, std::size_t tensor, const Affine& affine);

/// `tensor operation constant` (or the other way round) as a bias, as a scale of the layer before,
/// as a depthwise convolution, or as nothing at all; false when the constant is not one for every
/// channel. Operations: + - * /.
bool import_with_constant(const NodeImport& node, char operation, std::size_t tensor,
                          const Constant& constant);

}  // namespace hwflow::onnx_import
