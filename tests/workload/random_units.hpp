#pragma once

#include "base/random.hpp"
#include "workload/shrink.hpp"

namespace hwflow {

/// About that share of every group's units, the first one where none was drawn.
inline KeptUnits random_units(const ChannelGroups& groups, double share, Rng& rng) {
  KeptUnits units;
  for (const ChannelGroup& group : groups.groups()) {
    std::vector<std::int32_t>& kept = units.groups.emplace_back();
    for (std::size_t u = 0; u < group.units.size(); ++u)
      if (rng.uniform() < share) kept.push_back(static_cast<std::int32_t>(u));
    if (kept.empty()) kept.push_back(0);
  }
  return units;
}

}  // namespace hwflow
