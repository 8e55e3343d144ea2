#include "chip/cost/boundary.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "chip/cost/box_traffic.hpp"
#include "chip/cost/ragged_boxes.hpp"

namespace hwflow::chip {
namespace {

void apply_rules(Chain& chain, const Operand& operand, const CountingRules& rules) {
  if (operand.role == Role::outputs) return;
  chain.bounding_box = rules.fetch_stride_gaps;
  chain.whole_tiles = !rules.halo_reuse;
  if (!rules.fetch_padding && !rules.box_tiles) return;
  chain.low = chain.offset;
  chain.high = chain.offset + chain.coefficient[0] * (chain.bound[0] - 1) +
               chain.coefficient[1] * (chain.bound[1] - 1) + 1;
}

/// Is every pair of indices along a rank of two dimensions a word of its own? Then the words of a
/// tile are a product over the two, as over ranks, and each is a chain by itself.
bool is_separable(const Chain& chain, const Rank& rank, const DimArray& bounds) {
  if (chain.bound[0] == 1 || chain.bound[1] == 1 || chain.bounding_box) return false;
  const std::int64_t last = chain.offset + chain.coefficient[0] * (chain.bound[0] - 1) +
                            chain.coefficient[1] * (chain.bound[1] - 1);
  return chain.offset >= chain.low && last < chain.high && !collides(rank, bounds);
}

/// One dimension of a separable chain.
Chain along(const Chain& pair, std::int64_t bound) {
  Chain chain = pair;
  chain.bound = {bound, 1};
  chain.coefficient = {1, 0};
  chain.offset = chain.low = 0;
  chain.high = bound;
  return chain;
}

/// Are tiles boxes of different sizes? Outputs that overlap are counted word by word.
bool counts_ragged_boxes(const OperandNest& place) {
  if (!place.accelerator.fields().counting.box_tiles || !is_ragged(place.nest)) return false;
  const auto& ranks = place.operand.ranks;
  return place.operand.role != Role::outputs ||
         std::none_of(ranks.begin(), ranks.end(),
                      [&](const Rank& rank) { return collides(rank, place.nest.bounds); });
}

/// The chains of an operand with the loops above a child.
class Chains {
 public:
  template <class IsSummed>
  Chains(const OperandNest& place, LevelIndex child, const IsSummed& is_summed) {
    OperandChains made =
        operand_chains(place.nest.bounds, place.operand, place.accelerator.fields().counting);
    chains_ = std::move(made.chains);
    are_boxes_ = counts_ragged_boxes(place);
    for (Chain& chain : chains_) {
      chain.boxes = are_boxes_;
      chain.whole_tiles |= are_boxes_ && place.operand.role == Role::outputs;
    }
    for (const NestLoop& loop : place.nest.loops) {
      if (loop.level >= child) break;
      const OperandChains::Home home = made.home[index(loop.dim)];
      const bool summed = loop.spatial && is_summed(loop.level);
      chains_[home.chain].loops.push_back({home.term, loop.spatial, summed, loop.tile, loop.trips});
      if (!loop.spatial) temporal_.push_back(home.chain);
    }
  }

  void forward() {
    for (Chain& chain : chains_) chain.forwarding = true;
  }

  [[nodiscard]] std::int64_t first(Side side) const {
    std::int64_t words = 1;
    for (const Chain& chain : chains_) words *= count_cut(chain, {0, false}, side).whole;
    return words;
  }

  /// Words that move over all transitions, the first fetch or the last drain included.
  /// Going from one loop to the next inward changes the cut of one chain only.
  [[nodiscard]] std::int64_t moved(Side side) const {
    if (are_boxes_) return RaggedBoxes(chains_, temporal_).moved();
    std::vector<int> free(chains_.size(), 0);
    std::vector<CutCounts> still(chains_.size());
    std::int64_t words = 1;
    for (std::size_t i = 0; i < chains_.size(); ++i) {
      still[i] = count_cut(chains_[i], {0, false}, side);
      words *= still[i].whole;
    }
    for (const std::size_t stepping : temporal_) {
      CutCounts product = count_cut(chains_[stepping], {free[stepping], true}, side);
      for (std::size_t i = 0; i < chains_.size(); ++i) {
        if (i == stepping) continue;
        product.whole *= still[i].whole;
        product.kept *= still[i].kept;
      }
      words += product.whole - product.kept;
      still[stepping] = count_cut(chains_[stepping], {++free[stepping], false}, side);
    }
    return words;
  }

