#include "chip/cost/transfer_timing.hpp"

#include <cmath>
#include <utility>

namespace hwflow::chip {

TransferTiming::TransferTiming(const Accelerator& accelerator, std::vector<std::int64_t> used)
    : accelerator_(accelerator), used_(std::move(used)), busy_(accelerator.levels().size()) {}

std::int64_t TransferTiming::cycles_of(LevelIndex level, std::int64_t words, std::int64_t bits,
                                       bool writes) const {
  const MemoryLevel& memory = accelerator_.levels()[level];
  const auto& bandwidth = writes && !memory.shared_port ? memory.write_bandwidth_bits_per_cycle
                                                        : memory.read_bandwidth_bits_per_cycle;
  if (!bandwidth || words == 0) return 0;
  const auto of_one = static_cast<double>(words * bits) / static_cast<double>(used_[level]);
  return static_cast<std::int64_t>(std::ceil(of_one / *bandwidth));
}

/// Adds all transfers but one to a port; returns the cycles of that one.
std::int64_t TransferTiming::occupy(LevelIndex level, const Transfers& transfers, std::int64_t bits,
                                    bool writes) {
  if (transfers.one == 0) return 0;
  const std::int64_t cycles = cycles_of(level, transfers.one, bits, writes);
  const std::int64_t count = (transfers.all - 1) / transfers.one + 1;
  (writes ? busy_[level].write : busy_[level].read) += (count - 1) * cycles;
  return cycles;
}

void TransferTiming::add(const Boundary& boundary, const BoundaryTraffic& traffic,
                         const Widths& widths) {
  if (boundary.parent == 0) onload_ = 0;
  if (traffic.updates > 0) {
    add_outputs(boundary, traffic, widths);
  } else {
    add_fetches(boundary, traffic, widths);
  }
}

void TransferTiming::add_fetches(const Boundary& boundary, const BoundaryTraffic& traffic,
                                 const Widths& widths) {
  const auto& levels = accelerator_.levels();
  const std::int64_t above = widths.at(levels[boundary.parent]).unfinished;
  std::int64_t first = occupy(boundary.parent, {traffic.first_reads, traffic.reads}, above, false);
  if (boundary.child == levels.size()) return;  // the units work on the first words at once
  const std::int64_t below = widths.at(levels[boundary.child]).unfinished;
  first =
      std::max(first, occupy(boundary.child, {traffic.first_fills, traffic.fills}, below, true));
  onload_ += first;
  longest_onload_ = std::max(longest_onload_, onload_);
}

void TransferTiming::add_outputs(const Boundary& boundary, const BoundaryTraffic& traffic,
                                 const Widths& widths) {
  const auto& levels = accelerator_.levels();
  const Widths at_parent = widths.at(levels[boundary.parent]);
  const bool finished = traffic.final_updates > 0 && traffic.reads == 0;
  const std::int64_t above = finished ? at_parent.finished : at_parent.unfinished;
  std::int64_t last = occupy(boundary.parent, {traffic.last_updates, traffic.updates}, above, true);
  if (traffic.reads > 0)
    occupy(boundary.parent, {traffic.last_updates, traffic.reads}, above, false);
  if (boundary.child == levels.size()) return;
  const Widths at_child = widths.at(levels[boundary.child]);
  const std::int64_t below = finished ? at_child.finished : at_child.unfinished;
  last =
      std::max(last, occupy(boundary.child, {traffic.last_drains, traffic.drains}, below, false));
  if (traffic.fills > 0) occupy(boundary.child, {traffic.last_drains, traffic.fills}, below, true);
  offload_ += last;
}

std::int64_t TransferTiming::cycles(std::int64_t compute_cycles) const {
  std::int64_t cycles = compute_cycles;
  for (LevelIndex l = 0; l < busy_.size(); ++l) {
    const bool shared = accelerator_.levels()[l].shared_port;
    cycles = std::max(
        cycles, shared ? busy_[l].read + busy_[l].write : std::max(busy_[l].read, busy_[l].write));
  }
  return cycles + longest_onload_ + offload_;
}

}  // namespace hwflow::chip
