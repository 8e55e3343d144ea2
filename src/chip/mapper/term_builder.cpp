#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "chip/cost/boundary.hpp"
#include "chip/cost/widths.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {
/// Writes the sums of a layer, term by term.
class TermModel::Builder {
 public:
  explicit Builder(TermModel& model)
      : m_(model),
        levels_(model.accelerator_.levels()),
        rules_(model.accelerator_.fields().counting),
        stalls_(levels_.size()) {
    // A constant cannot be shared out over the instances that work.
    for (const MemoryLevel& level : levels_)
      has_ports_ =
          has_ports_ || level.read_bandwidth_bits_per_cycle || level.write_bandwidth_bits_per_cycle;
  }

  void run() {
    const auto& operands = m_.layer_.op.operands();
    for (std::size_t o = 0; o < operands.size(); ++o) add_operand(o);
    add_limits();
    add_times();
    add_first_tiles();
    for (const auto& [term, index] : index_) m_.terms_[index] = term;
  }

 private:
  using Kind = Factor::Kind;
  /// A count: products and a constant.
  struct Count {
    TermSum sum;
    double fixed = 0.0;
    TermSum cancelled;  ///< the part of `sum` that the negative part of `fixed` never exceeds
    double never = 0.0;
  };

  std::uint32_t index_of(Term term) {
    const auto [entry, is_new] =
        index_.try_emplace(std::move(term), static_cast<std::uint32_t>(index_.size()));
    if (is_new) m_.terms_.resize(index_.size());
    return entry->second;
  }

  Term product(const Factor& factor) const {
    return {std::vector<Part>(m_.compounds_.size(), Part{factor, std::nullopt}), -1};
  }

  bool changes(std::size_t operand, std::size_t compound) const {
    return std::any_of(m_.compounds_[compound].begin(), m_.compounds_[compound].end(),
                       [&](Dim dim) { return !m_.classes_.relevance(operand, dim).relevant; });
  }

  [[nodiscard]] bool is_constant(const Factor& distinct) const {
    for (LevelIndex l = 0; l < distinct.child; ++l)
      if (has_bit(distinct.summed, l) && levels_[l].fanout.instances() > 1) return false;
    return true;
  }

  /// Words along the axes that no loop moves along: 0 where they lie in the padding.
  [[nodiscard]] double share(const Factor& factor) const {
    if (factor.kind == Kind::steps) return 1.0;
    const Operand& operand = m_.layer_.op.operands()[factor.operand];
    double words = 1.0;
    for (const Rank& rank : operand.ranks) {
      const bool moves =
          std::any_of(rank.terms.begin(), rank.terms.end(),
                      [&](const AffineTerm& term) { return m_.layer_.op.bound(term.dim) > 1; });
      if (!moves && !(rules_.fetch_padding && operand.role != Role::outputs))
        words *= static_cast<double>(largest_tile(rank_chain(rank, m_.layer_.op.bounds())));
    }
    return words;
  }

  Count words(const Factor& factor) {
    return {{{index_of(product(factor)), share(factor)}}, 0.0, {}, 0.0};
  }

  /// whole - less, both products and the second never larger, as a sum of products that are never
  /// negative: the compounds change from one to the other one by one.
  Count difference(const Factor& whole, const Factor& less) {
    if (!has_ports_ && is_constant(less)) {
      Count count = words(whole);
      count.never =
          static_cast<double>(touched_words(m_.layer_.op, m_.layer_.op.operands()[whole.operand]));
      count.fixed -= count.never;
      count.cancelled = count.sum;
      return count;
    }
    Count count;
    for (std::size_t c = 0; c < m_.compounds_.size(); ++c) {
      if (!changes(whole.operand, c)) continue;
      Term term = product(whole);
      for (std::size_t before = 0; before < c; ++before)
        if (changes(whole.operand, before)) term.parts[before].whole = less;
      term.parts[c].less = less;
      count.sum.push_back({index_of(std::move(term)), share(whole)});
    }
    return count;
  }

  static void add(Count& to, const Count& count, double factor) {
    for (const TermShare& share : count.sum)
      if (factor != 0.0) to.sum.push_back({share.term, share.coefficient * factor});
    for (const TermShare& share : count.cancelled)
      to.cancelled.push_back({share.term, share.coefficient * factor});
    to.fixed += count.fixed * factor;
    to.never += count.never * factor;
  }

