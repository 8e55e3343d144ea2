#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "workload/channel_groups.hpp"
#include "workload/network.hpp"

namespace hwflow {

/// Which units stay, of every group, ascending.
struct KeptUnits {
  std::vector<std::vector<std::int32_t>> groups;
  bool operator==(const KeptUnits&) const = default;

  [[nodiscard]] static KeptUnits all(const ChannelGroups& groups);
};

/// A network without the channels that were not kept.
struct ShrunkNetwork {
  Network network;  ///< the same nodes in the same order
  /// Of every node's result the channels that stayed, by their old numbers, ascending.
  std::vector<std::vector<std::int64_t>> kept;
};

/// Removes channels. `groups` are those of `network`.
/// Errors  a group that is missing, keeps nothing, or names units that it has not, or not in order.
[[nodiscard]] Expected<ShrunkNetwork> shrink(const Network& network, const ChannelGroups& groups,
                                             const KeptUnits& units);

}  // namespace hwflow
