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

bool is_single(const Rank& rank, const Operator& op) {
  return std::count_if(rank.terms.begin(), rank.terms.end(),
                       [&](const AffineTerm& term) { return op.bound(term.dim) > 1; }) < 2;
}

}  // namespace

TermModel::TermModel(const Layer& layer, const Accelerator& accelerator)
    : layer_(layer), accelerator_(accelerator), classes_(layer, accelerator) {
  make_compounds();
  for (const Operand& operand : layer.op.operands()) {
    std::vector<std::optional<Dim>> row;
    for (const Rank& rank : operand.ranks) row.push_back(plain_dim(rank, operand.role));
    plain_.push_back(std::move(row));
  }
  write_sums();
}

void TermModel::keep_dram_only() {
  CostSums left;
  left.dram_bits = std::move(sums_.dram_bits);
  left.fixed_dram_bits = sums_.fixed_dram_bits;
  left.limits = std::move(sums_.limits);
  std::map<std::uint32_t, std::uint32_t> number;
  std::vector<Term> terms;
  const auto number_of = [&](std::uint32_t term) {
    const auto [entry, is_new] = number.try_emplace(term, static_cast<std::uint32_t>(terms.size()));
    if (is_new) terms.push_back(terms_[term]);
    return entry->second;
  };
  const auto renumber = [&](TermSum& sum) {
    for (TermShare& share : sum) share.term = number_of(share.term);
  };
  renumber(left.dram_bits);
  for (CostSums::Limit& limit : left.limits) renumber(limit.sum);
  // Sums on their way take more room than finished ones, which the limits do not tell apart: what
  // stands in for another may not have more of them anywhere.
  const auto output = static_cast<std::size_t>(&layer_.op.output() - layer_.op.operands().data());
  for (std::uint32_t t = 0; t < terms_.size(); ++t)
    if (layer_.bits.partial_sums > layer_.bits.outputs &&
        std::any_of(terms_[t].parts.begin(), terms_[t].parts.end(),
                    [&](const Part& part) { return part.whole.operand == output; }))
      (void)number_of(t);
  sums_ = std::move(left);
  terms_ = std::move(terms);
  waits_for_first_tiles_ = false;
}

