#include <algorithm>
#include <optional>

#include "chip/cost/compulsory.hpp"
#include "chip/cost/timing.hpp"
#include "chip/fusion/group_evaluation.hpp"

namespace hwflow::chip {
namespace {

/// Steps of the loops of an axis that touch something there, not padding.
std::int64_t real_steps(const Rank& rank, const DimArray& bounds) {
  const auto bound = [&](std::size_t t) {
    return t < rank.terms.size() ? bounds[index(rank.terms[t].dim)] : 1;
  };
  const auto coefficient = [&](std::size_t t) {
    return t < rank.terms.size() ? rank.terms[t].coefficient : 0;
  };
  std::int64_t steps = 0;
  for (std::int64_t a = 0; a < bound(0); ++a) {
    for (std::int64_t b = 0; b < bound(1); ++b) {
      const std::int64_t place = rank.offset + a * coefficient(0) + b * coefficient(1);
      if (place >= 0 && place < rank.extent) ++steps;
    }
  }
  return steps;
}

/// Iterations that use a word of the operand.
double real_iterations(const Operator& op, const Operand& operand) {
  double iterations = 1.0;
  for (const Dim dim : kDims)
    if (!operand.indexed_by(dim)) iterations *= static_cast<double>(op.bound(dim));
  for (const Rank& rank : operand.ranks)
    iterations *= static_cast<double>(real_steps(rank, op.bounds()));
  return iterations;
}

/// Energy that every iteration of a layer costs at the levels next to the units, in pJ: a role that
/// the unit does not hold is read (written) there each time, padding aside, where one unit has one
/// such level. None of it is in the coarse model, which counts the buffer and the MACs.
///
/// Outputs are read, too: back for the next addition, but for the first one, or on the way up in
/// the end. Each word of each level is read once less than it is written, and leaves at least once.
double innermost_energy_pj(const FusionLayer& layer, const Accelerator& accelerator) {
  const CountingRules& counting = accelerator.fields().counting;
  const bool every_sum_is_read = !counting.skip_first_partial_sum_read ||
                                 (counting.count_drain_reads && !counting.skip_only_update_read);
  double energy = 0.0;
  for (const Operand& operand : layer.layer.op.operands()) {
    const Role role = operand.role;
    if (accelerator.engine().operand_registers.contains(role)) continue;
    LevelIndex level = accelerator.levels().size();
    while (level > 0 && !accelerator.levels()[level - 1].keeps.contains(role)) --level;
    if (level < 2 || accelerator.instances(level - 1) != accelerator.compute_units()) continue;
    const MemoryLevel& store = accelerator.levels()[level - 1];
    const LayerBits& bits = layer.layer.bits;
    const double iterations = real_iterations(layer.layer.op, operand);
    if (role != Role::outputs) {
      energy += iterations * bits_of(bits, role) * store.read_energy_pj_per_bit;
      continue;
    }
    energy +=
        iterations * std::min(bits.outputs, bits.partial_sums) *
        (store.write_energy_pj_per_bit + (every_sum_is_read ? store.read_energy_pj_per_bit : 0.0));
  }
  return energy;
}

/// Energy of a mapped layer without leakage.
double dynamic_energy(const Cost& cost) {
  double energy = cost.mac_energy_pj;
  for (const LevelCost& level : cost.levels) energy += level.energy_pj + level.noc_energy_pj;
  return energy;
}

/// What the blocks of a layer together do not go below. In a pipeline one layer computes while
/// another one moves words, so both times are kept apart.
struct LeastWork {
  double energy_pj = 0.0;
  std::int64_t compute_cycles = 0;
  PortBits buffer;  ///< on the side of the array
};

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

std::optional<LeastWork> least_work(const FusionLayer& layer, const Accelerator& accelerator) {
  if (layer.description.kind == NodeKind::transposed_convolution)
    return least_spread(layer, accelerator);
  Layer least = layer.layer;
  least.bits.outputs = std::min(least.bits.outputs, least.bits.partial_sums);
  const auto coarse = evaluate_coarse(least, accelerator);
  const auto compulsory = compulsory_cost(least, accelerator);
  if (!coarse || !compulsory) return std::nullopt;
  return LeastWork{coarse->energy_pj + innermost_energy_pj(layer, accelerator),
                   compulsory->compute_cycles, compulsory->dram};
}

}  // namespace

GroupEvaluator::Bound GroupEvaluator::lower_bound(const Slice& slice,
                                                  const GroupTraffic& traffic) const {
  const Group group = make_group(graph_, slice);
  const GroupLayer& last = group.layers.back();
  const AxisPlan rows(group, Axis::rows, last.height, Halo::retain);
  const AxisPlan columns(group, Axis::columns, last.width, Halo::retain);
  Bound bound;
  std::int64_t compute = 0;
  PortBits buffer;
  for (const GroupLayer& member : group.layers) {
    // What nobody needs is not computed: such a layer is left out.
    const std::int64_t needed = rows.total(member.output) * columns.total(member.output);
    if (needed < member.height * member.width) continue;
    const auto least = least_work(graph_.layers[member.layer], machine_.inner);
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
      static_cast<double>(graph_.batch) * innermost_energy_pj(alone, machine_.whole);
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
