#pragma once

#include <string>

#include "base/random.hpp"
#include "chip/arch/accelerator.hpp"
#include "workload/layer.hpp"

namespace hwflow::testing {

/// A layer and a machine whose whole map space can be enumerated.
struct SmallProblem {
  Layer layer;
  chip::Accelerator accelerator;
};

/// Plain, strided, padded, dilated, grouped, depthwise, pooling, matrix and element-wise layers on
/// 2 and 3 levels, some with meshes, siblings, bypass, stalls, registers. Capacities bite.
[[nodiscard]] SmallProblem make_small_problem(Rng& rng);

[[nodiscard]] std::string describe(const SmallProblem& problem);

/// DRAM 200, buffer 6, register file 1 (per 16-bit word): a 3x2 array that a test can reckon with.
[[nodiscard]] chip::Accelerator make_tiny_accelerator(std::int64_t buffer_bits,
                                                      std::int64_t register_file_bits);
[[nodiscard]] Layer make_conv_layer(std::int64_t k, std::int64_t c, std::int64_t size,
                                    std::int64_t kernel);

}  // namespace hwflow::testing
