#pragma once

#include "workload/onnx/graph_import.hpp"

namespace hwflow::onnx_import {

/// One axis of a tensor as (outer, axis, inner), the batch left out: any axis becomes the height.
/// Throws Problem where the axis is the batch or empty.
[[nodiscard]] FeatureShape view_along(const GraphImport& graph, const Dims& dims, std::size_t axis);

/// A node seen with the shape that its tensor has everywhere else: a reshape where they differ.
[[nodiscard]] NodeId seen_as(const NodeImport& node, NodeId id, const Dims& dims);
[[nodiscard]] NodeId seen_as(const NodeImport& node, NodeId id, const FeatureShape& shape);

}  // namespace hwflow::onnx_import