  /// Bits of words of which at most `finished` are finished outputs.
  Count bits(const Factor& whole, const Factor& finished, const Widths& widths) {
    Count count;
    if (widths.finished >= widths.unfinished) {
      add(count, words(whole), static_cast<double>(widths.unfinished));
      return count;
    }
    add(count, difference(whole, finished), static_cast<double>(widths.unfinished));
    add(count, words(finished), static_cast<double>(widths.finished));
    return count;
  }

  void charge(const Count& bits, double pj_per_bit) { add(energy_, bits, pj_per_bit); }

  void pass(LevelIndex level, LevelIndex child, const Count& bits, bool is_read) {
    const bool to_units = child == levels_.size();
    const bool waits = !to_units && !rules_.hide_transfers && !levels_[child].double_buffered;
    auto& ports = waits ? stalls_[child][level] : overlapped_[level];
    add(is_read ? ports.first : ports.second, bits, 1.0);
  }

  void add_operand(std::size_t operand) {
    const Role role = m_.layer_.op.operands()[operand].role;
    for (LevelIndex parent = 0; parent < levels_.size();) {
      const LevelIndex child = next_keeping(m_.accelerator_, role, parent);
      if (role == Role::outputs) {
        add_output(operand, parent, child);
      } else {
        add_input(operand, parent, child);
      }
      parent = child;
    }
  }

  [[nodiscard]] int boundary_of(std::size_t operand, LevelIndex child) const {
    const auto& held = m_.classes_.boundaries();
    for (std::size_t b = 0; b < held.size(); ++b)
      if (held[b].operand == operand && held[b].child == child) return static_cast<int>(b);
    return -1;
  }

  template <class IsSummed>
  Factor factor(Kind kind, std::size_t operand, LevelIndex parent, LevelIndex child,
                const IsSummed& is_summed) const {
    Factor result{kind, operand, parent, child, boundary_of(operand, child), 0};
    for (LevelIndex l = 0; l < child; ++l)
      if (levels_[l].fanout.instances() > 1 && is_summed(l)) result.summed |= std::uint32_t{1} << l;
    if (kind != Kind::tile) result.parent = 0;
    return result;
  }

  void add_input(std::size_t o, LevelIndex parent, LevelIndex child) {
    const Widths widths(m_.layer_, m_.layer_.op.operands()[o].role);
    const auto alone = [&](LevelIndex l) { return l < parent || !levels_[l].fanout.multicast; };
    const auto every = [](LevelIndex) { return true; };
    const auto above = static_cast<double>(widths.at(levels_[parent]).unfinished);
    Count reads;
    add(reads, words(factor(Kind::moved, o, parent, child, alone)), above);
    charge(reads, levels_[parent].read_energy_pj_per_bit);
    pass(parent, child, reads, true);
    if (parent == 0) add(dram_, reads, 1.0);
    if (child < levels_.size()) {
      const auto below = static_cast<double>(widths.at(levels_[child]).unfinished);
      Count fills;
      add(fills, words(factor(Kind::moved, o, parent, child, every)), below);
      charge(fills, levels_[child].write_energy_pj_per_bit);
      pass(child, child, fills, false);
    }
    add_links(o, parent, child, widths);
  }

