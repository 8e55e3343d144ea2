#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "workload/network.hpp"

namespace hwflow {

/// The node with the geometry that follows from the shapes of its inputs: the output shape, and for
/// nodes with `conv` the input sizes (n = 1). How many inputs the node has is checked too.
/// Errors  place is the node's name.
[[nodiscard]] Expected<Node> infer_geometry(Node node, const std::vector<FeatureShape>& inputs);

/// The operator of a node with inferred geometry; none for nodes that only move data.
/// Errors  sizes that no operator has (see operator.hpp); place is the node's name.
[[nodiscard]] Expected<std::optional<Operator>> operator_of_node(
    const Node& node, const std::vector<FeatureShape>& inputs, std::int64_t batch);

/// Whether every node has its operator at this batch size. Errors  one problem, which names the
/// first node without, and how many there are.
[[nodiscard]] Diagnostics check_batch(const Network& network, std::int64_t batch);

/// Weights (biases and BatchNorm left out) of a node with inferred geometry.
[[nodiscard]] std::int64_t weight_count(const Node& node);

/// Whether a CompressionPlan speaks of nodes of this kind.
[[nodiscard]] bool is_compute(NodeKind kind);

}  // namespace hwflow
