#pragma once

#include <optional>
#include <vector>

#include "chip/fusion/group_evaluation.hpp"
#include "tests/support/fused_simulator.hpp"

namespace hwflow::testing {

/// What a fused group moves and costs, summed over every step.
struct WalkedAccesses {
  std::vector<chip::LevelTraffic> levels;  ///< buffer first
  std::vector<double> level_energy_pj;     ///< wires included; without transfers from and to DRAM
  double mac_energy_pj = 0.0;
  std::int64_t compute_cycles = 0;
  int padded_blocks = 0, border_free_blocks = 0;  ///< how many kinds of each were walked
};

/// Walks every block that simulate_fused() saw computed: the rows and columns of the step, and of
/// their windows the taps that lie on the map, become a layer of its own, whose mapping
/// nest_simulator walks element by element. Mappings come from the mapper with `options`, found for
/// the block as if all its windows were whole. None: a block of more than `most_iterations`, or one
/// that has no mapping.
[[nodiscard]] std::optional<WalkedAccesses> walk_accesses(
    const chip::FusionGraph& graph, const chip::Group& group, const chip::GroupSchedule& schedule,
    const FusedSimulation& walked, const chip::FusionMachine& machine,
    const chip::MapperOptions& options, std::int64_t most_iterations);

}  // namespace hwflow::testing
