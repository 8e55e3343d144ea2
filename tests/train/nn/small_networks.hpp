#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "train/nn/weight_shapes.hpp"
#include "workload/network.hpp"
#include "workload/network_builder.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

inline Node make_node(std::string name, NodeKind kind, std::vector<std::int32_t> inputs) {
  std::vector<NodeId> ids;
  for (const std::int32_t input : inputs) ids.push_back(NodeId{input});
  return node_of(std::move(name), kind, std::move(ids));
}

inline Node make_input(const FeatureShape& shape) {
  Node node = make_node("input", NodeKind::input, {});
  node.shape = shape;
  return node;
}

/// Every tensor random; BatchNorm statistics away from the identity, variances positive.
inline WeightMap random_weights(const Network& network, std::uint64_t seed) {
  Rng rng(seed);
  WeightMap weights;
  for (const auto& [name, shape] : expected_tensors(network)) {
    FloatTensor tensor{shape, {}};
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) elements *= size;
    const bool positive = name.ends_with("running_var") || name.ends_with("batch_norm.weight");
    // Weights keep the size of what passes through (He), so that no clipping magnifies rounding.
    const double deviation =
        shape.size() > 1
            ? std::sqrt(2.0 * static_cast<double>(shape[0]) / static_cast<double>(elements))
            : 0.3;
    for (std::int64_t i = 0; i < elements; ++i) {
      const double value = positive ? 0.5 + rng.uniform() : deviation * rng.normal();
      tensor.values.push_back(static_cast<float>(value));
    }
    weights[name] = std::move(tensor);
  }
  return weights;
}

}  // namespace hwflow::train