bool TermModel::is_exact() const {
  // Boxes are written with their gaps, and as sliding.
  const CountingRules& rules = accelerator_.fields().counting;
  if (rules.box_tiles && !(rules.fetch_stride_gaps && rules.halo_reuse)) return false;
  for (const Rank& rank : layer_.op.output().ranks)
    if (!is_single(rank, layer_.op)) return false;
  return std::all_of(compounds_.begin(), compounds_.end(),
                     [](const Compound& compound) { return compound.size() <= 2; });
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

std::uint32_t TermModel::flaws(std::size_t c, const FactorChoice& choice) const {
  constexpr std::uint32_t kRagged = std::uint32_t{1} << 31;
  const auto& levels = accelerator_.levels();
  const bool tells_finished = layer_.bits.outputs < layer_.bits.partial_sums;
  const bool forwards = accelerator_.fields().counting.box_tiles &&
                        std::any_of(levels.begin(), levels.end(), [](const MemoryLevel& level) {
                          return level.fanout.forwarding;
                        });
  std::uint32_t bits = 0;
  for (std::size_t d = 0; d < compounds_[c].size(); ++d) {
    const Dim dim = compounds_[c][d];
    const bool adds = tells_finished && accumulates(layer_.op, dim);
    std::int64_t tile = layer_.op.bound(dim);
    for (std::size_t slot = 0; slot < slot_of(levels.size(), SlotKind::temporal); ++slot) {
      const std::int32_t bound = choice.loops[d][slot];
      if (bound == 1) continue;
      if (adds && kind_of(slot) != SlotKind::temporal) bits |= std::uint32_t{1} << level_of(slot);
      if (forwards && tile % bound != 0) bits |= kRagged;
      tile = (tile + bound - 1) / bound;
    }
  }
  return bits;
}

std::span<const LoopPlace> TermModel::run_of(const Factor& factor,
                                             const LoopClass& loop_class) const {
  if (factor.boundary < 0 || factor.kind == Factor::Kind::tile) return {};
  return loop_class.boundaries[static_cast<std::size_t>(factor.boundary)].run;
}

bool TermModel::forwards(const Factor& factor) const {
  const auto& levels = accelerator_.levels();
  const LevelIndex parent = classes_.boundaries()[static_cast<std::size_t>(factor.boundary)].parent;
  return std::any_of(levels.begin() + static_cast<std::ptrdiff_t>(parent),
                     levels.begin() + static_cast<std::ptrdiff_t>(factor.child),
                     [](const MemoryLevel& level) { return level.fanout.forwarding; });
}

LevelIndex TermModel::loosest_level() const {
  LevelIndex level = 0;
  for (const Term& term : terms_)
    for (std::size_t c = 0; c < compounds_.size(); ++c) {
      const Factor& factor = term.parts[c].whole;
      if (factor.kind == Factor::Kind::moved && factor.boundary >= 0 &&
          (!accelerator_.fields().counting.box_tiles || forwards(factor)) &&
          !joint_axes(factor, compounds_[c]).empty())
        level = std::max(level, factor.child);
    }
  return level;
}

bool TermModel::has_unknown_waits(std::size_t c) const {
  if (!waits_for_first_tiles_) return false;
  const auto& operands = layer_.op.operands();
  for (std::size_t o = 0; o < operands.size(); ++o)
    for (std::size_t axis = 0; axis < operands[o].ranks.size(); ++axis)
      if (operands[o].role != Role::outputs && !plain_[o][axis] &&
          std::any_of(operands[o].ranks[axis].terms.begin(), operands[o].ranks[axis].terms.end(),
                      [&](const AffineTerm& term) {
                        return std::find(compounds_[c].begin(), compounds_[c].end(), term.dim) !=
                               compounds_[c].end();
                      }))
        return true;
  return false;
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
    if (kind_of(slot) != SlotKind::temporal && level_of(slot) >= factor.parent) continue;
    if (bound > 1) tile = (tile + bound - 1) / bound;
  }
  return static_cast<double>(tile);
}

double TermModel::axis_value(const Factor& factor, const LoopClass& loop_class, std::size_t axis,
                             const Compound& compound, const FactorChoice& choice) const {
  const double plain = plain_value(factor, axis, compound, choice);
  if (plain > 0.0) return plain;
  return rank_words(factor, axis_places(factor, loop_class, axis, compound), choice).least;
}

/// Axes of the operand that both dimensions of a compound move along.
std::vector<std::size_t> TermModel::joint_axes(const Factor& factor,
                                               const Compound& compound) const {
  std::vector<std::size_t> axes;
  if (factor.kind == Factor::Kind::steps) return axes;
  const auto& ranks = layer_.op.operands()[factor.operand].ranks;
  for (std::size_t axis = 0; axis < ranks.size(); ++axis) {
    const auto here = std::count_if(compound.begin(), compound.end(), [&](Dim dim) {
      return std::any_of(ranks[axis].terms.begin(), ranks[axis].terms.end(),
                         [&](const AffineTerm& term) { return term.dim == dim; });
    });
    if (here > 1) axes.push_back(axis);
  }
  return axes;
}

/// The part of a factor that depends on one dimension of a compound alone.
double TermModel::own_value(const Factor& factor, const LoopClass& loop_class,
                            const Compound& compound, std::size_t d,
                            const FactorChoice& choice) const {
  const Dim dim = compound[d];
  if (factor.kind == Factor::Kind::steps)
    return turns(dim, choice.loops[d], factor.child, kAllLevels, 0);
  double value = 1.0;
  if (!classes_.relevance(factor.operand, dim).relevant && factor.kind != Factor::Kind::tile) {
    std::uint32_t repeating = kAllLevels;
    if (factor.kind == Factor::Kind::distinct) {
      repeating = 0;
    } else if (factor.boundary >= 0) {
      repeating =
          loop_class.boundaries[static_cast<std::size_t>(factor.boundary)].repeats[index(dim)];
    }
    value *= turns(dim, choice.loops[d], factor.child, repeating, factor.summed);
  }
  const auto& ranks = layer_.op.operands()[factor.operand].ranks;
  for (std::size_t axis = 0; axis < ranks.size(); ++axis) {
    bool moves = false, others = false;
    for (const AffineTerm& term : ranks[axis].terms) {
      moves = moves || term.dim == dim;
      others = others || (term.dim != dim &&
                          std::find(compound.begin(), compound.end(), term.dim) != compound.end());
    }
    if (moves && !others) value *= axis_value(factor, loop_class, axis, compound, choice);
  }
  return value;
}

