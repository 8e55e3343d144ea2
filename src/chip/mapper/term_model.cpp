#include "chip/mapper/term_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "chip/cost/boundary.hpp"
#include "chip/cost/widths.hpp"

namespace hwflow::chip {
namespace {

constexpr std::uint32_t kAllLevels = ~std::uint32_t{0};

bool has_bit(std::uint32_t set, LevelIndex level) { return ((set >> level) & 1U) != 0; }

bool is_single(const Rank& rank, const Operator& op) {
  return std::count_if(rank.terms.begin(), rank.terms.end(), [&](const AffineTerm& term) {
           return op.bound(term.dim) > 1;
         }) < 2;
}

}  // namespace

/// The loops that move along one axis of an operand, above the child, outermost first.
struct TermModel::Loops {
  std::vector<ChainLoop> all;
  std::array<std::int64_t, 2> tile{1, 1};  ///< of the child, per term of the rank
  std::size_t run = 0;                     ///< innermost temporal loops that keep words
};

/// Writes the sums of a layer, term by term.
class TermModel::Builder {
 public:
  explicit Builder(TermModel& model)
      : m_(model),
        levels_(model.accelerator_.levels()),
        rules_(model.accelerator_.fields().counting),
        read_(levels_.size()),
        write_(levels_.size()),
        stalls_(levels_.size()) {
    // A constant cannot be shared out over the instances that work.
    for (const MemoryLevel& level : levels_)
      has_ports_ = has_ports_ || level.read_bandwidth_bits_per_cycle ||
                   level.write_bandwidth_bits_per_cycle;
  }

  void run() {
    const auto& operands = m_.layer_.op.operands();
    for (std::size_t o = 0; o < operands.size(); ++o) add_operand(o);
    add_limits();
    add_times();
    for (const auto& [term, index] : index_) m_.terms_[index] = term;
  }

 private:
  using Kind = Factor::Kind;
  /// Bits that pass the two sides of a level's port: for overlapped traffic, and per child level
  /// that waits for its transfers.
  struct Port {
    TermSum read, write;
    double fixed_read = 0.0, fixed_write = 0.0;
  };
  /// A count: products and a constant.
  struct Count {
    TermSum sum;
    double fixed = 0.0;
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
          std::any_of(rank.terms.begin(), rank.terms.end(), [&](const AffineTerm& term) {
            return m_.layer_.op.bound(term.dim) > 1;
          });
      if (!moves && !(rules_.fetch_padding && operand.role != Role::outputs))
        words *= static_cast<double>(largest_tile(rank_chain(rank, m_.layer_.op.bounds())));
    }
    return words;
  }

  Count words(const Factor& factor) {
    return {{{index_of(product(factor)), share(factor)}}, 0.0};
  }

