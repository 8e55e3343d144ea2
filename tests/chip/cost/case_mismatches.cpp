#include "tests/chip/cost/case_mismatches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chip/cost/boundary.hpp"
#include "chip/cost/cost.hpp"
#include "chip/cost/nest.hpp"
#include "tests/chip/cost/derived_cost.hpp"
#include "tests/support/nest_simulator.hpp"

namespace hwflow::testing {
namespace {

using chip::Accelerator;
using chip::Boundary;
using chip::BoundaryTraffic;
using chip::Cost;
using chip::LevelCost;
using chip::LevelIndex;
using chip::Nest;
using chip::OperandNest;
using chip::TensorTraffic;

std::string differ(const char* what, std::int64_t counted, std::int64_t simulated) {
  if (counted == simulated) return {};
  return fmt::format("  {}: counted {}, simulated {}\n", what, counted, simulated);
}

std::string compare(const SimulatedBoundary& seen, const Layer& layer,
                    const Accelerator& accelerator, const Nest& nest) {
  const Operand& operand = layer.op.operands()[seen.operand];
  const OperandNest place{layer.op, operand, nest, accelerator};
  const bool to_units = seen.child == accelerator.levels().size();
  const bool unheld = accelerator.fields().counting.move_every_turn ||
                      (to_units && !accelerator.engine().operand_registers.contains(operand.role));
  const Boundary boundary{seen.parent, seen.child, unheld};
  const BoundaryTraffic counted = boundary_traffic(place, boundary);
  std::string text;
  text += differ("reads", counted.reads, seen.reads);
  if (!to_units || operand.role == Role::outputs)
    text += differ("fills", counted.fills, seen.fills);
  text += differ("updates", counted.updates, seen.updates);
  text += differ("drains", counted.drains, seen.drains);
  text += differ("final updates", counted.final_updates, seen.final_updates);
  text += differ("final drains", counted.final_drains, seen.final_drains);
  text += differ("forwarded", counted.forwarded, seen.forwarded);
  if (!to_units) {  // what enters the units themselves belongs to no level
    text += differ("first reads", counted.first_reads, seen.first_reads);
    text += differ("first fills", counted.first_fills, seen.first_fills);
    text += differ("last updates", counted.last_updates, seen.last_updates);
    text += differ("last drains", counted.last_drains, seen.last_drains);
  }
  text += differ("tile words", tile_words(place, seen.child), seen.child_tile_words);
  text += differ("instances", used_instances(nest, seen.child), seen.child_instances);
  for (LevelIndex f = seen.parent; f < seen.child; ++f)
    text += differ("link words", link_words(place, boundary, f).words,
                   seen.link_words[f - seen.parent]) +
            differ("final link words", link_words(place, boundary, f).final_words,
                   seen.link_final_words[f - seen.parent]);
  if (text.empty()) return text;
  return fmt::format("{} from level {} to {}:\n{}", operand.name, seen.parent, seen.child, text);
}

std::string differ(const char* what, double counted, double derived) {
  if (std::abs(counted - derived) <= 1e-9 * std::max(std::abs(counted), std::abs(derived)))
    return {};
  return fmt::format("  {}: evaluated {}, derived {}\n", what, counted, derived);
}

std::string compare(const TensorTraffic& a, const TensorTraffic& b) {
  return differ("reads", a.reads, b.reads) + differ("fills", a.fills, b.fills) +
         differ("updates", a.updates, b.updates) + differ("drains", a.drains, b.drains) +
         differ("read bits", a.read_bits, b.read_bits) +
         differ("fill bits", a.fill_bits, b.fill_bits) +
         differ("update bits", a.update_bits, b.update_bits) +
         differ("drain bits", a.drain_bits, b.drain_bits) +
         differ("tile words", a.tile_words, b.tile_words);
}

std::string compare(const Cost& a, const Cost& b) {
  std::string text = differ("cycles", a.cycles, b.cycles) +
                     differ("compute cycles", a.compute_cycles, b.compute_cycles) +
                     differ("dram bits", a.dram_bits, b.dram_bits) +
                     differ("energy", a.energy_pj, b.energy_pj) +
                     differ("mac energy", a.mac_energy_pj, b.mac_energy_pj) +
                     differ("utilization", a.utilization, b.utilization);
  for (LevelIndex l = 0; l < a.levels.size(); ++l) {
    const LevelCost &x = a.levels[l], &y = b.levels[l];
    std::string level = differ("energy", x.energy_pj, y.energy_pj) +
                        differ("noc energy", x.noc_energy_pj, y.noc_energy_pj) +
                        differ("leakage", x.leakage_pj, y.leakage_pj) +
                        differ("bandwidth cycles", x.bandwidth_cycles, y.bandwidth_cycles);
    if (y.used_instances > 0)  // some operand is kept here
      level += differ("used instances", x.used_instances, y.used_instances);
    for (std::size_t o = 0; o < x.operands.size(); ++o)
      level += compare(x.operands[o], y.operands[o]);
    if (!level.empty()) text += fmt::format("level {}:\n{}", l, level);
  }
  return text;
}

/// A stored output counts as unfinished when partial sums ever reach it. Where outputs of one axis
/// overlap the model may do so too early, never too late.
std::string compare_room(const Cost& cost, const Cost& derived, const Layer& layer) {
  std::string text;
  for (LevelIndex l = 0; l < cost.levels.size(); ++l) {
    const std::int64_t bits = cost.levels[l].occupied_bits;
    const std::int64_t seen = derived.levels[l].occupied_bits;
    const bool fine = outputs_overlap(layer) ? bits >= seen : bits == seen;
    if (!fine) text += fmt::format("level {}: occupies {}, derived {}\n", l, bits, seen);
  }
  return text;
}

}  // namespace

std::string mismatches(const RandomCase& random_case) {
  const Layer layer = *random_case.layer();
  const Accelerator accelerator = *random_case.accelerator();
  const Simulation seen = simulate(layer, accelerator, random_case.mapping);
  const Nest nest = std::get<Nest>(make_nest(layer, accelerator, random_case.mapping));
  std::string text = differ("steps", temporal_steps(nest), seen.steps) +
                     differ("iterations", layer.op.iterations(), seen.iterations);
  for (const SimulatedBoundary& boundary : seen.boundaries)
    text += compare(boundary, layer, accelerator, nest);
  const Cost cost = std::get<Cost>(evaluate(layer, accelerator, random_case.mapping));
  const Cost derived = derive_cost(layer, accelerator, seen);
  return text + compare(cost, derived) + compare_room(cost, derived, layer);
}

}  // namespace hwflow::testing
