#include "chip/fusion/least_work.hpp"

#include <algorithm>

#include "base/ceil_div.hpp"
#include "chip/cost/compulsory.hpp"
#include "chip/cost/cost.hpp"

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

/// Largest product of one divisor of each of `sizes`, from the given one on, within `room`.
std::int64_t largest_product(const std::vector<std::int64_t>& sizes, std::size_t from,
                             std::int64_t room) {
  if (from == sizes.size()) return 1;
  std::int64_t largest = 1;
  for (std::int64_t factor = 1; factor <= std::min(room, sizes[from]); ++factor) {
    if (sizes[from] % factor != 0) continue;
    largest = std::max(largest, factor * largest_product(sizes, from + 1, room / factor));
    if (largest == room) break;
  }
  return largest;
}

std::int64_t busy_along(const Operator& op, std::int64_t length, const std::vector<Dim>& dims) {
  std::vector<std::int64_t> sizes;
  for (const Dim dim : kDims) {
    const bool is_allowed = dims.empty() || std::find(dims.begin(), dims.end(), dim) != dims.end();
    if (is_allowed && op.bound(dim) > 1) sizes.push_back(op.bound(dim));
  }
  return largest_product(sizes, 0, length);
}

}  // namespace

double innermost_energy_pj(const Layer& layer, const Accelerator& accelerator) {
  const CountingRules& counting = accelerator.fields().counting;
  const bool every_sum_is_read = !counting.skip_first_partial_sum_read ||
                                 (counting.count_drain_reads && !counting.skip_only_update_read);
  // Outputs are read, too: back for the next addition, but for the first one, or on the way up in
  // the end. Each word of each level is read once less than it is written, and leaves at least
  // once.
  double energy = 0.0;
  for (const Operand& operand : layer.op.operands()) {
    const Role role = operand.role;
    if (accelerator.engine().operand_registers.contains(role)) continue;
    LevelIndex level = accelerator.levels().size();
    while (level > 0 && !accelerator.levels()[level - 1].keeps.contains(role)) --level;
    if (level < 2 || accelerator.instances(level - 1) != accelerator.compute_units()) continue;
    const MemoryLevel& store = accelerator.levels()[level - 1];
    const LayerBits& bits = layer.bits;
    const double iterations = real_iterations(layer.op, operand);
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

std::optional<LeastWork> least_work(Layer layer, const Accelerator& accelerator) {
  const double innermost = innermost_energy_pj(layer, accelerator);
  layer.bits.outputs = std::min(layer.bits.outputs, layer.bits.partial_sums);
  const auto compulsory = compulsory_cost(layer, accelerator);
  if (!compulsory) return std::nullopt;
  return LeastWork{
      outer_energy_pj(layer, accelerator, compulsory->work, compulsory->dram) + innermost,
      compulsory->compute_cycles, compulsory->dram};
}

std::int64_t most_busy_units(const Operator& op, const Accelerator& accelerator) {
  std::int64_t units = 1;
  for (const MemoryLevel& level : accelerator.levels()) {
    const Fanout& fanout = level.fanout;
    units *= busy_along(op, fanout.x, fanout.x_dims) * busy_along(op, fanout.y, fanout.y_dims);
  }
  return units;
}

std::int64_t least_block_cycles(const FusionLayer& layer, const Block& block, int output_bits,
                                const Accelerator& accelerator, MapperOptions::Factors factors) {
  const Layer alone = block_layer(layer, block, output_bits);
  const auto work = least_work(alone, accelerator);
  if (!work) return 0;
  const std::int64_t moving = port_cycles(accelerator.levels().front(), work->buffer, 1);
  if (factors != MapperOptions::Factors::perfect) return std::max(work->compute_cycles, moving);
  const auto rate = compute_rate(alone, accelerator.engine());
  const auto needs = [&](const Operator& op) {
    const std::int64_t steps = ceil_div(op.iterations(), most_busy_units(op, accelerator));
    return ceil_div(steps * rate->rate.cycles, rate->rate.macs);
  };
  std::int64_t computing = needs(alone.op);
  const Block larger = with_idle(block);
  if (larger != block)
    computing = std::min(computing, needs(block_layer(layer, larger, output_bits).op));
  return std::max(computing, moving);
}

}  // namespace hwflow::chip
