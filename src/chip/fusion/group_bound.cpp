#include <algorithm>
#include <optional>

#include "chip/cost/compulsory.hpp"
#include "chip/cost/timing.hpp"
#include "chip/fusion/group_evaluation.hpp"
#include "chip/fusion/least_work.hpp"

namespace hwflow::chip {
namespace {

/// Energy of a mapped layer without leakage.
double dynamic_energy(const Cost& cost) {
  double energy = cost.mac_energy_pj;
  for (const LevelCost& level : cost.levels) energy += level.energy_pj + level.noc_energy_pj;
  return energy;
}

/// Blocks of transposed convolutions read one input for every `stride` outputs, and what is cut off
/// them differs from the layer: nothing but their MACs is sure.
std::optional<LeastWork> least_spread(const FusionLayer& layer, const Accelerator& accelerator) {
  const FeatureShape& shape = layer.shape;
  const Block all{{.size = shape.height}, {.size = shape.width}, shape.channels};
  const Layer block = block_layer(layer, all, layer.layer.bits.outputs);
  const auto least = compulsory_cost(block, accelerator);
  if (!least) return std::nullopt;
  return LeastWork{
      static_cast<double>(block.op.macs()) * least->work.mac_energy_pj, least->compute_cycles, {}};
}

std::optional<LeastWork> least_of_blocks(const FusionLayer& layer, const Accelerator& accelerator) {
  if (layer.description.kind == NodeKind::transposed_convolution)
    return least_spread(layer, accelerator);
  return least_work(layer.layer, accelerator);
}

}  // namespace

GroupEvaluator::Bound GroupEvaluator::lower_bound(const Slice& slice,
                                                  const GroupTraffic& traffic) const {
  const Group group = make_group(graph_, slice);
  const GroupLayer& last = group.layers.back();
  const AxisPlan rows(group, Axis::rows, last.height);
  const AxisPlan columns(group, Axis::columns, last.width);
  Computing sum;
  for (const GroupLayer& member : group.layers) {
    // What nobody needs is not computed: such a layer is left out.
    const std::int64_t needed = rows.total(member.output) * columns.total(member.output);
    if (needed < member.height * member.width) continue;
    const auto least = least_of_blocks(graph_.layers[member.layer], machine_.inner);
    if (!least) continue;
    sum.energy_pj += static_cast<double>(graph_.batch) * least->energy_pj;
    sum.cycles += graph_.batch * least->compute_cycles;
    sum.buffer += graph_.batch * least->buffer;
  }
  sum.cycles = std::max(sum.cycles, port_cycles(machine_.inner.levels().front(), sum.buffer, 1));
  return with_transfers(sum, traffic);
}

GroupEvaluator::Bound GroupEvaluator::with_transfers(const Computing& computing,
                                                     const GroupTraffic& traffic,
                                                     std::int64_t resident_bits) const {
  const std::int64_t read = traffic.read_bits() - resident_bits;
  const std::int64_t moved = transfer_cycles(read, traffic.written_bits);
  Bound bound;
  bound.dram_bits = traffic.total();
  if (machine_.room.double_buffered) {
    const PortBits together{computing.buffer.read + traffic.written_bits,
                            computing.buffer.write + read};
    const std::int64_t ports = port_cycles(machine_.whole.levels()[machine_.buffer], together, 1);
    bound.cycles = std::max({computing.cycles, moved, ports});
  } else {
    bound.cycles = computing.cycles + moved;
  }
  bound.cycles += transfer_cycles(resident_bits, 0);
  bound.energy_pj = computing.energy_pj +
                    transfer_energy_pj(traffic.read_bits(), traffic.written_bits) +
                    leakage_ * static_cast<double>(bound.cycles);
  return bound;
}

std::optional<GroupEvaluator::Bound> GroupEvaluator::lower_bound_alone(std::size_t layer) const {
  const FusionLayer& alone = graph_.layers[layer];
  const auto coarse = evaluate_coarse(alone.batched, machine_.whole);
  if (!coarse) return std::nullopt;
  const double innermost =
      static_cast<double>(graph_.batch) * innermost_energy_pj(alone.layer, machine_.whole);
  return Bound{coarse->energy_pj + innermost, coarse->cycles, coarse->dram_bits};
}

GroupEvaluator::Bound GroupEvaluator::estimate(const Slice& slice, const GroupTraffic& traffic) {
  Computing sum;
  for (std::size_t l = slice.first; l < slice.last; ++l) {
    const auto found = blocks_.map_whole(l);
    if (!found) continue;
    sum.energy_pj += static_cast<double>(graph_.batch) * dynamic_energy(found->cost);
    sum.cycles += graph_.batch * found->cost.cycles;
  }
  return with_transfers(sum, traffic);
}

}  // namespace hwflow::chip
