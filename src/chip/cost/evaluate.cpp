#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "chip/cost/boundary.hpp"
#include "chip/cost/cost.hpp"
#include "chip/cost/countable.hpp"
#include "chip/cost/nest.hpp"
#include "chip/cost/timing.hpp"
#include "chip/cost/transfer_timing.hpp"
#include "chip/cost/widths.hpp"
#include "chip/mapping/sibling_order.hpp"

namespace hwflow::chip {
namespace {

using Reason = Infeasible::Reason;

/// Can unfinished outputs ever be stored in `level`? They are when their sum is completed further
/// out, when instances below add to them one after the other, or when the tile of the child comes
/// back after it has been sent up: a loop that accumulates has one inside it that changes the tile.
bool holds_partial_sums(const Operator& op, const Nest& nest, const Accelerator& accelerator,
                        LevelIndex level) {
  const auto& levels = accelerator.levels();
  const LevelIndex child = next_keeping(accelerator, Role::outputs, level);
  bool changes =
      accelerator.fields().counting.move_every_turn ||
      (child == levels.size() && !accelerator.engine().operand_registers.contains(Role::outputs));
  for (std::size_t i = nest.loops.size(); i-- > 0;) {
    const auto& loop = nest.loops[i];
    if (loop.level >= child) continue;
    const bool sums = accumulates(op, loop.dim);
    if (!loop.spatial) {
      changes = changes || op.output().indexed_by(loop.dim);
      if (sums && changes) return true;
    } else if (sums && (loop.level < level || !levels[loop.level].fanout.spatial_reduction)) {
      return true;
    }
  }
  return false;
}

std::vector<std::int64_t> used_by_level(const Accelerator& accelerator, const Nest& nest) {
  std::vector<std::int64_t> used;
  for (LevelIndex l = 0; l < accelerator.levels().size(); ++l)
    used.push_back(used_instances(nest, l));
  return used;
}

/// One evaluation: what it reads, and the Cost that it fills in.
class Evaluator {
 public:
  Evaluator(const Layer& layer, const Accelerator& accelerator, const Nest& nest)
      : layer_(layer), accelerator_(accelerator), nest_(nest), timing_(accelerator, nest) {
    if (accelerator.fields().counting.whole_transfers)
      transfers_.emplace(accelerator, used_by_level(accelerator, nest));
    cost_.levels.resize(accelerator.levels().size());
    for (LevelCost& level : cost_.levels) level.operands.resize(layer.op.operands().size());
  }

  /// Fills in tiles and occupancy; the first level that is too small, if any.
  std::optional<Infeasible> place_tiles() {
    const auto& levels = accelerator_.levels();
    for (LevelIndex l = 0; l < levels.size(); ++l) {
      cost_.levels[l].used_instances = used_instances(nest_, l);
      if (!place_level(l)) return Infeasible{Reason::capacity, l};
    }
    return std::nullopt;
  }

  Cost finish(const ComputeEngine::Rate& rate, double mac_energy_pj) {
    const auto& operands = layer_.op.operands();
    for (std::size_t o = 0; o < operands.size(); ++o) count_operand(o);
    add_times(rate);
    add_energies(mac_energy_pj);
    return std::move(cost_);
  }

 private:
  [[nodiscard]] OperandNest place(std::size_t operand) const {
    return {layer_.op, layer_.op.operands()[operand], nest_, accelerator_};
  }

  bool place_level(LevelIndex l) {
    const MemoryLevel& level = accelerator_.levels()[l];
    const auto& operands = layer_.op.operands();
    std::array<std::int64_t, kRoleCount> bits{};
    for (std::size_t o = 0; o < operands.size(); ++o) {
      const Role role = operands[o].role;
      if (!level.keeps.contains(role)) continue;
      TensorTraffic& traffic = cost_.levels[l].operands[o];
      traffic.tile_words = tile_words(place(o), l);
      const bool unfinished =
          role == Role::outputs && holds_partial_sums(layer_.op, nest_, accelerator_, l);
      const int width = unfinished ? layer_.bits.partial_sums : bits_of(layer_.bits, role);
      bits[index(role)] += traffic.tile_words * width * (level.double_buffered ? 2 : 1);
    }
    return fits(level, bits, cost_.levels[l].occupied_bits);
  }