  /// whole - less, both products and the second never larger, as a sum of products that are never
  /// negative: the compounds change from one to the other one by one.
  Count difference(const Factor& whole, const Factor& less) {
    if (!has_ports_ && is_constant(less)) {
      Count count = words(whole);
      count.fixed -= static_cast<double>(
          touched_words(m_.layer_.op, m_.layer_.op.operands()[whole.operand]));
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
    to.fixed += count.fixed * factor;
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
      if (levels_[l].fanout.instances() > 1 && is_summed(l))
        result.summed |= std::uint32_t{1} << l;
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
    add(read_back, rules_.skip_first_partial_sum_read ? difference(back, back_distinct)
                                                      : words(back),
        1.0);
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
    for (LevelIndex f = parent; f < child; ++f) {
      if (levels_[f].fanout.instances() == 1) continue;
      charge(read_back,
             static_cast<double>(widths.unfinished) * levels_[f].fanout.hop_energy_pj_per_bit);
    }
  }

  void add_links(std::size_t o, LevelIndex parent, LevelIndex child, const Widths& widths) {
    const bool leaves = m_.layer_.op.operands()[o].role == Role::outputs;
    for (LevelIndex f = parent; f < child; ++f) {
      const double hop = levels_[f].fanout.hop_energy_pj_per_bit;
      if (levels_[f].fanout.instances() == 1 || hop == 0.0) continue;
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
        {{index_of(product(steps)), static_cast<double>(rate->rate.cycles) /
                                        static_cast<double>(rate->rate.macs)}}};
    for (const auto& [level, port] : overlapped_) add_ports(level, port, overlapped);
    m_.sums_.cycles.push_back(std::move(overlapped));
    for (const auto& ports : stalls_) {
      std::vector<TermSum> group;
      for (const auto& [level, port] : ports) add_ports(level, port, group);
      if (!group.empty()) m_.sums_.cycles.push_back(std::move(group));
    }
    m_.sums_.energy = std::move(energy_.sum);
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

  TermModel& m_;
  const std::vector<MemoryLevel>& levels_;
  const CountingRules& rules_;
  bool has_ports_ = false;  ///< some bandwidth is limited
  std::map<Term, std::uint32_t> index_;
  Count energy_, dram_;
  std::vector<Count> read_, write_;
  std::map<LevelIndex, std::pair<Count, Count>> overlapped_;
  std::vector<std::map<LevelIndex, std::pair<Count, Count>>> stalls_;
};

TermModel::TermModel(const Layer& layer, const Accelerator& accelerator)
    : layer_(layer), accelerator_(accelerator), classes_(layer, accelerator) {
  make_compounds();
  for (const Operand& operand : layer.op.operands()) {
    std::vector<std::optional<Dim>> row;
    for (const Rank& rank : operand.ranks) row.push_back(plain_dim(rank, operand.role));
    plain_.push_back(std::move(row));
  }
  Builder(*this).run();
}

std::optional<Dim> TermModel::plain_dim(const Rank& rank, Role role) const {
  if (!is_single(rank, layer_.op)) return std::nullopt;
  std::optional<Dim> dim;
  std::int64_t step = 1;
  for (const AffineTerm& term : rank.terms) {
    if (dim && layer_.op.bound(term.dim) == 1) continue;
    dim = term.dim;
    step = term.coefficient;
  }
  if (!dim) return std::nullopt;
  const std::int64_t last = rank.offset + step * (layer_.op.bound(*dim) - 1);
  const CountingRules& rules = accelerator_.fields().counting;
  const bool boxes = role != Role::outputs && (rules.fetch_stride_gaps || rules.box_tiles);
  const bool inside = rank.offset >= 0 && last < rank.extent;
  if ((boxes && step > 1) || (!inside && (role == Role::outputs || !rules.fetch_padding)))
    return std::nullopt;
  return dim;
}

void TermModel::make_compounds() {
  std::array<std::size_t, kDimCount> group{};
  for (const Dim dim : kDims) group[index(dim)] = index(dim);
  for (const Operand& operand : layer_.op.operands()) {
    for (const Rank& rank : operand.ranks) {
      if (is_single(rank, layer_.op)) continue;
      const std::size_t a = group[index(rank.terms[0].dim)];
      const std::size_t b = group[index(rank.terms[1].dim)];
      for (std::size_t& g : group)
        if (g == std::max(a, b)) g = std::min(a, b);
    }
  }
  for (const Dim first : kDims) {
    Compound compound;
    for (const Dim dim : kDims)
      if (group[index(dim)] == index(first) && layer_.op.bound(dim) > 1) compound.push_back(dim);
    if (!compound.empty()) compounds_.push_back(compound);
  }
}

std::string TermModel::key_of(const Factor& factor, const LoopClass& loop_class,
                              std::size_t c) const {
  std::string key;
  if (factor.boundary < 0 || factor.kind == Factor::Kind::tile ||
      factor.kind == Factor::Kind::distinct)
    return key;
  const BoundaryOrder& order = loop_class.boundaries[static_cast<std::size_t>(factor.boundary)];
  for (const Dim dim : compounds_[c]) {
    key += static_cast<char>(order.repeats[index(dim)] & 0xFF);
    key += static_cast<char>(order.repeats[index(dim)] >> 8);
  }
  if (order.still_inside) key += '.';
  if (order.run.empty()) key += '0';
  for (const LoopPlace& place : order.run)
    if (std::find(compounds_[c].begin(), compounds_[c].end(), place.dim) != compounds_[c].end())
      key += {static_cast<char>(index(place.dim)), static_cast<char>(place.level)};
  return key;
}

std::string TermModel::column_key(std::size_t term, const LoopClass& loop_class,
                                  std::size_t c) const {
  const Part& part = terms_[term].parts[c];
  std::string key = key_of(part.whole, loop_class, c);
  if (part.less) key += '-' + key_of(*part.less, loop_class, c);
  return key;
}

std::string TermModel::profile(const LoopClass& loop_class, std::size_t c) const {
  std::string key;
  for (const Dim dim : compounds_[c])
    for (const DimSet absent : loop_class.absent) key += (absent & set_of(dim)) != 0 ? '-' : '+';
  for (const BoundaryOrder& order : loop_class.boundaries) {
    for (const Dim dim : compounds_[c]) {
      key += static_cast<char>(order.repeats[index(dim)] & 0xFF);
      key += static_cast<char>(order.repeats[index(dim)] >> 8);
    }
    std::size_t in_run = 0;
    for (const LoopPlace& place : order.run) {
      if (std::find(compounds_[c].begin(), compounds_[c].end(), place.dim) == compounds_[c].end())
        break;
      key += {static_cast<char>(index(place.dim)), static_cast<char>(place.level)};
      ++in_run;
    }
    if (in_run > 0 && order.still_inside) key += '.';
    if (order.run.empty()) key += '0';
    key += '|';
  }
  return key;
}

bool TermModel::allows(const LoopClass& loop_class, std::size_t c,
                       const FactorChoice& choice) const {
  for (std::size_t d = 0; d < compounds_[c].size(); ++d)
    for (LevelIndex l = 0; l < loop_class.absent.size(); ++l)
      if ((loop_class.absent[l] & set_of(compounds_[c][d])) != 0 &&
          choice.loops[d][slot_of(l, SlotKind::temporal)] > 1)
        return false;
  return true;
}

std::span<const LoopPlace> TermModel::run_of(const Factor& factor, const LoopClass& loop_class) const {
  if (factor.boundary < 0 || factor.kind == Factor::Kind::tile) return {};
  return loop_class.boundaries[static_cast<std::size_t>(factor.boundary)].run;
}

/// Dimensions of a compound outermost first: those of the run innermost, in its order.
static std::vector<Dim> temporal_order(std::span<const LoopPlace> run, LevelIndex level,
                                       const Compound& compound) {
  std::vector<Dim> order;
  for (const LoopPlace& place : run)
    if (place.level == level) order.push_back(place.dim);
  for (const Dim dim : compound)
    if (std::find(order.begin(), order.end(), dim) == order.end()) order.push_back(dim);
  std::reverse(order.begin(), order.end());
  return order;
}

bool TermModel::forwards(const Factor& factor) const {
  const auto& levels = accelerator_.levels();
  const LevelIndex parent = classes_.boundaries()[static_cast<std::size_t>(factor.boundary)].parent;
  return std::any_of(levels.begin() + static_cast<std::ptrdiff_t>(parent),
                     levels.begin() + static_cast<std::ptrdiff_t>(factor.child),
                     [](const MemoryLevel& level) { return level.fanout.forwarding; });
}

double TermModel::rank_value(const Factor& factor, const LoopClass& loop_class, std::size_t axis,
                             const Compound& compound, const FactorChoice& choice) const {
  const Operand& operand = layer_.op.operands()[factor.operand];
  const Rank& rank = operand.ranks[axis];
  const CountingRules& rules = accelerator_.fields().counting;
  const bool is_output = operand.role == Role::outputs;
  Loops loops;
  std::array<std::int64_t, 2> tile{1, 1};
  for (std::size_t t = 0; t < rank.terms.size(); ++t) tile[t] = layer_.op.bound(rank.terms[t].dim);
  const auto term_of = [&](Dim dim) {
    for (std::size_t t = 0; t < rank.terms.size(); ++t)
      if (rank.terms[t].dim == dim) return static_cast<int>(t);
    return -1;
  };
  const auto put = [&](int term, std::int32_t bound, LevelIndex level, bool spatial) {
    if (bound == 1) return;
    auto& size = tile[static_cast<std::size_t>(term)];
    size = (size + bound - 1) / bound;
    loops.all.push_back({term, spatial, spatial && has_bit(factor.summed, level), size, bound});
  };
  const std::span<const LoopPlace> run = run_of(factor, loop_class);
  for (LevelIndex l = 0; l < factor.child; ++l) {
    for (const Dim dim : temporal_order(run, l, compound)) {
      const auto d = std::find(compound.begin(), compound.end(), dim) - compound.begin();
      if (term_of(dim) >= 0)
        put(term_of(dim), choice.loops[static_cast<std::size_t>(d)][slot_of(l, SlotKind::temporal)],
            l, false);
    }
    for (const SlotKind kind : {SlotKind::y, SlotKind::x})
      for (std::size_t i = compound.size(); i-- > 0;)
        if (term_of(compound[i]) >= 0)
          put(term_of(compound[i]), choice.loops[i][slot_of(l, kind)], l, true);
  }
  loops.tile = tile;
  for (const LoopPlace& place : run) {
    const auto d = std::find(compound.begin(), compound.end(), place.dim) - compound.begin();
    if (d == static_cast<std::ptrdiff_t>(compound.size())) break;
    if (choice.loops[static_cast<std::size_t>(d)][slot_of(place.level, SlotKind::temporal)] > 1)
      ++loops.run;
  }
  if (rules.box_tiles && !is_output && factor.boundary >= 0 &&
      factor.kind == Factor::Kind::moved) {
    const bool still =
        loop_class.boundaries[static_cast<std::size_t>(factor.boundary)].still_inside;
    return box_words(loops, rank, !still && forwards(factor));
  }
  if (rules.box_tiles && !is_output && factor.kind == Factor::Kind::tile) {
    std::int64_t length = 1;
    for (std::size_t t = 0; t < rank.terms.size(); ++t)
      length += rank.terms[t].coefficient * (tile[t] - 1);
    return static_cast<double>(length);
  }
  Chain chain = rank_chain(rank, layer_.op.bounds());
  if (!is_output) {
    chain.bounding_box = rules.fetch_stride_gaps;
    chain.whole_tiles = !rules.halo_reuse;
    if (rules.fetch_padding) {
      chain.low = chain.offset;
      chain.high = chain.offset + chain.coefficient[0] * (chain.bound[0] - 1) +
                   chain.coefficient[1] * (chain.bound[1] - 1) + 1;
    }
  }
  chain.loops = loops.all;
  chain.forwarding = !is_output && factor.boundary >= 0 && forwards(factor);
  if (factor.kind == Factor::Kind::tile) return static_cast<double>(largest_tile(chain));
  if (factor.kind == Factor::Kind::distinct) return static_cast<double>(count_distinct(chain));
  const int temporal = chain.temporal_loops();
  const Side side = is_output ? Side::leave : Side::enter;
  std::int64_t words = count_cut(chain, {temporal, false}, side).whole;
  std::int64_t kept = 0;
  for (std::size_t i = 0; i < loops.run; ++i)
    kept += count_cut(chain, {temporal - 1 - static_cast<int>(i), true}, side).kept;
  if (factor.boundary < 0 || loops.run == 0) return static_cast<double>(words - kept);
  // Orders that the class does not tell apart may keep these as well.
  std::int64_t spare = 0;
  const int outer = temporal - static_cast<int>(loops.run);
  spare = count_cut(chain, {outer, false}, side).kept;
  for (int i = 0; i < outer; ++i) spare += count_cut(chain, {i, true}, side).kept;
  return static_cast<double>(std::max<std::int64_t>(0, words - kept - spare));
}

double TermModel::box_words(const Loops& loops, const Rank& rank, bool forwarding) const {
  std::int64_t length = 1;
  for (std::size_t t = 0; t < rank.terms.size(); ++t)
    length += rank.terms[t].coefficient * (loops.tile[t] - 1);
  struct Step {
    std::int64_t shift, trips;
  };
  std::array<Step, 2 * kMaxMapperLevels> steps;  // outermost first
  std::size_t count = 0;
  std::array<Step, 4 * kMaxMapperLevels> spread;
  std::size_t spreads = 0;
  double copies = 1.0;
  for (const ChainLoop& loop : loops.all) {
    const Step step{rank.terms[static_cast<std::size_t>(loop.term)].coefficient * loop.tile,
                    loop.trips};
    if (!loop.spatial) {
      steps[count++] = step;
    } else if (loop.summed) {
      copies *= static_cast<double>(loop.trips);
    } else {
      spread[spreads++] = step;
    }
  }
  std::vector<std::int64_t> offsets;
  double all = 1.0;
  if (spreads == 1) {
    all = static_cast<double>(spread[0].trips);
  } else if (spreads > 1) {
    offsets = {0};
    for (std::size_t s = 0; s < spreads; ++s) {
      const std::size_t had = offsets.size();
      for (std::int64_t i = 1; i < spread[s].trips; ++i)
        for (std::size_t o = 0; o < had; ++o) offsets.push_back(offsets[o] + i * spread[s].shift);
    }
    std::sort(offsets.begin(), offsets.end());
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
    all = static_cast<double>(offsets.size());
  }
  const auto served = [&](std::int64_t shift) {
    if (spreads == 1) {
      const bool reaches = shift % spread[0].shift == 0 &&
                           std::abs(shift / spread[0].shift) < spread[0].trips;
      return reaches ? static_cast<double>(std::abs(shift / spread[0].shift)) : all;
    }
    std::size_t alone = 0;
    for (const std::int64_t offset : offsets)
      alone += std::binary_search(offsets.begin(), offsets.end(), offset + shift) ? 0 : 1;
    return static_cast<double>(alone);
  };
  // What enters with each loop of the run: nothing, what a slide brings, or the whole length.
  const std::size_t first = count - loops.run;
  std::array<std::int64_t, 2 * kMaxMapperLevels> shift{}, entering{};
  std::int64_t inside = 0;
  for (std::size_t j = loops.run; j-- > 0;) {
    const std::int64_t step = steps[first + j].shift, slide = steps[count - 1].shift;
    shift[j] = step - inside;
    inside += step;
    entering[j] = shift[j] == 0 ? 0 : shift[j] == slide ? std::min(slide, length) : length;
  }
  double outside = 1.0;
  for (std::size_t i = 0; i < first; ++i) outside *= static_cast<double>(steps[i].trips);
  double words = static_cast<double>(length) * all;
  // Visits of loop j after one that brought in `before`: equal boxes may come from a neighbour.
  const auto add = [&](std::size_t j, std::int64_t before, double visits) {
    const bool may_forward = forwarding && spreads > 0 && before == entering[j];
    words += visits * static_cast<double>(entering[j]) * (may_forward ? served(shift[j]) : all);
  };
  double visits = 1.0;
  for (std::size_t j = 0; j + 1 < loops.run; ++j) {
    const auto turns = static_cast<double>(steps[first + j].trips - 1);
    add(j, entering[loops.run - 1], visits * turns);
    add(loops.run - 1, entering[j],
        visits * turns * static_cast<double>(steps[count - 1].trips - 1));
    visits *= static_cast<double>(steps[first + j].trips);
  }
  if (loops.run > 0) add(loops.run - 1, length, static_cast<double>(steps[count - 1].trips - 1));
  return words * outside * copies;
}

double TermModel::turns(Dim dim, const DimLoops& loops, LevelIndex child, std::uint32_t temporal,
                        std::uint32_t summed) const {
  double product = 1.0;
  Chain chain;
  chain.relevant = false;
  chain.bound[0] = layer_.op.bound(dim);
  int free = 0;
  std::int64_t tile = chain.bound[0];
  bool ragged = false;
  for (std::size_t slot = 0; slot < slot_of(child, SlotKind::temporal); ++slot) {
    const std::int32_t bound = loops[slot];
    if (bound == 1) continue;
    const bool spatial = kind_of(slot) != SlotKind::temporal;
    const bool counts = has_bit(spatial ? summed : temporal, level_of(slot));
    if (counts) product *= static_cast<double>(bound);
    if (counts && !spatial) ++free;
    ragged = ragged || tile % bound != 0;
    tile = (tile + bound - 1) / bound;
    chain.loops.push_back({0, spatial, counts && spatial, tile, bound});
  }
  if (!ragged) return product;
  return static_cast<double>(count_cut(chain, {free, false}, Side::enter).whole);
}

double TermModel::plain_value(const Factor& factor, std::size_t axis, const Compound& compound,
                              const FactorChoice& choice) const {
  const auto& plain = plain_[factor.operand][axis];
  if (!plain) return 0.0;
  if (factor.kind != Factor::Kind::tile) return static_cast<double>(layer_.op.bound(*plain));
  const auto d = static_cast<std::size_t>(std::find(compound.begin(), compound.end(), *plain) -
                                          compound.begin());
  std::int64_t tile = layer_.op.bound(*plain);
  for (std::size_t slot = 0; slot < slot_of(factor.child, SlotKind::temporal); ++slot) {
    const std::int64_t bound = choice.loops[d][slot];
    if (bound > 1) tile = (tile + bound - 1) / bound;
  }
  return static_cast<double>(tile);
}

double TermModel::value(const Factor& factor, const LoopClass& loop_class, std::size_t c,
                        const FactorChoice& choice) const {
  const Compound& compound = compounds_[c];
  double value = 1.0;
  if (factor.kind == Factor::Kind::steps) {
    for (std::size_t d = 0; d < compound.size(); ++d)
      value *= turns(compound[d], choice.loops[d], factor.child, kAllLevels, 0);
    return value;
  }
  for (std::size_t d = 0; d < compound.size(); ++d) {
    const Dim dim = compound[d];
    if (classes_.relevance(factor.operand, dim).relevant || factor.kind == Factor::Kind::tile)
      continue;
    std::uint32_t repeating = kAllLevels;
    if (factor.kind == Factor::Kind::distinct) {
      repeating = 0;
    } else if (factor.boundary >= 0) {
      repeating =
          loop_class.boundaries[static_cast<std::size_t>(factor.boundary)].repeats[index(dim)];
    }
    value *= turns(dim, choice.loops[d], factor.child, repeating, factor.summed);
  }
  const Operand& operand = layer_.op.operands()[factor.operand];
  for (std::size_t axis = 0; axis < operand.ranks.size(); ++axis) {
    const bool here = std::any_of(
        operand.ranks[axis].terms.begin(), operand.ranks[axis].terms.end(),
        [&](const AffineTerm& term) {
          return std::find(compound.begin(), compound.end(), term.dim) != compound.end();
        });
    if (!here) continue;
    const double plain = plain_value(factor, axis, compound, choice);
    value *= plain > 0.0 ? plain : rank_value(factor, loop_class, axis, compound, choice);
  }
  return value;
}

std::vector<double> TermModel::column(std::size_t term, const LoopClass& loop_class, std::size_t c,
                                      const std::vector<FactorChoice>& choices) const {
  const Part& part = terms_[term].parts[c];
  std::vector<double> column(choices.size());
  for (std::size_t i = 0; i < choices.size(); ++i) {
    double value = this->value(part.whole, loop_class, c, choices[i]);
    if (part.less) value -= this->value(*part.less, loop_class, c, choices[i]);
    if (const int level = terms_[term].divided_by; level > 0)
      for (std::size_t d = 0; d < compounds_[c].size(); ++d)
        value /= turns(compounds_[c][d], choices[i].loops[d], static_cast<LevelIndex>(level), 0,
                       kAllLevels);
    column[i] = value;
  }
  return column;
}

}  // namespace hwflow::chip
