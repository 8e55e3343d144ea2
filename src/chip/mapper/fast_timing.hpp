#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chip/cost/timing.hpp"
#include "chip/mapper/count_plan.hpp"

namespace hwflow::chip {

/// Cycles as Timing counts them, of boundaries that are known one by one.
class FastTiming {
 public:
  FastTiming(const Accelerator& accelerator, const CountPlan& plan);

  /// Has any level a limit of bandwidth? Without, cycles are those of computing.
  [[nodiscard]] bool is_limited() const { return limited_; }
  /// `used`: instances of each level that work.
  using Used = std::array<std::int64_t, kMaxMapperLevels + 1>;
  [[nodiscard]] std::int64_t cycles(std::int64_t compute_cycles,
                                    const std::vector<BoundaryPorts>& ports,
                                    const Used& used) const;

 private:
  using Bits = PortBits BoundaryPorts::*;
  [[nodiscard]] std::int64_t transfer_cycles(LevelIndex child,
                                             const std::vector<BoundaryPorts>& ports, Bits at_child,
                                             Bits at_parent, const Used& used) const;

  std::vector<MemoryLevel> levels_;
  std::vector<Boundary> boundaries_;
  std::vector<std::vector<std::size_t>> into_;  ///< boundaries by child level
  bool limited_ = false, hides_ = false;
};

}  // namespace hwflow::chip
