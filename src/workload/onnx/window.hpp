#pragma once

#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {

/// Kernel, strides, dilations and pads of a convolution or pooling node over its spatial axes (one
/// or two; one is taken as height with a width of 1).
struct WindowAttributes {
  Dims kernel, strides, dilations, pads_begin, pads_end;
};

/// Input of a layer with channels and one or two spatial axes, as (channels, height, width).
/// Throws Problem for other ranks, or when the first size is not the batch.
[[nodiscard]] FeatureShape spatial_shape(const NodeImport& node, const Dims& dims);

/// Attributes of a window; `kernel` is used where the attribute is absent. Throws Problem.
[[nodiscard]] WindowAttributes read_window(const NodeImport& node, const Dims& kernel,
                                           std::size_t spatial_rank);

/// The attributes as geometry; pads of auto_pad SAME_UPPER, SAME_LOWER and VALID worked out.
[[nodiscard]] ConvShape window_shape(const NodeImport& node, const WindowAttributes& window,
                                     const FeatureShape& input);

/// The output sizes of a node as ONNX writes them: the rank of its input, batch first.
[[nodiscard]] Dims spatial_dims(const NodeImport& node, const FeatureShape& shape,
                                std::size_t rank);

/// Throws Problem outside [least, 2^30].
std::int64_t checked_size(const char* what, std::int64_t value, std::int64_t least);

}  // namespace hwflow::onnx_import
