#pragma once

#include <cstdint>

#include "base/expected.hpp"
#include "chip/fusion/fusion_graph.hpp"
#include "chip/fusion/fusion_machine.hpp"

namespace hwflow::chip {

/// What no partition of a network into fused groups goes below; each quantity by itself.
struct NetworkBound {
  double energy_pj = 0.0;
  std::int64_t cycles = 0;
  std::int64_t dram_bits = 0;
  bool operator==(const NetworkBound&) const = default;
};

enum class BoundDetail : std::uint8_t {
  transfers,  ///< network inputs, outputs and weights once across the DRAM port; MACs
  innermost   ///< and what every iteration costs at the levels next to the units
};

/// Layers whose outputs are not all needed, and transposed convolutions (what is cut off their
/// blocks differs from the layer), count with their weights only.
/// Errors      widths that the engine cannot compute.
/// Checked by  fuse_network() on random widths, in tests/study/fused_bounds_model_test.cpp.
[[nodiscard]] Expected<NetworkBound> network_bound(const FusionGraph& graph,
                                                   const FusionMachine& machine,
                                                   BoundDetail detail);

}  // namespace hwflow::chip
