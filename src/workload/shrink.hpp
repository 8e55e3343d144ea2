#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
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
  /// The first `counts` units of each group: for shapes, which do not ask for more.
  [[nodiscard]] static KeptUnits first(std::span<const std::int32_t> counts);
};

/// "0,2,5 1,3": the units of one group after another. from_text is its inverse; no text, no groups.
[[nodiscard]] std::string to_text(const KeptUnits& units);
/// Errors  words that are not numbers, by place.
[[nodiscard]] Expected<KeptUnits> kept_units_from_text(std::string_view text);

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

/// Counts of a plan's channels that do not fit: their number, and those outside 1 to the group's
/// units. Empty: the plan removes none, or fits.
[[nodiscard]] Diagnostics check_channels(const ChannelGroups& groups, const CompressionPlan& plan);

}  // namespace hwflow
