#include "tests/chip/fusion/small_machine.hpp"

#include <fmt/format.h>

#include "base/check.hpp"

namespace hwflow::chip::testing {

Accelerator machine_with(std::int64_t buffer_bits, std::optional<std::int64_t> weight_bits,
                         bool bypassed) {
  const std::string own =
      weight_bits
          ? fmt::format("  - {{name: WB, keeps: [weights], capacity_bits: {}, energy: glb}}\n",
                        *weight_bits)
          : "";
  auto accelerator =
      parse_accelerator(fmt::format(R"(schema: 1
name: small
description: four units
source: made up
energy_table: eyeriss-isca16
clock_mhz: 200
partial_sum_bits: 16
float_bits: 16
levels:
  - {{name: DRAM, keeps: [weights, inputs, outputs], energy: dram,
      read_bandwidth_bits_per_cycle: 16, shared_port: true}}
{}  - name: GLB
    keeps: [{}inputs, outputs]
    capacity_bits: {}
    energy: glb
    fanout: {{x: 2, y: 2}}
  - {{name: RF, keeps: [weights, inputs, outputs], capacity_bits: 4096, energy: rf}}
engine: {{kind: bit_parallel, width_bits: 16, energy: mac}}
)",
                                    own, weight_bits || bypassed ? "" : "weights, ", buffer_bits),
                        "test");
  HWFLOW_CHECK(accelerator.has_value(), to_text(accelerator.error()));
  return *accelerator;
}

FusionOptions options_for(Objective objective, std::int64_t evaluations) {
  FusionOptions options;
  options.objective = objective;
  options.mapper.objective = objective;
  options.share_in_space = objective != Objective::dram;
  options.mapper.strategy = "products";
  options.mapper.max_evaluations = evaluations;
  return options;
}

}  // namespace hwflow::chip::testing
