#pragma once

#include <array>

#include "workload/network_builder.hpp"

namespace hwflow::networks {

/// Stem, max pooling and four stages of bottleneck blocks; `last_dilation` 2 keeps the resolution
/// of the third stage in the fourth (output stride 16), 1 is the classifier's trunk.
[[nodiscard]] NodeId bottleneck_trunk(NetworkBuilder& builder, NodeId input,
                                      const std::array<int, 4>& blocks, std::int64_t last_dilation);

}  // namespace hwflow::networks
