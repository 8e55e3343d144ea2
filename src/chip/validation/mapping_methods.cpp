#include <fmt/format.h>

#include <algorithm>

#include "chip/cost/semantics.hpp"
#include "chip/mapper/mapper.hpp"
#include "chip/validation/method.hpp"

namespace hwflow::chip {
namespace {

LayerBits bits_of_set(const ValidationSet& set, const Accelerator& machine) {
  return {set.bits, set.bits, set.bits, std::max(set.bits, machine.fields().partial_sum_bits)};
}

Layer layer_of(const ValidationSet& set, const ValidationLayer& layer, const Accelerator& machine) {
  return {layer.name, make_convolution(shape_of(layer, set)).value(), bits_of_set(set, machine)};
}

/// "GLB.inputs.reads" and its like for every level and operand.
void add_counts(const Layer& layer, const Accelerator& machine, const Cost& cost,
                std::map<std::string, double>& quantities) {
  for (std::size_t l = 0; l < cost.levels.size(); ++l) {
    for (std::size_t o = 0; o < cost.levels[l].operands.size(); ++o) {
      const TensorTraffic& traffic = cost.levels[l].operands[o];
      const std::string place =
          fmt::format("{}.{}.", machine.levels()[l].name, layer.op.operands()[o].name);
      quantities[place + "reads"] = static_cast<double>(traffic.reads);
      quantities[place + "fills"] = static_cast<double>(traffic.fills);
      quantities[place + "updates"] = static_cast<double>(traffic.updates);
      quantities[place + "drains"] = static_cast<double>(traffic.drains);
    }
  }
}

Accelerator counted_as(const ValidationSet& set, const Accelerator& machine) {
  return with_semantics(machine, semantics_from_name(set.semantics).value());
}

}  // namespace

Diagnostic describe(const Infeasible& infeasible, const Accelerator& machine) {
  return {"mapping",
          fmt::format("is not possible: {}", to_text(infeasible, machine)),
          {},
          ProblemKind::infeasible};
}

Expected<LayerOutcome> run_given_mapping(const ValidationSet& set, const ValidationLayer& keys,
                                         const Accelerator& machine) {
  const Layer layer = layer_of(set, keys, machine);
  const auto mapping = mapping_from_text(*keys.loops, machine);
  if (!mapping) return Unexpected{mapping.error()};
  if (Diagnostics wrong = check(*mapping, layer, machine); !wrong.empty())
    return Unexpected{std::move(wrong)};
  const Evaluation evaluation = evaluate(layer, counted_as(set, machine), *mapping);
  if (const auto* wrong = std::get_if<Infeasible>(&evaluation))
    return Unexpected{Diagnostics{describe(*wrong, machine)}};
  const Cost& cost = std::get<Cost>(evaluation);
  LayerOutcome outcome;
  outcome.quantities = {
      {"cycles", static_cast<double>(cost.cycles)},
      {"compute_cycles", static_cast<double>(cost.compute_cycles)},
      {"energy_pj", cost.energy_pj},
      {"macs", static_cast<double>(layer.op.macs())},
      {"active_units", static_cast<double>(cost.levels.back().used_instances)},
      {"dram_words", static_cast<double>(cost.dram_bits) / static_cast<double>(set.bits)}};
  add_counts(layer, machine, cost, outcome.quantities);
  return outcome;
}

Expected<LayerOutcome> run_least_traffic(const ValidationSet& set, const ValidationLayer& keys,
                                         const Accelerator& machine) {
  const Layer layer = layer_of(set, keys, machine);
  const auto least = evaluate_mid(layer, machine);
  if (!least) return Unexpected{least.error()};
  const auto images = static_cast<double>(shape_of(keys, set).n);
  const double dropped = static_cast<double>(layer.op.output().elements() * set.bits) *
                         (1.0 - keys.stored_output_share.value_or(1.0));
  const double bits = (static_cast<double>(least->dram_bits) - dropped) / images;
  const auto& link = machine.levels()[0].read_bandwidth_bits_per_cycle;
  const double dram_cycles = link ? bits / *link : 0.0;
  const double mac_cycles =
      static_cast<double>(layer.op.macs()) / static_cast<double>(machine.compute_units()) / images;
  return LayerOutcome{{{"dram_kib", bits / 8 / 1024},
                       {"dram_cycles", dram_cycles},
                       {"mac_cycles", mac_cycles},
                       {"max_cycles", std::max(dram_cycles, mac_cycles)}},
                      {}};
}

Expected<LayerOutcome> run_best_mapping(const ValidationSet& set, const ValidationLayer& keys,
                                        const Accelerator& machine) {
  MapperOptions options = quick_mapper_options(Objective::energy);
  if (set.max_evaluations) options.max_evaluations = set.max_evaluations;
  const Layer layer = layer_of(set, keys, machine);
  const auto best = map_layer(layer, machine, options);
  if (!best) return Unexpected{best.error()};
  return LayerOutcome{{{"mac_energy", best->cost.mac_energy_pj},
                       {"dram_energy", best->cost.levels.front().energy_pj},
                       {"innermost_energy", best->cost.levels.back().energy_pj},
                       {"energy_pj", best->cost.energy_pj},
                       {"cycles", static_cast<double>(best->cost.cycles)}},
                      to_text(best->mapping, machine)};
}

}  // namespace hwflow::chip