  static bool fits(const MemoryLevel& level, const std::array<std::int64_t, kRoleCount>& bits,
                   std::int64_t& occupied) {
    std::int64_t shared = 0;
    bool ok = true;
    occupied = 0;
    for (const Role role : kRoles) {
      const std::int64_t needed = bits[index(role)];
      const auto& partition = level.partition_bits[index(role)];
      occupied += needed;
      if (!partition) shared += needed;
      if (partition && needed > *partition) ok = false;
    }
    return ok && (!level.capacity_bits || shared <= *level.capacity_bits);
  }

  void count_operand(std::size_t o) {
    const Role role = layer_.op.operands()[o].role;
    const LevelIndex units = accelerator_.levels().size();
    LevelIndex parent = 0;
    while (parent < units) {
      const LevelIndex child = next_keeping(accelerator_, role, parent);
      const bool unheld =
          accelerator_.fields().counting.move_every_turn ||
          (child == units && !accelerator_.engine().operand_registers.contains(role));
      const Boundary boundary{parent, child, unheld};
      count_boundary(o, boundary);
      parent = child;
    }
  }

  void count_boundary(std::size_t o, const Boundary& boundary) {
    const BoundaryTraffic moved = boundary_traffic(place(o), boundary);
    const Widths widths(layer_, layer_.op.operands()[o].role);
    const auto& levels = accelerator_.levels();
    const Widths above = widths.at(levels[boundary.parent]);
    TensorTraffic& parent = cost_.levels[boundary.parent].operands[o];
    parent.reads += moved.reads;
    parent.read_bits += moved.reads * above.unfinished;
    parent.updates += moved.updates;
    parent.update_bits += above.bits(moved.updates, moved.final_updates);
    if (boundary.child < levels.size()) {
      const Widths below = widths.at(levels[boundary.child]);
      TensorTraffic& child = cost_.levels[boundary.child].operands[o];
      child.fills += moved.fills;
      child.fill_bits += moved.fills * below.unfinished;
      child.drains += moved.drains;
      child.drain_bits += below.bits(moved.drains, moved.final_drains);
      child.reads += moved.forwarded;
      child.read_bits += moved.forwarded * below.unfinished;
    }
    timing_.add(boundary, moved, widths);
    if (transfers_) transfers_->add(boundary, moved, widths);
    add_links(o, boundary, moved, widths);
  }

  void add_links(std::size_t o, const Boundary& boundary, const BoundaryTraffic& moved,
                 const Widths& widths) {
    for (LevelIndex f = boundary.parent; f < boundary.child; ++f) {
      const double hop_pj = accelerator_.levels()[f].fanout.hop_energy_pj_per_bit;
      if (hop_pj == 0.0) continue;
      const LinkWords link = link_words(place(o), boundary, f);
      std::int64_t bits = widths.bits(link.words, link.final_words);
      if (layer_.op.operands()[o].role == Role::outputs) bits += moved.fills * widths.unfinished;
      cost_.levels[f].noc_energy_pj += static_cast<double>(bits) * hop_pj;
    }
  }

  void add_times(const ComputeEngine::Rate& rate) {
    const std::int64_t steps = temporal_steps(nest_);
    cost_.compute_cycles = (steps * rate.cycles + rate.macs - 1) / rate.macs;
    cost_.cycles = transfers_ ? transfers_->cycles(cost_.compute_cycles)
                              : timing_.cycles(cost_.compute_cycles);
    for (LevelIndex l = 0; l < cost_.levels.size(); ++l)
      cost_.levels[l].bandwidth_cycles = timing_.bandwidth_cycles(l);
    const double work = static_cast<double>(layer_.op.iterations()) *
                        static_cast<double>(rate.cycles) / static_cast<double>(rate.macs);
    cost_.utilization = work / (static_cast<double>(accelerator_.compute_units()) *
                                static_cast<double>(cost_.cycles));
    for (const TensorTraffic& traffic : cost_.levels[0].operands)
      cost_.dram_bits += traffic.read_bits + traffic.update_bits;
  }

