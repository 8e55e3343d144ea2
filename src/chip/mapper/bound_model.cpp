#include "chip/mapper/bound_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.hpp"
#include "chip/mapper/bound_geometry.hpp"

namespace hwflow::chip {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a - 1) / b + 1; }

/// Temporal iterations over `length` elements from `slot` inward; `full` is the size of the largest
/// tile there, from which the tiles further in are cut.
std::int64_t steps_of(const DimLoops& loops, std::size_t slot, std::size_t slots, std::int64_t full,
                      std::int64_t length) {
  for (; slot < slots && loops[slot] == 1; ++slot) continue;
  if (slot == slots) return 1;
  const std::int64_t tile = ceil_div(full, loops[slot]);
  if (kind_of(slot) != SlotKind::temporal) {
    return steps_of(loops, slot + 1, slots, tile, std::min(length, tile));
  }
  const std::int64_t whole = length / tile, rest = length % tile;
  return (whole > 0 ? whole * steps_of(loops, slot + 1, slots, tile, tile) : 0) +
         (rest > 0 ? steps_of(loops, slot + 1, slots, tile, rest) : 0);
}

}  // namespace

double value_of(const Bound& bound, Objective objective) {
  switch (objective) {
    case Objective::energy: return bound.energy_pj;
    case Objective::latency: return bound.cycles;
    case Objective::edp: return bound.energy_pj * bound.cycles;
    case Objective::dram: return bound.dram_bits;
  }
  return 0.0;
}

BoundModel::BoundModel(const Layer& layer, const Accelerator& accelerator, const MapSpace& space)
    : space_(space),
      levels_(accelerator.levels()),
      engine_(accelerator.engine()),
      counting_(accelerator.fields().counting),
      units_(accelerator.compute_units()),
      partial_sum_bits_(layer.bits.partial_sums),
      all_levels_((1U << accelerator.levels().size()) - 1) {
  for (const Operand& operand : layer.op.operands()) {
    add_operand(operand, layer, accelerator, space.perfect());
  }
  for (LevelIndex l = 0; l < levels_.size(); ++l) instances_[l] = accelerator.instances(l);
  const bool has_weights =
      std::any_of(operands_.begin(), operands_.end(),
                  [](const OperandTable& operand) { return operand.role == Role::weights; });
  const int weight_bits = has_weights ? layer.bits.weights : layer.bits.inputs;
  const auto rate = engine_.rate(weight_bits, layer.bits.inputs);
  if (layer.op.macs() > 0 && rate) {
    mac_energy_pj_ = static_cast<double>(layer.op.macs()) *
                     engine_.mac_energy_pj_at(weight_bits, layer.bits.inputs);
    cycles_per_step_ = static_cast<double>(rate->cycles) / static_cast<double>(rate->macs);
  }
}

void BoundModel::add_operand(const Operand& operand, const Layer& layer,
                             const Accelerator& accelerator, bool perfect) {
  OperandTable table;
  table.role = operand.role;
  table.bits = bits_of(layer.bits, operand.role);
  for (const Rank& rank : operand.ranks) {
    RankTable ranked(rank, layer.op.bounds(), perfect, counting_.fetch_stride_gaps);
    const Relevance relevance = ranked.is_plain() ? Relevance::plain : Relevance::sliding;
    for (const AffineTerm& term : rank.terms) table.relevance[index(term.dim)] = relevance;
    table.distinct *= static_cast<double>(ranked.distinct());
    table.touching *= ranked.touching_iterations();
    if (ranked.is_plain())
      table.plain_words *= static_cast<double>(ranked.distinct());
    else
      table.sliding.push_back(std::move(ranked));
  }
  for (const Dim dim : kDims) {
    if (table.relevance[index(dim)] == Relevance::none) {
      table.touching *= static_cast<double>(layer.op.bound(dim));
    }
  }
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l) {
    if (accelerator.levels()[l].keeps.contains(operand.role)) table.keeps.push_back(l);
  }
  HWFLOW_CHECK(!table.keeps.empty(), "no level keeps an operand");
  operands_.push_back(std::move(table));
}

