#pragma once

#include <cstdint>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/cost/timing.hpp"
#include "chip/cost/widths.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// What the coarse and the mid model share: the part of the cost that no mapping avoids.
struct Compulsory {
  ComputeRate work;
  std::int64_t compute_cycles = 0;          ///< all units busy all the time
  std::vector<std::int64_t> operand_words;  ///< really used, by operand
  PortBits dram;                            ///< every used word once
};
/// Errors  widths that the engine cannot compute.
[[nodiscard]] Expected<Compulsory> compulsory_cost(const Layer& layer,
                                                   const Accelerator& accelerator);

/// Bits of one word of an operand at the outside memory, the narrower of both widths of outputs.
[[nodiscard]] std::int64_t least_width(const Layer& layer, const Accelerator& accelerator,
                                       Role role);

/// Energy of MACs and of `dram`.
[[nodiscard]] double outer_energy_pj(const Layer& layer, const Accelerator& accelerator,
                                     const ComputeRate& work, const PortBits& dram);

}  // namespace hwflow::chip
