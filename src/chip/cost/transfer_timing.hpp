#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/boundary.hpp"
#include "chip/cost/widths.hpp"

namespace hwflow::chip {

/// Cycles of a mapping when every transfer of a tile takes whole cycles of the ports at both ends
/// (`whole_transfers`): the first tile of every operand comes before computing, the last outputs
/// leave after it, and all others run beside it, each port taking one after the other.
///
///     cycles = max(compute, busiest port: sum of (transfers - 1) * cycles of one)
///            + max over operands of the sum over boundaries of the first transfer
///            + sum over boundaries of the last transfer of outputs
class TransferTiming {
 public:
  /// `used`: instances of every level that work.
  TransferTiming(const Accelerator& accelerator, std::vector<std::int64_t> used);

  /// One boundary of an operand; boundaries come operand by operand from the outermost inward.
  void add(const Boundary& boundary, const BoundaryTraffic& traffic, const Widths& widths);
  [[nodiscard]] std::int64_t cycles(std::int64_t compute_cycles) const;

 private:
  struct Ports {
    std::int64_t read = 0, write = 0;
  };
  /// Words of one transfer and of all of them, all instances together.
  struct Transfers {
    std::int64_t one = 0, all = 0;
  };
  [[nodiscard]] std::int64_t cycles_of(LevelIndex level, std::int64_t words, std::int64_t bits,
                                       bool writes) const;
  std::int64_t occupy(LevelIndex level, const Transfers& transfers, std::int64_t bits, bool writes);
  void add_fetches(const Boundary& boundary, const BoundaryTraffic& traffic, const Widths& widths);
  void add_outputs(const Boundary& boundary, const BoundaryTraffic& traffic, const Widths& widths);

  const Accelerator& accelerator_;
  std::vector<std::int64_t> used_;
  std::vector<Ports> busy_;
  std::int64_t onload_ = 0, longest_onload_ = 0, offload_ = 0;
};

}  // namespace hwflow::chip
