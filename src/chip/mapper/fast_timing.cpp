#include "chip/mapper/fast_timing.hpp"

#include <algorithm>

namespace hwflow::chip {
namespace {

void add_to(PortBits& sum, const PortBits& bits) {
  sum.read += bits.read;
  sum.write += bits.write;
}

}  // namespace

BoundaryPorts ports_of(const BoundaryPlan& boundary, const BoundaryTraffic& traffic) {
  const Widths& above = boundary.above;
  const Widths& below = boundary.below;
  BoundaryPorts ports;
  ports.parent = {traffic.reads * above.unfinished,
                  above.bits(traffic.updates, traffic.final_updates)};
  if (boundary.to_units) return ports;
  ports.child = {
      below.bits(traffic.drains, traffic.final_drains) + traffic.forwarded * below.unfinished,
      traffic.fills * below.unfinished};
  const std::int64_t out = traffic.final_drains > 0 ? below.finished : below.unfinished;
  const std::int64_t in = traffic.final_updates > 0 ? above.finished : above.unfinished;
  ports.first_parent.read = traffic.first_reads * above.unfinished;
  ports.first_child.write = traffic.first_fills * below.unfinished;
  ports.last_parent.write = traffic.last_updates * in;
  ports.last_child.read = traffic.last_drains * out;
  return ports;
}

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
    add_to(own, ports[b].*at_child);
    add_to(parents[boundaries_[b].parent], ports[b].*at_parent);
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
      add_to(overlapped[boundaries_[b].parent], ports[b].parent);
      if (!to_units) add_to(overlapped[child], ports[b].child);
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