BoundModel::Geometry BoundModel::geometry(const Candidate& candidate, Decided decided) const {
  Geometry g{candidate, decided, {}, {}, {}};
  for (const Dim dim : kDims) {
    const std::size_t d = index(dim);
    std::int64_t tile = g.knows(dim) ? space_.size(dim) : 1;
    g.even[d] = space_.is_even(candidate.chains[d], dim);
    for (LevelIndex l = 0; l < levels_.size(); ++l) {
      for (const SlotKind kind : {SlotKind::temporal, SlotKind::y, SlotKind::x}) {
        const std::int32_t bound = candidate.bound(slot_of(l, kind), dim);
        if (bound > 1) tile = ceil_div(tile, bound);
        if (kind == SlotKind::temporal) {
          g.below_temporal[l][d] = static_cast<std::int32_t>(tile);
        }
      }
      g.below_spatial[l][d] = static_cast<std::int32_t>(tile);
    }
  }
  return g;
}

double BoundModel::moved_bits(LevelIndex level, int bits) const {
  const MemoryLevel& memory = levels_[level];
  if (!memory.whole_words) return bits;
  return static_cast<double>(ceil_div(bits, memory.word_bits) * memory.word_bits);
}

BoundModel::Count BoundModel::boundary(const OperandTable& operand, std::size_t i,
                                       bool Fanout::*shares) const {
  const LevelIndex parent = operand.keeps[i];
  const LevelIndex child = i + 1 == operand.keeps.size() ? levels_.size() : operand.keeps[i + 1];
  Count count{parent, child, (1U << parent) - 1};
  for (LevelIndex l = parent; l < child; ++l) {
    if (!(levels_[l].fanout.*shares)) count.apart |= 1U << l;
  }
  return count;
}

void BoundModel::add_input(const OperandTable& operand, const Geometry& g, Sums& sums) const {
  const bool registered = engine_.operand_registers.contains(operand.role);
  for (std::size_t i = 0; i < operand.keeps.size(); ++i) {
    Count count = boundary(operand, i, &Fanout::multicast);
    const LevelIndex parent = count.parent, child = count.child;
    const bool to_macs = child == levels_.size();
    const double reads =
        to_macs && !registered ? mac_words(operand, count, g) : words(operand, count, g);
    const double read_bits = reads * moved_bits(parent, operand.bits);
    sums.energy_pj += read_bits * levels_[parent].read_energy_pj_per_bit;
    if (parent == 0) sums.dram_bits += read_bits;
    Transfer transfer{parent, child, {read_bits, 0.0}, {}};
    if (!to_macs) {
      count.apart = (1U << child) - 1;
      transfer.child.in = words(operand, count, g) * moved_bits(child, operand.bits);
      sums.energy_pj += transfer.child.in * levels_[child].write_energy_pj_per_bit;
    }
    add_transfer(transfer, sums);
  }
}

void BoundModel::add_output(const OperandTable& operand, const Geometry& g, Sums& sums) const {
  const bool registered = engine_.operand_registers.contains(operand.role);
  // Finished words may be narrower than partial sums: each word is finished at most once.
  const auto bits_moved = [&](LevelIndex level, double words_moved) {
    const double finished = std::min(words_moved, operand.distinct);
    const double sum_bits = moved_bits(level, partial_sum_bits_);
    return finished * std::min(sum_bits, moved_bits(level, operand.bits)) +
           (words_moved - finished) * sum_bits;
  };
  for (std::size_t i = 0; i < operand.keeps.size(); ++i) {
    Count count = boundary(operand, i, &Fanout::spatial_reduction);
    const LevelIndex parent = count.parent, child = count.child;
    const bool to_macs = child == levels_.size();
    const bool unheld = to_macs && !registered;
    const double updates = unheld ? mac_words(operand, count, g) : words(operand, count, g);
    const bool blurred = !operand.sliding.empty() && parent > 0;
    const double first = !counting_.skip_first_partial_sum_read ? 0.0
                         : blurred                              ? updates
                                   : operand.distinct * copies_above(operand, parent, g);
    const double again = std::max(0.0, updates - first);
    Transfer transfer{parent,
                      child,
                      {again * moved_bits(parent, partial_sum_bits_), bits_moved(parent, updates)},
                      {}};
    sums.energy_pj += transfer.parent_port.in * levels_[parent].write_energy_pj_per_bit +
                      transfer.parent_port.out * levels_[parent].read_energy_pj_per_bit;
    if (parent == 0) sums.dram_bits += transfer.parent_port.in + transfer.parent_port.out;
    if (!to_macs) {
      count.apart = (1U << parent) - 1;
      const double back = std::max(0.0, words(operand, count, g) - first);
      transfer.child.in = back * moved_bits(child, partial_sum_bits_);
      count.apart = (1U << child) - 1;
      transfer.child.out = bits_moved(child, words(operand, count, g));
      sums.energy_pj += transfer.child.in * levels_[child].write_energy_pj_per_bit;
      if (counting_.count_drain_reads) {
        sums.energy_pj += transfer.child.out * levels_[child].read_energy_pj_per_bit;
      }
    }
    add_transfer(transfer, sums);
  }
}

