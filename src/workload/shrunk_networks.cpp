#include "workload/shrunk_networks.hpp"

#include <utility>

#include "base/check.hpp"
#include "workload/shrink.hpp"

namespace hwflow {
namespace {

/// Networks kept at a time: a population's.
constexpr std::size_t kMostKnown = 256;

}  // namespace

ShrunkNetworks::ShrunkNetworks(Network network)
    : whole_(std::make_shared<const Network>(std::move(network))) {}

ShrunkNetworks::~ShrunkNetworks() = default;

const ChannelGroups& ShrunkNetworks::groups() const {
  std::call_once(grouped_, [this] { groups_.emplace(*whole_); });
  return *groups_;
}

std::shared_ptr<const Network> ShrunkNetworks::of(const CompressionPlan& plan) const {
  if (plan.channels.empty()) return whole_;
  {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(plan.channels);
    if (found != known_.end()) return found->second;
  }
  HWFLOW_CHECK(check_channels(groups(), plan).empty(), "channels of another network");
  Expected<ShrunkNetwork> shrunk = shrink(*whole_, groups(), KeptUnits::first(plan.channels));
  auto made = std::make_shared<const Network>(std::move(shrunk->network));
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  return known_.emplace(plan.channels, std::move(made)).first->second;
}

}  // namespace hwflow
