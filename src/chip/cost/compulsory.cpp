#include "chip/cost/compulsory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "chip/cost/boundary.hpp"
#include "chip/cost/countable.hpp"

namespace hwflow::chip {

std::int64_t least_width(const Layer& layer, const Accelerator& accelerator, Role role) {
  const Widths widths = Widths(layer, role).at(accelerator.levels()[0]);
  return std::min(widths.finished, widths.unfinished);
}

double outer_energy_pj(const Layer& layer, const Accelerator& accelerator, const ComputeRate& work,
                       const PortBits& dram) {
  const MemoryLevel& level = accelerator.levels()[0];
  return static_cast<double>(layer.op.macs()) * work.mac_energy_pj +
         static_cast<double>(dram.read) * level.read_energy_pj_per_bit +
         static_cast<double>(dram.write) * level.write_energy_pj_per_bit;
}

Expected<Compulsory> compulsory_cost(const Layer& layer, const Accelerator& accelerator) {
  const auto work = compute_rate(layer, accelerator.engine());
  if (!work) {
    return Unexpected{Diagnostics{
        {layer.name,
         fmt::format("the engine of '{}' cannot multiply weights of {} bits by inputs of {} bits",
                     accelerator.name(), layer.bits.weights, layer.bits.inputs),
         ""}}};
  }
  if (auto refusal = refuse_uncountable(layer, accelerator))
    return Unexpected{Diagnostics{std::move(*refusal)}};
  Compulsory result;
  result.work = *work;
  const std::int64_t units = accelerator.compute_units();
  const std::int64_t steps = (layer.op.iterations() + units - 1) / units;
  result.compute_cycles = (steps * work->rate.cycles + work->rate.macs - 1) / work->rate.macs;
  for (const Operand& operand : layer.op.operands()) {
    const std::int64_t words = touched_words(layer.op, operand);
    result.operand_words.push_back(words);
    const std::int64_t bits = words * least_width(layer, accelerator, operand.role);
    (operand.role == Role::outputs ? result.dram.write : result.dram.read) += bits;
  }
  return result;
}

}  // namespace hwflow::chip