/// Transfers into a level that is not double buffered stop the array, unless the machine hides
/// them; all others run beside it.
void BoundModel::add_transfer(const Transfer& transfer, Sums& sums) const {
  const bool to_macs = transfer.child_level == levels_.size();
  const bool stalls =
      !to_macs && !counting_.hide_transfers && !levels_[transfer.child_level].double_buffered;
  if (stalls) {
    sums.stalling[transfer.child_level].add(transfer.child);
    sums.stalling_parents[transfer.child_level][transfer.parent_level].add(transfer.parent_port);
    return;
  }
  sums.overlapped[transfer.parent_level].add(transfer.parent_port);
  if (!to_macs) sums.overlapped[transfer.child_level].add(transfer.child);
}

double BoundModel::compute_cycles(const Geometry& g) const {
  double steps = 1.0, undecided = 1.0;
  for (const Dim dim : space_.dims()) {
    if (g.knows(dim)) {
      steps *= static_cast<double>(steps_of(g.candidate.chains[index(dim)], 0, space_.slot_count(),
                                            space_.size(dim), space_.size(dim)));
    } else {
      undecided *= static_cast<double>(space_.size(dim));
    }
  }
  if (undecided > 1.0) {
    for (std::size_t slot = 0; slot < space_.slot_count(); ++slot) {
      if (kind_of(slot) == SlotKind::temporal || space_.mesh(slot) == 1) continue;
      std::int64_t used = 1, most = 1;
      for (const Dim dim : space_.dims()) {
        used *= g.candidate.bound(slot, dim);
        if (!g.knows(dim) && space_.allows(slot, dim)) {
          most = std::min(space_.mesh(slot), most * std::min(space_.size(dim), space_.mesh(slot)));
        }
      }
      undecided /= static_cast<double>(std::min(most, space_.mesh(slot) / used));
    }
    steps *= std::max(1.0, undecided);
  }
  return std::ceil(steps * cycles_per_step_ * (1 - 1e-12));
}

double BoundModel::cycles(const Geometry& g, const Sums& sums) const {
  std::array<double, kMaxMapperLevels> ports{};  // instances that can work, at most
  const bool all_dims = (g.decided.dims & kAllDims) == kAllDims;
  double used = 1.0;
  for (LevelIndex l = 0; l < levels_.size(); ++l) {
    ports[l] = all_dims ? used : static_cast<double>(instances_[l]);
    for (const Dim dim : space_.dims()) used *= g.spatial(l, dim);
  }
  const auto need = [](double bits, const std::optional<double>& bandwidth, double instances) {
    return bandwidth ? std::ceil(bits / (*bandwidth * instances) * (1 - 1e-12)) : 0.0;
  };
  const auto port_cycles = [&](LevelIndex l, const Port& port) {
    const MemoryLevel& level = levels_[l];
    if (level.shared_port) {
      return need(port.out + port.in, level.read_bandwidth_bits_per_cycle, ports[l]);
    }
    return std::max(need(port.out, level.read_bandwidth_bits_per_cycle, ports[l]),
                    need(port.in, level.write_bandwidth_bits_per_cycle, ports[l]));
  };
  double overlapped = compute_cycles(g), stalled = 0.0;
  for (LevelIndex l = 0; l < levels_.size(); ++l) {
    overlapped = std::max(overlapped, port_cycles(l, sums.overlapped[l]));
    double transfer = port_cycles(l, sums.stalling[l]);
    for (LevelIndex parent = 0; parent < l; ++parent) {
      transfer = std::max(transfer, port_cycles(parent, sums.stalling_parents[l][parent]));
    }
    stalled += transfer;
  }
  return overlapped + stalled;
}

