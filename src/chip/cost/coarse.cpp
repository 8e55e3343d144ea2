#include <algorithm>

#include "chip/cost/compulsory.hpp"
#include "chip/cost/cost.hpp"

namespace hwflow::chip {

Expected<CoarseCost> evaluate_coarse(const Layer& layer, const Accelerator& accelerator) {
  const auto least = compulsory_cost(layer, accelerator);
  if (!least) return Unexpected{least.error()};
  CoarseCost cost;
  cost.macs = layer.op.macs();
  cost.bit_operations = cost.macs * layer.bits.weights * layer.bits.inputs;
  for (const Operand& operand : layer.op.operands()) {
    const std::int64_t bits = operand.elements() * bits_of(layer.bits, operand.role);
    if (operand.role == Role::weights) cost.weight_bits += bits;
    if (operand.role == Role::inputs) cost.input_bits += bits;
    if (operand.role == Role::outputs) cost.output_bits += bits;
  }
  cost.dram_bits = least->dram.read + least->dram.write;
  cost.arithmetic_intensity = static_cast<double>(cost.macs) / static_cast<double>(cost.dram_bits);
  cost.cycles =
      std::max(least->compute_cycles, port_cycles(accelerator.levels()[0], least->dram, 1));
  cost.energy_pj = outer_energy_pj(layer, accelerator, least->work, least->dram);
  return cost;
}

}  // namespace hwflow::chip
