#include "chip/cost/timing.hpp"

#include <algorithm>
#include <cmath>

namespace hwflow::chip {
namespace {

std::int64_t cycles_for(std::int64_t bits, const std::optional<double>& bandwidth,
                        std::int64_t instances) {
  if (!bandwidth || bits == 0) return 0;
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(bits) / (*bandwidth * static_cast<double>(instances))));
}

}  // namespace

std::int64_t port_cycles(const MemoryLevel& level, const PortBits& bits, std::int64_t instances) {
  const auto& read = level.read_bandwidth_bits_per_cycle;
  if (level.shared_port) return cycles_for(bits.read + bits.write, read, instances);
  return std::max(cycles_for(bits.read, read, instances),
                  cycles_for(bits.write, level.write_bandwidth_bits_per_cycle, instances));
}

Timing::Timing(const Accelerator& accelerator, const Nest& nest) : accelerator_(accelerator) {
  const std::size_t levels = accelerator.levels().size();
  for (LevelIndex l = 0; l < levels; ++l) used_.push_back(used_instances(nest, l));
  total_.resize(levels);
  overlapped_.resize(levels);
  const Transfer none{{}, std::vector<PortBits>(levels)};
  stalling_.assign(levels, none);
  first_.assign(levels, none);
  last_.assign(levels, none);
}

BoundaryPorts ports_of(const BoundaryTraffic& traffic, const Widths& above, const Widths* below) {
  BoundaryPorts ports;
  ports.parent = {traffic.reads * above.unfinished,
                  above.bits(traffic.updates, traffic.final_updates)};
  if (below == nullptr) return ports;
  ports.child = {
      below->bits(traffic.drains, traffic.final_drains) + traffic.forwarded * below->unfinished,
      traffic.fills * below->unfinished};
  const std::int64_t out = traffic.final_drains > 0 ? below->finished : below->unfinished;
  const std::int64_t in = traffic.final_updates > 0 ? above.finished : above.unfinished;
  ports.first_parent.read = traffic.first_reads * above.unfinished;
  ports.first_child.write = traffic.first_fills * below->unfinished;
  ports.last_parent.write = traffic.last_updates * in;
  ports.last_child.read = traffic.last_drains * out;
  return ports;
}

void Timing::add(const Boundary& boundary, const BoundaryTraffic& traffic, const Widths& widths) {
  const auto& levels = accelerator_.levels();
  const Widths above = widths.at(levels[boundary.parent]);
  if (boundary.child == levels.size()) {
    const PortBits parent = ports_of(traffic, above, nullptr).parent;
    total_[boundary.parent] += parent;
    overlapped_[boundary.parent] += parent;
    return;
  }
  const Widths below = widths.at(levels[boundary.child]);
  const BoundaryPorts ports = ports_of(traffic, above, &below);
  total_[boundary.parent] += ports.parent;
  total_[boundary.child] += ports.child;
  const bool hides = accelerator_.fields().counting.hide_transfers;
  if (!hides && !levels[boundary.child].double_buffered) {
    stalling_[boundary.child].child += ports.child;
    stalling_[boundary.child].parents[boundary.parent] += ports.parent;
    return;
  }
  overlapped_[boundary.parent] += ports.parent;
  overlapped_[boundary.child] += ports.child;
  if (hides) return;
  first_[boundary.child].child += ports.first_child;
  first_[boundary.child].parents[boundary.parent] += ports.first_parent;
  last_[boundary.child].child += ports.last_child;
  last_[boundary.child].parents[boundary.parent] += ports.last_parent;
}

std::int64_t Timing::cycles_of(LevelIndex level, const PortBits& bits) const {
  return port_cycles(accelerator_.levels()[level], bits, used_[level]);
}

std::int64_t Timing::transfer_cycles(LevelIndex child, const Transfer& transfer) const {
  std::int64_t cycles = cycles_of(child, transfer.child);
  for (LevelIndex l = 0; l < transfer.parents.size(); ++l)
    cycles = std::max(cycles, cycles_of(l, transfer.parents[l]));
  return cycles;
}

std::int64_t Timing::cycles(std::int64_t compute_cycles) const {
  std::int64_t overlapped = compute_cycles;
  std::int64_t added = 0;
  for (LevelIndex l = 0; l < total_.size(); ++l) {
    overlapped = std::max(overlapped, cycles_of(l, overlapped_[l]));
    added += transfer_cycles(l, stalling_[l]) + transfer_cycles(l, first_[l]) +
             transfer_cycles(l, last_[l]);
  }
  return overlapped + added;
}

std::int64_t Timing::bandwidth_cycles(LevelIndex level) const {
  return cycles_of(level, total_[level]);
}

}  // namespace hwflow::chip
