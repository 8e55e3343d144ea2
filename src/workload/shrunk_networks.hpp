#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "workload/channel_groups.hpp"
#include "workload/network.hpp"

namespace hwflow {

/// A network with the channels that plans leave of it: its shapes, for all that asks for no more.
///
/// Thread-safe. Those asked for lately are kept; what is tied to what is worked out when it is
/// first asked for, since most plans remove nothing.
class ShrunkNetworks {
 public:
  explicit ShrunkNetworks(Network network);
  ~ShrunkNetworks();
  ShrunkNetworks(const ShrunkNetworks&) = delete;
  ShrunkNetworks& operator=(const ShrunkNetworks&) = delete;

  [[nodiscard]] const Network& whole() const noexcept { return *whole_; }
  [[nodiscard]] const ChannelGroups& groups() const;
  /// The same nodes in the same order, with fewer channels where the plan says so. The plan fits
  /// (check_channels()).
  [[nodiscard]] std::shared_ptr<const Network> of(const CompressionPlan& plan) const;

 private:
  std::shared_ptr<const Network> whole_;
  mutable std::once_flag grouped_;
  mutable std::optional<ChannelGroups> groups_;
  mutable std::mutex mutex_;
  mutable std::map<std::vector<std::int32_t>, std::shared_ptr<const Network>> known_;
};

}  // namespace hwflow
