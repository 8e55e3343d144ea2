#include "tests/chip/cost/derived_cost.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace hwflow::testing {
namespace {

using chip::Accelerator;
using chip::Cost;
using chip::MemoryLevel;

/// Bits that one value of `width` bits makes a level move.
double moved_bits(const MemoryLevel& level, int width) {
  if (!level.whole_words) return width;
  double bits = 0;
  while (bits < width) bits += static_cast<double>(level.word_bits);
  return bits;
}

struct Flow {
  double read = 0, write = 0;  ///< bits, all instances
};

class Derivation {
 public:
  Derivation(const Layer& layer, const Accelerator& accelerator, const Simulation& seen)
      : layer_(layer), accelerator_(accelerator), levels_(accelerator.levels()), seen_(seen) {
    cost_.levels.resize(levels_.size());
    for (auto& level : cost_.levels) level.operands.resize(layer.op.operands().size());
  }

  Cost run() {
    for (const SimulatedBoundary& b : seen_.boundaries) count(b);
    for (std::size_t l = 0; l < levels_.size(); ++l) room(l);
    time();
    energy();
    return cost_;
  }

 private:
  [[nodiscard]] Role role(const SimulatedBoundary& b) const {
    return layer_.op.operands()[b.operand].role;
  }
  [[nodiscard]] int plain(Role role) const {
    if (role == Role::weights) return layer_.bits.weights;
    return role == Role::inputs ? layer_.bits.inputs : layer_.bits.outputs;
  }
  [[nodiscard]] int early(Role role) const {
    return role == Role::outputs ? layer_.bits.partial_sums : plain(role);
  }
  [[nodiscard]] double bits(std::size_t level, Role r, std::int64_t words,
                            std::int64_t final_words) const {
    return static_cast<double>(words - final_words) * moved_bits(levels_[level], early(r)) +
           static_cast<double>(final_words) * moved_bits(levels_[level], plain(r));
  }

  void count(const SimulatedBoundary& b) {
    const Role r = role(b);
    auto& up = cost_.levels[b.parent].operands[b.operand];
    up.reads += b.reads;
    up.updates += b.updates;
    up.read_bits += static_cast<std::int64_t>(bits(b.parent, r, b.reads, 0));
    up.update_bits += static_cast<std::int64_t>(bits(b.parent, r, b.updates, b.final_updates));
    if (b.child == levels_.size()) return;
    auto& down = cost_.levels[b.child].operands[b.operand];
    down.fills += b.fills;
    down.drains += b.drains;
    down.reads += b.forwarded;
    down.fill_bits += static_cast<std::int64_t>(bits(b.child, r, b.fills, 0));
    down.drain_bits += static_cast<std::int64_t>(bits(b.child, r, b.drains, b.final_drains));
    down.read_bits += static_cast<std::int64_t>(bits(b.child, r, b.forwarded, 0));
    down.tile_words = b.child_tile_words;
  }

  void room(std::size_t l) {
    auto& level = cost_.levels[l];
    level.used_instances = 0;
    for (std::size_t o = 0; o < level.operands.size(); ++o) {
      const Role r = layer_.op.operands()[o].role;
      if (!levels_[l].keeps.contains(r)) continue;
      bool partial = false;
      for (const SimulatedBoundary& b : seen_.boundaries) {
        if (b.operand != o) continue;
        if (b.parent == l) partial = b.updates > b.final_updates;
        if (b.child == l) level.used_instances = b.child_instances;
      }
      if (l == 0) level.operands[o].tile_words = whole_tensor(o);
      level.occupied_bits += level.operands[o].tile_words * (partial ? early(r) : plain(r)) *
                             (levels_[l].double_buffered ? 2 : 1);
    }
    if (l == 0) level.used_instances = 1;
  }

  /// What the outside memory keeps of an operand: the tile of a child of one piece.
  [[nodiscard]] std::int64_t whole_tensor(std::size_t operand) {
    if (whole_.empty()) whole_ = whole_tensors();
    return whole_[operand];
  }
  [[nodiscard]] std::vector<std::int64_t> whole_tensors() const {
    chip::Accelerator::Fields fields = accelerator_.fields();
    fields.levels.resize(1);
    fields.levels[0].fanout = {};
    MemoryLevel copy = fields.levels[0];
    copy.name = "copy";
    fields.levels.push_back(copy);
    chip::Mapping mapping;
    mapping.levels.resize(2);
    std::vector<std::int64_t> words(layer_.op.operands().size());
    for (const auto& b : simulate(layer_, *Accelerator::make(fields), mapping).boundaries)
      if (b.child == 1) words[b.operand] = b.child_tile_words;
    return words;
  }

