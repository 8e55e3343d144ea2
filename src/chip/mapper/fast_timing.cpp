#include "chip/mapper/fast_timing.hpp"

#include <algorithm>

namespace hwflow::chip {
FastTiming::FastTiming(const Accelerator& accelerator, const CountPlan& plan)
    : levels_(accelerator.levels()),
      into_(accelerator.levels().size() + 1),
      hides_(accelerator.fields().counting.hide_transfers) {
  for (const MemoryLevel& level : levels_)
    limited_ = limited_ || level.read_bandwidth_bits_per_cycle.has_value() ||
               level.write_bandwidth_bits_per_cycle.has_value();
  for (const BoundaryPlan& boundary : plan.boundaries) {
    into_[boundary.place.child].push_back(boundaries_.size());
    boundaries_.push_back(boundary.place);
  }
}

std::int64_t FastTiming::transfer_cycles(LevelIndex child, const std::vector<BoundaryPorts>& ports,
                                         Bits at_child, Bits at_parent, const Used& used) const {
  PortBits own;
  std::array<PortBits, kMaxMapperLevels> parents{};
  for (const std::size_t b : into_[child]) {
    own += ports[b].*at_child;
    parents[boundaries_[b].parent] += ports[b].*at_parent;
  }
  std::int64_t cycles = port_cycles(levels_[child], own, used[child]);
  for (LevelIndex l = 0; l < child; ++l)
    cycles = std::max(cycles, port_cycles(levels_[l], parents[l], used[l]));
  return cycles;
}

std::int64_t FastTiming::cycles(std::int64_t compute_cycles,
                                const std::vector<BoundaryPorts>& ports, const Used& used) const {
  if (!limited_) return compute_cycles;
  std::array<PortBits, kMaxMapperLevels> overlapped{};
  std::int64_t added = 0;
  for (LevelIndex child = 0; child < into_.size(); ++child) {
    const bool to_units = child == levels_.size();
    const bool stalls = !hides_ && !to_units && !levels_[child].double_buffered;
    if (stalls)
      added += transfer_cycles(child, ports, &BoundaryPorts::child, &BoundaryPorts::parent, used);
    if (stalls) continue;
    for (const std::size_t b : into_[child]) {
      overlapped[boundaries_[b].parent] += ports[b].parent;
      if (!to_units) overlapped[child] += ports[b].child;
    }
    if (hides_ || to_units) continue;
    added += transfer_cycles(child, ports, &BoundaryPorts::first_child,
                             &BoundaryPorts::first_parent, used);
    added += transfer_cycles(child, ports, &BoundaryPorts::last_child, &BoundaryPorts::last_parent,
                             used);
  }
  std::int64_t cycles = compute_cycles;
  for (LevelIndex l = 0; l < levels_.size(); ++l)
    cycles = std::max(cycles, port_cycles(levels_[l], overlapped[l], used[l]));
  return cycles + added;
}

}  // namespace hwflow::chip