  void add_energies(double mac_energy_pj) {
    const bool drains_cost = accelerator_.fields().counting.count_drain_reads;
    const auto cycles = static_cast<double>(cost_.cycles);
    cost_.mac_energy_pj = static_cast<double>(layer_.op.macs()) * mac_energy_pj;
    cost_.engine_leakage_pj = accelerator_.engine().leakage_pj_per_cycle * cycles *
                              static_cast<double>(accelerator_.compute_units());
    cost_.energy_pj = cost_.mac_energy_pj + cost_.engine_leakage_pj;
    for (LevelIndex l = 0; l < cost_.levels.size(); ++l) {
      const MemoryLevel& level = accelerator_.levels()[l];
      LevelCost& cost = cost_.levels[l];
      std::int64_t read_bits = 0, write_bits = 0;
      for (const TensorTraffic& traffic : cost.operands) {
        read_bits += traffic.read_bits + (drains_cost ? traffic.drain_bits : 0);
        write_bits += traffic.fill_bits + traffic.update_bits;
      }
      cost.energy_pj = static_cast<double>(read_bits) * level.read_energy_pj_per_bit +
                       static_cast<double>(write_bits) * level.write_energy_pj_per_bit;
      cost.leakage_pj =
          level.leakage_pj_per_cycle * cycles * static_cast<double>(accelerator_.instances(l));
      cost_.energy_pj += cost.energy_pj + cost.noc_energy_pj + cost.leakage_pj;
    }
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  const Nest& nest_;
  Timing timing_;
  std::optional<TransferTiming> transfers_;  ///< in place of timing_ for the cycles
  Cost cost_;
};

}  // namespace

/// On the machine with its levels as the mapping nests them; levels of the result as listed.
static Evaluation evaluate_reordered(const Layer& layer, const Accelerator& accelerator,
                                     const Mapping& mapping) {
  Mapping listed = mapping;
  listed.level_order.clear();
  Evaluation evaluation =
      evaluate(layer, with_level_order(accelerator, mapping.level_order), listed);
  if (auto* infeasible = std::get_if<Infeasible>(&evaluation)) {
    if (infeasible->level < mapping.level_order.size())
      infeasible->level = mapping.level_order[infeasible->level];
    return evaluation;
  }
  auto& levels = std::get<Cost>(evaluation).levels;
  const std::vector<LevelCost> nested = levels;
  for (LevelIndex l = 0; l < nested.size(); ++l) levels[mapping.level_order[l]] = nested[l];
  return evaluation;
}

std::string_view name(Infeasible::Reason reason) {
  switch (reason) {
    case Reason::capacity: return "capacity";
    case Reason::mesh: return "mesh";
    case Reason::unsupported_width: return "unsupported width";
    case Reason::malformed: return "malformed";
    case Reason::uncountable: return "uncountable";
  }
  return "";
}

std::string to_text(const Infeasible& infeasible, const Accelerator& accelerator) {
  const auto& levels = accelerator.levels();
  const std::string place = infeasible.level < levels.size()
                                ? fmt::format("level '{}'", levels[infeasible.level].name)
                                : std::string("the compute units");
  return fmt::format("{} at {}", name(infeasible.reason), place);
}

Evaluation evaluate(const Layer& layer, const Accelerator& accelerator, const Mapping& mapping) {
  if (!mapping.level_order.empty()) return evaluate_reordered(layer, accelerator, mapping);
  auto nest = make_nest(layer, accelerator, mapping);
  if (auto* infeasible = std::get_if<Infeasible>(&nest)) return *infeasible;
  const auto work = compute_rate(layer, accelerator.engine());
  if (!work) return Infeasible{Reason::unsupported_width, accelerator.levels().size()};
  if (!is_countable(layer, accelerator)) return Infeasible{Reason::uncountable, 0};
  Evaluator evaluator(layer, accelerator, std::get<Nest>(nest));
  if (auto infeasible = evaluator.place_tiles()) return *infeasible;
  return evaluator.finish(work->rate, work->mac_energy_pj);
}

}  // namespace hwflow::chip