  /// Cycles of the ports of one level to carry a flow that all its busy instances share.
  [[nodiscard]] double ports(std::size_t l, const Flow& flow) const {
    const auto busy =
        static_cast<double>(std::max<std::int64_t>(1, cost_.levels[l].used_instances));
    const auto& rd = levels_[l].read_bandwidth_bits_per_cycle;
    const auto& wr = levels_[l].write_bandwidth_bits_per_cycle;
    if (levels_[l].shared_port) return std::ceil((flow.read + flow.write) / (*rd * busy));
    return std::max(rd ? std::ceil(flow.read / (*rd * busy)) : 0.0,
                    wr ? std::ceil(flow.write / (*wr * busy)) : 0.0);
  }

  [[nodiscard]] Flow upper(const SimulatedBoundary& b) const {
    return {bits(b.parent, role(b), b.reads, 0),
            bits(b.parent, role(b), b.updates, b.final_updates)};
  }
  [[nodiscard]] Flow lower(const SimulatedBoundary& b) const {
    return {
        bits(b.child, role(b), b.drains, b.final_drains) + bits(b.child, role(b), b.forwarded, 0),
        bits(b.child, role(b), b.fills, 0)};
  }

  /// Everything at its own level that hides behind computing, then what does not.
  void time() {
    const auto rate = *accelerator_.engine().rate(weight_bits(), layer_.bits.inputs);
    const bool macs = layer_.op.arithmetic() == Arithmetic::multiply_accumulate;
    const std::int64_t cycles = macs ? rate.cycles : 1, per_cycle = macs ? rate.macs : 1;
    cost_.compute_cycles = (seen_.steps * cycles + per_cycle - 1) / per_cycle;
    double slowest = static_cast<double>(cost_.compute_cycles), exposed = 0;
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      slowest = std::max(slowest, ports(l, hidden(l)));
      exposed += exposed_by(l);
      cost_.levels[l].bandwidth_cycles = static_cast<std::int64_t>(ports(l, all(l)));
    }
    cost_.cycles = static_cast<std::int64_t>(slowest + exposed);
    cost_.utilization = static_cast<double>(layer_.op.iterations() * cycles) /
                        static_cast<double>(per_cycle) /
                        static_cast<double>(accelerator_.compute_units() * cost_.cycles);
  }
  [[nodiscard]] int weight_bits() const {
    for (const Operand& operand : layer_.op.operands())
      if (operand.role == Role::weights) return layer_.bits.weights;
    return layer_.bits.inputs;
  }
  [[nodiscard]] bool hides(const SimulatedBoundary& b) const {
    return b.child == levels_.size() || levels_[b.child].double_buffered;
  }
  template <class Wanted>
  [[nodiscard]] Flow sum(std::size_t l, const Wanted& wanted) const {
    Flow flow;
    for (const SimulatedBoundary& b : seen_.boundaries) {
      if (!wanted(b)) continue;
      const Flow part = b.parent == l ? upper(b) : b.child == l ? lower(b) : Flow{};
      flow.read += part.read;
      flow.write += part.write;
    }
    return flow;
  }
  [[nodiscard]] Flow all(std::size_t l) const {
    return sum(l, [](const SimulatedBoundary&) { return true; });
  }
  [[nodiscard]] Flow hidden(std::size_t l) const {
    return sum(l, [&](const SimulatedBoundary& b) { return hides(b); });
  }