  void add_output(std::size_t o, LevelIndex parent, LevelIndex child) {
    const Widths widths(m_.layer_, Role::outputs);
    const auto above = [&](LevelIndex l) { return l < parent; };
    const auto apart = [&](LevelIndex l) {
      return l < parent || !levels_[l].fanout.spatial_reduction;
    };
    const auto every = [](LevelIndex) { return true; };
    const Factor updates = factor(Kind::moved, o, parent, child, apart);
    const Factor distinct = factor(Kind::distinct, o, parent, child, above);
    const Widths at_parent = widths.at(levels_[parent]);
    const Count arriving = bits(updates, distinct, at_parent);
    charge(arriving, levels_[parent].write_energy_pj_per_bit);
    pass(parent, child, arriving, false);
    Count reads;
    add(reads, rules_.skip_first_partial_sum_read ? difference(updates, distinct) : words(updates),
        static_cast<double>(at_parent.unfinished));
    charge(reads, levels_[parent].read_energy_pj_per_bit);
    pass(parent, child, reads, true);
    if (parent == 0) {
      add(dram_, arriving, 1.0);
      add(dram_, reads, 1.0);
    }
    const Factor drains = factor(Kind::moved, o, parent, child, every);
    Factor back = factor(Kind::moved, o, parent, child, above);
    Factor back_distinct = distinct;
    if (rules_.read_back_to_all) {
      back = drains;
      back_distinct = factor(Kind::distinct, o, parent, child, every);
    }
    Count read_back;
    add(read_back,
        rules_.skip_first_partial_sum_read ? difference(back, back_distinct) : words(back), 1.0);
    if (child < levels_.size()) {
      const Widths at_child = widths.at(levels_[child]);
      Count fills;
      add(fills, read_back, static_cast<double>(at_child.unfinished));
      charge(fills, levels_[child].write_energy_pj_per_bit);
      pass(child, child, fills, false);
      const Count leaving = bits(drains, distinct, at_child);
      if (rules_.count_drain_reads) charge(leaving, levels_[child].read_energy_pj_per_bit);
      pass(child, child, leaving, true);
    }
    add_links(o, parent, child, widths);
    for (LevelIndex f = parent; f < child; ++f)
      charge(read_back,
             static_cast<double>(widths.unfinished) * levels_[f].fanout.hop_energy_pj_per_bit);
  }

  void add_links(std::size_t o, LevelIndex parent, LevelIndex child, const Widths& widths) {
    const bool leaves = m_.layer_.op.operands()[o].role == Role::outputs;
    for (LevelIndex f = parent; f < child; ++f) {
      const double hop = levels_[f].fanout.hop_energy_pj_per_bit;
      if (hop == 0.0) continue;
      const auto alone = [&](LevelIndex l) {
        const Fanout& fanout = levels_[l].fanout;
        return l <= f || !(leaves ? fanout.spatial_reduction : fanout.multicast);
      };
      const Factor link = factor(Kind::moved, o, parent, child, alone);
      const int narrowest = static_cast<int>(std::min(widths.finished, widths.unfinished));
      Count bits_moved;
      add(bits_moved, words(link), narrowest);
      charge(bits_moved, hop);
    }
  }

  void add_limits() {
    for (LevelIndex l = 0; l < levels_.size(); ++l) {
      const MemoryLevel& level = levels_[l];
      Count shared;
      const auto& operands = m_.layer_.op.operands();
      std::array<Count, kRoleCount> of_role;
      for (std::size_t o = 0; o < operands.size(); ++o) {
        const Role role = operands[o].role;
        if (!level.keeps.contains(role)) continue;
        const int width = std::min(bits_of(m_.layer_.bits, role),
                                   role == Role::outputs ? m_.layer_.bits.partial_sums : 1 << 20);
        Count tile;
        add(tile, words(factor(Kind::tile, o, l, l, [](LevelIndex) { return true; })),
            width * (level.double_buffered ? 2.0 : 1.0));
        add(level.partition_bits[index(role)] ? of_role[index(role)] : shared, tile, 1.0);
      }
      for (const Role role : kRoles)
        if (const auto& room = level.partition_bits[index(role)]; room)
          m_.sums_.limits.push_back({of_role[index(role)].sum, static_cast<double>(*room)});
      if (level.capacity_bits)
        m_.sums_.limits.push_back({shared.sum, static_cast<double>(*level.capacity_bits)});
    }
  }

  /// The same terms, shared out over the instances of a level that work.
  TermSum per_instance(const TermSum& sum, LevelIndex level, double factor) {
    TermSum shared;
    for (const TermShare& share : sum) {
      Term term = term_of(share.term);
      term.divided_by = static_cast<int>(level);
      shared.push_back({index_of(std::move(term)), share.coefficient * factor});
    }
    return shared;
  }

  Term term_of(std::uint32_t wanted) const {
    for (const auto& [term, index] : index_)
      if (index == wanted) return term;
    return {};
  }

