#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "chip/fusion/axis_plan.hpp"
#include "workload/network.hpp"

namespace hwflow::testing {

/// Which indices of stored tensors a layer reads, from the definitions of the nodes: kernel taps
/// one by one, through views. Shares nothing with chip::AxisMap.

using Indices = std::set<std::int64_t>;

/// One step on the way from a layer to a stored tensor.
struct Hop {
  const Node* node;
  FeatureShape in;
  std::int64_t before;  ///< concatenated ahead of this input
};
using Path = std::vector<Hop>;

/// Indices along an axis of the tensor at the end of the path that one index of the layer reads.
[[nodiscard]] Indices through(const Path& path, chip::Axis axis, std::int64_t out);

/// All ways from a node to stored tensors, in the order in which the node reads them.
void list_paths(const Network& network, const std::set<std::string>& stored, const Node& node,
                const Path& so_far, std::vector<Path>& paths);

}  // namespace hwflow::testing
