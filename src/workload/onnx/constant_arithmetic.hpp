#pragma once

#include <functional>

#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {

/// Arithmetic on constants serves shapes and scales; a larger result would only fill memory.
inline constexpr std::int64_t kMaxFolded = 1 << 20;

/// A constant of `dims` whose i-th value is the source's value at `place(i)`.
[[nodiscard]] ConstantPtr picked(const Constant& source, Dims dims,
                                 const std::function<std::size_t(std::size_t)>& place);

/// Element-wise operators, reductions, Where, Expand, Tile, Range and NonZero on constants; false
/// for other operators.
/// Throws Problem.
bool fold_arithmetic(const NodeImport& node);

}  // namespace hwflow::onnx_import
