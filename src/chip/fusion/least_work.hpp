#pragma once

#include <cstdint>
#include <optional>

#include "chip/arch/accelerator.hpp"
#include "chip/cost/timing.hpp"
#include "chip/fusion/block_layer.hpp"
#include "chip/mapper/mapper.hpp"

namespace hwflow::chip {

/// What no mapping of a layer goes below on a machine whose outermost level is the buffer. Where
/// layers share the array in space one computes while another one moves words, so both times are
/// kept apart.
struct LeastWork {
  double energy_pj = 0.0;  ///< without leakage
  std::int64_t compute_cycles = 0;
  PortBits buffer;  ///< on the side of the array
};

/// MACs, every used word once at the buffer, and what each iteration costs at the levels next to
/// the units: operands read there, partial sums written and read. All units busy all the time.
/// Returns  none: the engine does not know the widths.
[[nodiscard]] std::optional<LeastWork> least_work(Layer layer, const Accelerator& accelerator);

/// Energy that every iteration of a layer costs at the levels next to the units, in pJ: a role that
/// the unit does not hold is read (written) there each time, padding aside, where one unit has one
/// such level. None of it is in the coarse model, which counts the outermost level and the MACs.
[[nodiscard]] double innermost_energy_pj(const Layer& layer, const Accelerator& accelerator);

/// Compute units that a mapping with perfect factors keeps busy at most: on every axis of every
/// mesh the largest product of divisors of the dimensions that may unroll there.
/// Checked by  enumeration of all mappings of small layers.
[[nodiscard]] std::int64_t most_busy_units(const Operator& op, const Accelerator& accelerator);

/// Cycles that no mapping of a block goes below, idle rows and columns (with_idle()) or not.
/// `output_bits`: as in block_layer().
/// Returns  0: the engine does not know the widths.
[[nodiscard]] std::int64_t least_block_cycles(const FusionLayer& layer, const Block& block,
                                              int output_bits, const Accelerator& accelerator,
                                              MapperOptions::Factors factors);

}  // namespace hwflow::chip
