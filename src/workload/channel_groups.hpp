#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workload/network.hpp"

namespace hwflow {

/// A channel of a node's result.
struct ChannelOf {
  NodeId node;
  std::int64_t channel = 0;
  bool operator==(const ChannelOf&) const = default;
};

/// Channels that can only be removed together, those of nodes with weights, in order.
struct ChannelUnit {
  std::vector<ChannelOf> made;
  bool operator==(const ChannelUnit&) const = default;
};

/// Units made by the same nodes: what a pruning rule gives one count to.
struct ChannelGroup {
  std::vector<NodeId> producers;   ///< nodes with weights, in order
  std::vector<ChannelUnit> units;  ///< ordered by their first channels
  bool operator==(const ChannelGroup&) const = default;
};

/// Which unit a channel belongs to.
struct UnitId {
  std::int32_t group = 0, unit = 0;
  bool operator==(const UnitId&) const = default;
};

/// Which channels of a network can be removed, and which of them only together.
///
/// Every node with weights makes new channels; all others pass on, join or tie those that they
/// read: element-wise nodes tie the channels of their operands, depthwise convolutions their
/// outputs to their inputs, grouped ones the same place of every group, concatenations put lists
/// side by side, zero channels of pads and option-A shortcuts are tied to what is added to them, a
/// flattened tensor repeats each channel. What is tied to a network input or output, to a softmax,
/// a matrix product, a movement that mixes channels, or to nothing that has weights cannot be
/// removed. Source  the idea of dependency groups: Fang et al., "DepGraph", CVPR 2023; here the
/// classes are
///         of single channels, so that offsets and repetitions need no rules of their own.
class ChannelGroups {
 public:
  explicit ChannelGroups(const Network& network);

  [[nodiscard]] const std::vector<ChannelGroup>& groups() const noexcept { return groups_; }
  /// The name of a group's first producer; other groups of the same producers in part have others,
  /// since a group with the same first producer adds its number: "layer1.0.conv2 (2)".
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  /// Of every channel of a node's result; none: it cannot be removed.
  [[nodiscard]] const std::vector<std::optional<UnitId>>& channels(NodeId node) const {
    return channels_.at(static_cast<std::size_t>(node.value));
  }

 private:
  std::vector<ChannelGroup> groups_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::optional<UnitId>>> channels_;
};

}  // namespace hwflow