Bound BoundModel::bound(const Candidate& candidate, Decided decided) const {
  for (const Dim dim : kDims) {
    if (space_.size(dim) == 1) decided.dims |= 1U << index(dim);
  }
  const Geometry g = geometry(candidate, decided);
  Sums sums;
  sums.energy_pj = mac_energy_pj_;
  for (const OperandTable& operand : operands_) {
    if (operand.role == Role::outputs)
      add_output(operand, g, sums);
    else
      add_input(operand, g, sums);
  }
  Bound bound;
  bound.cycles = cycles(g, sums);
  bound.dram_bits = sums.dram_bits;
  bound.energy_pj = sums.energy_pj;
  for (LevelIndex l = 0; l < levels_.size(); ++l) {
    bound.energy_pj +=
        levels_[l].leakage_pj_per_cycle * static_cast<double>(instances_[l]) * bound.cycles;
  }
  bound.energy_pj += engine_.leakage_pj_per_cycle * static_cast<double>(units_) * bound.cycles;
  return bound;
}

/// Must unfinished outputs be stored in the level, given what is decided? They must when several
/// instances share them unreduced, or when a loop that sums has one inside that changes the word.
bool BoundModel::holds_partial_sums(const OperandTable& outputs, LevelIndex level,
                                    const Geometry& g) const {
  LevelIndex child = level + 1;
  while (child < levels_.size() && !levels_[child].keeps.contains(Role::outputs)) ++child;
  bool changes = child == levels_.size() && !has_register(Role::outputs);
  for (LevelIndex l = child; l-- > 0;) {
    bool changes_here = changes;
    for (const Dim dim : g.candidate.orders[l]) {
      const bool sums = outputs.relevance[index(dim)] == Relevance::none;
      const bool apart = l < level || !levels_[l].fanout.spatial_reduction;
      if (sums && apart && g.spatial(l, dim) > 1) return true;
      if (g.temporal(l, dim) == 1) continue;
      if (sums && (g.knows_order(l) ? changes_here : changes)) return true;
      changes_here = changes_here || !sums;
    }
    changes = changes_here;
  }
  return false;
}

std::optional<Overflow> BoundModel::overflow(const Candidate& candidate,
                                             std::uint32_t decided_levels) const {
  // Undecided dimensions have no loops yet: count them as one element, the least they can be.
  Decided decided{0, decided_levels};
  for (const Dim dim : space_.dims()) {
    std::int64_t covered = 1;
    for (std::size_t slot = 0; slot < space_.slot_count(); ++slot) {
      covered *= candidate.bound(slot, dim);
    }
    if (covered >= space_.size(dim)) decided.dims |= 1U << index(dim);
  }
  const Geometry g = geometry(candidate, decided);
  for (LevelIndex l = 1; l < levels_.size(); ++l) {
    const MemoryLevel& level = levels_[l];
    std::int64_t shared = 0;
    std::array<std::int64_t, kRoleCount> by_role{};
    for (const OperandTable& operand : operands_) {
      if (!level.keeps.contains(operand.role)) continue;
      std::int64_t tile_words = 1;
      for (const Dim dim : kDims) {
        if (operand.relevance[index(dim)] == Relevance::plain) {
          tile_words *= g.below_spatial[l - 1][index(dim)];
        }
      }
      for (const RankTable& rank : operand.sliding) {
        const auto size = [&](std::size_t i) -> std::int64_t {
          return i < rank.term_count() ? g.below_spatial[l - 1][index(rank.term(i).dim)] : 1;
        };
        tile_words *= rank.largest(size(0), size(1));
      }
      const bool unfinished = operand.role == Role::outputs && holds_partial_sums(operand, l, g);
      const int bits = unfinished ? partial_sum_bits_ : operand.bits;
      by_role[index(operand.role)] += tile_words * bits * (level.double_buffered ? 2 : 1);
    }
    for (const Role role : kRoles) {
      const auto& partition = level.partition_bits[index(role)];
      if (!partition)
        shared += by_role[index(role)];
      else if (by_role[index(role)] > *partition)
        return Overflow{l, by_role[index(role)], *partition};
    }
    if (level.capacity_bits && shared > *level.capacity_bits) {
      return Overflow{l, shared, *level.capacity_bits};
    }
  }
  return std::nullopt;
}

}  // namespace hwflow::chip
