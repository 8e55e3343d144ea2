#pragma once

#include <cstdint>
#include <vector>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/boundary.hpp"
#include "chip/cost/nest.hpp"
#include "chip/cost/widths.hpp"

namespace hwflow::chip {

/// Bits through the ports of one level, all instances together.
struct PortBits {
  std::int64_t read = 0, write = 0;
  PortBits& operator+=(const PortBits& more) {
    read += more.read;
    write += more.write;
    return *this;
  }
};
[[nodiscard]] constexpr PortBits operator*(std::int64_t times, const PortBits& bits) {
  return {times * bits.read, times * bits.write};
}

/// Bits that one boundary moves through the ports at its ends, all instances together.
struct BoundaryPorts {
  PortBits parent, child;              ///< compute units have no ports: child is 0
  PortBits first_parent, first_child;  ///< first tiles
  PortBits last_parent, last_child;    ///< last tiles of outputs
};
/// `above`, `below`: widths at the parent and at the child; none below: the compute units.
[[nodiscard]] BoundaryPorts ports_of(const BoundaryTraffic& traffic, const Widths& above,
                                     const Widths* below);

/// Cycles that `instances` instances of a level need for their ports to carry `bits` together.
[[nodiscard]] std::int64_t port_cycles(const MemoryLevel& level, const PortBits& bits,
                                       std::int64_t instances);

/// Collects what every boundary moves and tells how long the layer takes (docs/model.md, "Cycles").
///
/// Transfers into and out of a double-buffered level, and those to and from the compute units,
/// overlap with computing: the slowest of them or the computing decides. Those of a level with one
/// buffer stop everything above and below: their cycles add up. The first fill and the last drain
/// of a double-buffered level overlap with nothing.
class Timing {
 public:
  Timing(const Accelerator& accelerator, const Nest& nest);

  void add(const Boundary& boundary, const BoundaryTraffic& traffic, const Widths& widths);

  [[nodiscard]] std::int64_t cycles(std::int64_t compute_cycles) const;
  /// Cycles that the ports of one instance of `level` are busy, work spread evenly.
  [[nodiscard]] std::int64_t bandwidth_cycles(LevelIndex level) const;

 private:
  /// What moves between a child level and the levels that serve it, seen at both ends.
  struct Transfer {
    PortBits child;
    std::vector<PortBits> parents;
  };
  [[nodiscard]] std::int64_t cycles_of(LevelIndex level, const PortBits& bits) const;
  [[nodiscard]] std::int64_t transfer_cycles(LevelIndex child, const Transfer& transfer) const;

  const Accelerator& accelerator_;
  std::vector<std::int64_t> used_;
  std::vector<PortBits> total_, overlapped_;
  std::vector<Transfer> stalling_;      ///< by child level with one buffer
  std::vector<Transfer> first_, last_;  ///< by double-buffered child level
};

}  // namespace hwflow::chip