  /// Words of the tiles of all iterations: what moves when nothing is held.
  [[nodiscard]] std::int64_t touched() const {
    std::int64_t words = 1;
    for (const Chain& chain : chains_)
      words *= count_cut(chain, {chain.temporal_loops(), false}, Side::enter).whole;
    return words;
  }

  [[nodiscard]] std::int64_t distinct() const {
    std::int64_t words = 1;
    for (const Chain& chain : chains_) words *= count_distinct(chain);
    return words;
  }

  [[nodiscard]] std::int64_t largest() const {
    std::int64_t words = 1;
    for (const Chain& chain : chains_) words *= largest_tile(chain);
    return words;
  }

 private:
  std::vector<Chain> chains_;
  std::vector<std::size_t> temporal_;  ///< chain of every temporal loop, outermost first
  bool are_boxes_ = false;             ///< RaggedBoxes count what moves
};

std::int64_t moved_words(const Chains& chains, const Boundary& boundary, Side side) {
  return boundary.unheld ? chains.touched() : chains.moved(side);
}

/// Weights and inputs: are tiles boxes of one size?
bool counts_even_boxes(const OperandNest& place, const Boundary& boundary) {
  return place.accelerator.fields().counting.box_tiles && !boundary.unheld &&
         place.operand.role != Role::outputs && !is_ragged(place.nest);
}

BoundaryTraffic fetch_traffic(const OperandNest& place, const Boundary& boundary) {
  if (counts_even_boxes(place, boundary)) return box_fetch_traffic(place, boundary);
  const auto& levels = place.accelerator.levels();
  const auto alone = [&](LevelIndex level) {
    return level < boundary.parent || !levels[level].fanout.multicast;
  };
  Chains group(place, boundary.child, alone);
  const Chains each(place, boundary.child, [](LevelIndex) { return true; });
  BoundaryTraffic traffic;
  traffic.reads = moved_words(group, boundary, Side::enter);
  traffic.first_reads = group.first(Side::enter);
  // The words that enter the units themselves belong to no level.
  const bool to_units = boundary.child == levels.size();
  traffic.fills = to_units ? 0 : moved_words(each, boundary, Side::enter);
  traffic.first_fills = to_units ? 0 : each.first(Side::enter);
  const bool forwards =
      std::any_of(levels.begin() + static_cast<std::ptrdiff_t>(boundary.parent),
                  levels.begin() + static_cast<std::ptrdiff_t>(boundary.child),
                  [](const MemoryLevel& level) { return level.fanout.forwarding; });
  if (!forwards || boundary.unheld || counts_ragged_boxes(place)) return traffic;
  group.forward();
  const std::int64_t without = traffic.reads;
  traffic.reads = group.moved(Side::enter);
  traffic.forwarded = without - traffic.reads;
  return traffic;
}

/// Can several instances in the given levels hold partial sums of one output?
template <class InRange>
bool shares_outputs(const OperandNest& place, const InRange& in_range) {
  return std::any_of(place.nest.loops.begin(), place.nest.loops.end(), [&](const NestLoop& loop) {
    return loop.spatial && in_range(loop.level) && accumulates(place.op, loop.dim);
  });
}

BoundaryTraffic drain_traffic(const OperandNest& place, const Boundary& boundary) {
  const auto& levels = place.accelerator.levels();
  const auto above = [&](LevelIndex level) { return level < boundary.parent; };
  const auto apart = [&](LevelIndex level) {
    return above(level) || !levels[level].fanout.spatial_reduction;
  };
  const Chains events(place, boundary.child, above);
  const Chains arriving(place, boundary.child, apart);
  const Chains each(place, boundary.child, [](LevelIndex) { return true; });
  BoundaryTraffic traffic;
  const std::int64_t distinct = events.distinct();
  const CountingRules& rules = place.accelerator.fields().counting;
  const std::int64_t moved = moved_words(events, boundary, Side::leave);
  const bool only = rules.skip_only_update_read && moved == distinct;
  const bool skips = rules.skip_first_partial_sum_read || only;
  const std::int64_t skipped = skips ? distinct : 0;
  traffic.updates = moved_words(arriving, boundary, Side::leave);
  traffic.drains = moved_words(each, boundary, Side::leave);
  traffic.reads = traffic.updates - skipped;
  traffic.fills =
      rules.read_back_to_all ? traffic.drains - (skips ? each.distinct() : 0) : moved - skipped;
  traffic.last_updates = arriving.first(Side::leave);
  traffic.last_drains = each.first(Side::leave);
  if (shares_outputs(place, above)) return traffic;
  const auto inside = [&](LevelIndex level) { return !above(level) && level < boundary.child; };
  const auto merged_above = [&](LevelIndex level) { return inside(level) && apart(level); };
  if (!shares_outputs(place, merged_above)) traffic.final_updates = distinct;
  if (!shares_outputs(place, inside)) traffic.final_drains = distinct;
  return traffic;
}

}  // namespace

OperandChains operand_chains(const DimArray& bounds, const Operand& operand,
                             const CountingRules& rules) {
  OperandChains made;
  std::array<bool, kDimCount> has_home{};
  for (const Rank& rank : operand.ranks) {
    Chain chain = rank_chain(rank, bounds);
    apply_rules(chain, operand, rules);
    const bool is_box = rules.box_tiles && operand.role != Role::outputs;
    const bool apart = !is_box && is_separable(chain, rank, bounds);
    for (std::size_t t = 0; t < rank.terms.size(); ++t) {
      const bool alone = apart && t > 0;
      const std::size_t d = index(rank.terms[t].dim);
      made.home[d] = {made.chains.size() + (alone ? 1 : 0), alone ? 0 : static_cast<int>(t)};
      has_home[d] = true;
    }
    if (!apart) {
      made.chains.push_back(chain);
      continue;
    }
    for (const std::int64_t bound : chain.bound) made.chains.push_back(along(chain, bound));
  }
  for (const Dim dim : kDims) {
    if (has_home[index(dim)] || bounds[index(dim)] == 1) continue;
    made.home[index(dim)] = {made.chains.size(), 0};
    Chain chain;
    chain.relevant = false;
    chain.bound[0] = bounds[index(dim)];
    made.chains.push_back(chain);
  }
  return made;
}

BoundaryTraffic boundary_traffic(const OperandNest& place, const Boundary& boundary) {
  return place.operand.role == Role::outputs ? drain_traffic(place, boundary)
                                             : fetch_traffic(place, boundary);
}

LinkWords link_words(const OperandNest& place, const Boundary& boundary, LevelIndex fanout_level) {
  const auto& levels = place.accelerator.levels();
  const bool leaves = place.operand.role == Role::outputs;
  const auto alone = [&](LevelIndex level) {
    const Fanout& fanout = levels[level].fanout;
    return level <= fanout_level || !(leaves ? fanout.spatial_reduction : fanout.multicast);
  };
  if (counts_even_boxes(place, boundary)) return {box_link_words(place, boundary, alone), 0};
  const Chains chains(place, boundary.child, alone);
  LinkWords link{moved_words(chains, boundary, leaves ? Side::leave : Side::enter), 0};
  const auto unmerged = [&](LevelIndex level) { return level < boundary.child && alone(level); };
  if (leaves && !shares_outputs(place, unmerged)) link.final_words = chains.distinct();
  return link;
}

std::int64_t tile_words(const OperandNest& place, LevelIndex level) {
  return Chains(place, level, [](LevelIndex) { return true; }).largest();
}

// a*x = b*y needs x to be a multiple of b/gcd and y of a/gcd: both ranges must be that long.
bool collides(const Rank& rank, const DimArray& bounds) {
  if (rank.terms.size() < 2) return false;
  const AffineTerm& a = rank.terms[0];
  const AffineTerm& b = rank.terms[1];
  const std::int64_t shared = std::gcd(a.coefficient, b.coefficient);
  return b.coefficient / shared < bounds[index(a.dim)] &&
         a.coefficient / shared < bounds[index(b.dim)];
}

Chain rank_chain(const Rank& rank, const DimArray& bounds) {
  Chain chain;
  chain.offset = rank.offset;
  chain.high = rank.extent;
  for (std::size_t t = 0; t < rank.terms.size(); ++t) {
    chain.bound[t] = bounds[index(rank.terms[t].dim)];
    chain.coefficient[t] = rank.terms[t].coefficient;
  }
  return chain;
}

std::int64_t touched_words(const Operator& op, const Operand& operand) {
  std::int64_t words = 1;
  for (const Rank& rank : operand.ranks) words *= largest_tile(rank_chain(rank, op.bounds()));
  return words;
}

bool accumulates(const Operator& op, Dim dim) {
  if (op.bound(dim) == 1) return false;
  for (const Rank& rank : op.output().ranks) {
    const bool has_dim = std::any_of(rank.terms.begin(), rank.terms.end(),
                                     [&](const AffineTerm& term) { return term.dim == dim; });
    if (has_dim) return collides(rank, op.bounds());
  }
  return true;
}

}  // namespace hwflow::chip