  void add_ports(LevelIndex level, const std::pair<Count, Count>& port,
                 std::vector<TermSum>& group) {
    const MemoryLevel& l = levels_[level];
    const auto slots = [&](const Count& count, double bandwidth) {
      return per_instance(count.sum, level, 1.0 / bandwidth);
    };
    if (l.shared_port) {
      if (!l.read_bandwidth_bits_per_cycle) return;
      TermSum both = slots(port.first, *l.read_bandwidth_bits_per_cycle);
      const TermSum write = slots(port.second, *l.read_bandwidth_bits_per_cycle);
      both.insert(both.end(), write.begin(), write.end());
      group.push_back(std::move(both));
      return;
    }
    if (l.read_bandwidth_bits_per_cycle)
      group.push_back(slots(port.first, *l.read_bandwidth_bits_per_cycle));
    if (l.write_bandwidth_bits_per_cycle)
      group.push_back(slots(port.second, *l.write_bandwidth_bits_per_cycle));
  }

  void add_times() {
    const auto rate = compute_rate(m_.layer_, m_.accelerator_.engine());
    HWFLOW_CHECK(rate.has_value(), "the engine can compute the layer");
    Factor steps;
    steps.child = levels_.size();
    std::vector<TermSum> overlapped{
        {{index_of(product(steps)),
          static_cast<double>(rate->rate.cycles) / static_cast<double>(rate->rate.macs)}}};
    for (const auto& [level, port] : overlapped_) add_ports(level, port, overlapped);
    m_.sums_.cycles.push_back(std::move(overlapped));
    for (const auto& ports : stalls_) {
      std::vector<TermSum> group;
      for (const auto& [level, port] : ports) add_ports(level, port, group);
      if (!group.empty()) m_.sums_.cycles.push_back(std::move(group));
    }
    m_.sums_.energy = std::move(energy_.sum);
    m_.sums_.never_read = std::move(energy_.cancelled);
    m_.sums_.never_read_pj = energy_.never;
    m_.sums_.fixed_energy_pj =
        energy_.fixed + static_cast<double>(m_.layer_.op.macs()) * rate->mac_energy_pj;
    m_.sums_.dram_bits = std::move(dram_.sum);
    m_.sums_.fixed_dram_bits = dram_.fixed;
    double leakage = m_.accelerator_.engine().leakage_pj_per_cycle *
                     static_cast<double>(m_.accelerator_.compute_units());
    for (LevelIndex l = 0; l < levels_.size(); ++l)
      leakage +=
          levels_[l].leakage_pj_per_cycle * static_cast<double>(m_.accelerator_.instances(l));
    m_.sums_.leakage_pj_per_cycle = leakage;
  }

  /// The first tiles into a double buffer and the last ones out of it wait for nothing: more cycles
  /// than the sums have. No sum needs these terms, but what has no larger ones waits no longer.
  void add_first_tiles() {
    if (!has_ports_ || rules_.hide_transfers) return;
    for (std::size_t o = 0; o < m_.layer_.op.operands().size(); ++o)
      for (LevelIndex parent = 0; parent < levels_.size();) {
        const LevelIndex child =
            next_keeping(m_.accelerator_, m_.layer_.op.operands()[o].role, parent);
        if (child < levels_.size() && levels_[child].double_buffered) {
          m_.waits_for_first_tiles_ = true;
          for (const LevelIndex above : {parent, child}) {
            Factor tile = factor(Kind::tile, o, parent, child, [](LevelIndex) { return true; });
            tile.parent = above;
            (void)index_of(product(tile));
          }
        }
        parent = child;
      }
  }

  TermModel& m_;
  const std::vector<MemoryLevel>& levels_;
  const CountingRules& rules_;
  bool has_ports_ = false;  ///< some bandwidth is limited
  std::map<Term, std::uint32_t> index_;
  Count energy_, dram_;
  /// Bits that are read and written at each level's port: overlapped with compute, and per child
  /// level that waits for its transfers.
  std::map<LevelIndex, std::pair<Count, Count>> overlapped_;
  std::vector<std::map<LevelIndex, std::pair<Count, Count>>> stalls_;
};

void TermModel::write_sums() { Builder(*this).run(); }

}  // namespace hwflow::chip
