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
  Bound bound;
  std::int64_t compute = 0;
  PortBits buffer;
  for (const GroupLayer& member : group.layers) {
    // What nobody needs is not computed: such a layer is left out.
    const std::int64_t needed = rows.total(member.output) * columns.total(member.output);
    if (needed < member.height * member.width) continue;
    const auto least = least_of_blocks(graph_.layers[member.layer], machine_.inner);
    if (!least) continue;
    bound.energy_pj += static_cast<double>(graph_.batch) * least->energy_pj;
    compute += graph_.batch * least->compute_cycles;
    buffer.read += graph_.batch * least->buffer.read;
    buffer.write += graph_.batch * least->buffer.write;
  }
  compute = std::max(compute, port_cycles(machine_.inner.levels().front(), buffer, 1));
  const std::int64_t moved = transfer_cycles(traffic.read_bits(), traffic.written_bits);
  bound.dram_bits = traffic.total();
  bound.cycles = machine_.room.double_buffered ? std::max(compute, moved) : compute + moved;
  bound.energy_pj += transfer_energy_pj(traffic.read_bits(), traffic.written_bits) +
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
  Bound bound;
  std::int64_t compute = 0;
  for (std::size_t l = slice.first; l < slice.last; ++l) {
    const auto found = blocks_.map_whole(l);
    if (!found) continue;
    bound.energy_pj += static_cast<double>(graph_.batch) * dynamic_energy(found->cost);
    compute += graph_.batch * found->cost.cycles;
  }
  const std::int64_t moved = transfer_cycles(traffic.read_bits(), traffic.written_bits);
  bound.dram_bits = traffic.total();
  bound.cycles = machine_.room.double_buffered ? std::max(compute, moved) : compute + moved;
  bound.energy_pj += transfer_energy_pj(traffic.read_bits(), traffic.written_bits) +
                     leakage_ * static_cast<double>(bound.cycles);
  return bound;
}

}  // namespace hwflow::chip