/// One value per choice. What depends on one dimension is found once for every way to cut it, what
/// depends on both once for every pair of loops above the child.
TermModel::Column TermModel::values(const Factor& factor, const LoopClass& loop_class,
                                    std::size_t c, const FactorChoices& choices) const {
  const Compound& compound = compounds_[c];
  std::array<std::vector<double>, 2> own;
  for (std::size_t d = 0; d < compound.size(); ++d) {
    const auto& [of_chain, example] = choices.above(d, factor.child);
    std::vector<double> of_number;
    for (const std::uint32_t i : example) {
      FactorChoice choice;
      choice.loops[d] = choices.chains(d)[i];
      of_number.push_back(own_value(factor, loop_class, compound, d, choice));
    }
    for (const std::uint32_t number : of_chain) own[d].push_back(of_number[number]);
  }
  Column column;
  column.values.assign(choices.size(), 1.0);
  for (std::size_t d = 0; d < compound.size(); ++d)
    for (std::size_t i = 0; i < choices.size(); ++i) column.values[i] *= own[d][choices.pair(i)[d]];
  std::vector<AxisPlaces> axes;
  for (const std::size_t axis : joint_axes(factor, compound))
    axes.push_back(axis_places(factor, loop_class, axis, compound));
  if (axes.empty()) return column;
  const auto& first = choices.above(0, factor.child);
  const auto& second = choices.above(1, factor.child);
  for (AxisPlaces& places : axes)
    places.ragged = &ragged_[{factor.operand, places.axis, factor.child, factor.summed}];
  const std::size_t pairs = first.example.size() * second.example.size();
  for (const AxisPlaces& places : axes)
    for (std::vector<std::uint32_t>& words : *places.ragged) {
      if (words.size() != pairs) words.assign(pairs, 0);  // of another list
    }
  std::vector<RankWords> joint(first.example.size() * second.example.size(), {-1.0, 0.0});
  const bool may_be_loose = factor.kind == Factor::Kind::moved && factor.boundary >= 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const auto [a, b] = choices.pair(i);
    const std::size_t pair = first.of_chain[a] * second.example.size() + second.of_chain[b];
    RankWords& known = joint[pair];
    if (known.least < 0.0) {
      known = {1.0, 0.0};
      for (const AxisPlaces& places : axes) {
        const RankWords words = rank_words(factor, places, choices[i], pair);
        known.least *= words.least;
        known.spare += words.spare;
      }
    }
    column.values[i] *= known.least;
    if (!may_be_loose || known.spare <= 0.0) continue;
    column.loose.resize(choices.size());
    column.loose[i] = static_cast<std::uint8_t>(factor.child);
  }
  return column;
}

TermModel::Column TermModel::column(std::size_t term, const LoopClass& loop_class, std::size_t c,
                                    const FactorChoices& choices) const {
  const Part& part = terms_[term].parts[c];
  Column column = values(part.whole, loop_class, c, choices);
  if (part.less) {
    const Column less = values(*part.less, loop_class, c, choices);
    for (std::size_t i = 0; i < choices.size(); ++i) column.values[i] -= less.values[i];
  }
  if (const int level = terms_[term].divided_by; level > 0) {
    std::array<std::vector<double>, 2> working;
    for (std::size_t d = 0; d < compounds_[c].size(); ++d)
      for (const DimLoops& loops : choices.chains(d))
        working[d].push_back(
            turns(compounds_[c][d], loops, static_cast<LevelIndex>(level), 0, kAllLevels));
    for (std::size_t i = 0; i < choices.size(); ++i)
      for (std::size_t d = 0; d < compounds_[c].size(); ++d)
        column.values[i] /= working[d][choices.pair(i)[d]];
  }
  return column;
}

}  // namespace hwflow::chip