  /// Transfers of a child level that nothing hides: all of them, or the first and the last.
  [[nodiscard]] double exposed_by(std::size_t child) const {
    const auto mine = [&](const SimulatedBoundary& b) { return b.child == child; };
    if (!levels_[child].double_buffered)
      return longest(child, mine, [&](std::size_t l) { return sum(l, mine); });
    return longest(child, mine, [&](std::size_t l) { return ends(child, l, true); }) +
           longest(child, mine, [&](std::size_t l) { return ends(child, l, false); });
  }
  template <class Mine, class FlowOf>
  [[nodiscard]] double longest(std::size_t child, const Mine& mine, const FlowOf& flow_of) const {
    double cycles = ports(child, flow_of(child));
    for (const SimulatedBoundary& b : seen_.boundaries)
      if (mine(b)) cycles = std::max(cycles, ports(b.parent, flow_of(b.parent)));
    return cycles;
  }
  [[nodiscard]] Flow ends(std::size_t child, std::size_t l, bool first) const {
    Flow flow;
    for (const SimulatedBoundary& b : seen_.boundaries) {
      if (b.child != child) continue;
      const Role r = role(b);
      if (first && b.parent == l) flow.read += bits(l, r, b.first_reads, 0);
      if (first && child == l) flow.write += bits(l, r, b.first_fills, 0);
      if (!first && b.parent == l)
        flow.write += bits(l, r, b.last_updates, b.final_updates > 0 ? b.last_updates : 0);
      if (!first && child == l)
        flow.read += bits(l, r, b.last_drains, b.final_drains > 0 ? b.last_drains : 0);
    }
    return flow;
  }

  void energy() {
    const auto cycles = static_cast<double>(cost_.cycles);
    if (layer_.op.arithmetic() == Arithmetic::multiply_accumulate)
      cost_.mac_energy_pj =
          static_cast<double>(seen_.iterations) *
          accelerator_.engine().mac_energy_pj_at(weight_bits(), layer_.bits.inputs);
    cost_.energy_pj = cost_.mac_energy_pj + cycles *
                                                static_cast<double>(accelerator_.compute_units()) *
                                                accelerator_.engine().leakage_pj_per_cycle;
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      auto& level = cost_.levels[l];
      for (const auto& t : level.operands) {
        const bool drains = accelerator_.fields().counting.count_drain_reads;
        level.energy_pj +=
            levels_[l].read_energy_pj_per_bit *
                static_cast<double>(t.read_bits + (drains ? t.drain_bits : 0)) +
            levels_[l].write_energy_pj_per_bit * static_cast<double>(t.fill_bits + t.update_bits);
        if (l == 0) cost_.dram_bits += t.read_bits + t.update_bits;
      }
      level.leakage_pj =
          levels_[l].leakage_pj_per_cycle * cycles * static_cast<double>(accelerator_.instances(l));
      level.noc_energy_pj = links(l);
      cost_.energy_pj += level.energy_pj + level.noc_energy_pj + level.leakage_pj;
    }
  }

  [[nodiscard]] double links(std::size_t l) const {
    double carried = 0;
    for (const SimulatedBoundary& b : seen_.boundaries) {
      if (b.parent > l || b.child <= l) continue;
      const Role r = role(b);
      const std::int64_t words = b.link_words[l - b.parent];
      const std::int64_t finished = b.link_final_words[l - b.parent];
      carried += static_cast<double>(words - finished) * early(r) +
                 static_cast<double>(finished) * plain(r);
      if (r == Role::outputs) carried += static_cast<double>(b.fills) * early(r);
    }
    return carried * levels_[l].fanout.hop_energy_pj_per_bit;
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  const std::vector<MemoryLevel>& levels_;
  const Simulation& seen_;
  std::vector<std::int64_t> whole_;
  Cost cost_;
};

}  // namespace

Cost derive_cost(const Layer& layer, const Accelerator& accelerator, const Simulation& seen) {
  return Derivation(layer, accelerator, seen).run();
}

bool outputs_overlap(const Layer& layer) {
  for (const Rank& rank : layer.op.output().ranks) {
    std::set<std::int64_t> seen;
    if (rank.terms.size() < 2) continue;
    const AffineTerm& a = rank.terms[0];
    const AffineTerm& b = rank.terms[1];
    for (std::int64_t i = 0; i < layer.op.bound(a.dim); ++i)
      for (std::int64_t j = 0; j < layer.op.bound(b.dim); ++j)
        if (!seen.insert(a.coefficient * i + b.coefficient * j).second) return true;
  }
  return false;
}

}  // namespace hwflow::testing
