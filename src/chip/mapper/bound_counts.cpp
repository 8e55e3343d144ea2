// Word counts of one operand over one boundary: the part of BoundModel that knows loop orders.
#include <algorithm>
#include <cmath>

#include "chip/mapper/bound_geometry.hpp"

namespace hwflow::chip {
namespace {

using Relevance = BoundModel::Relevance;

double ceil_ratio(double a, double b) { return std::ceil(a / b - 1e-9); }

}  // namespace

/// How often each word must cross at least, for the loops that the operand does not have: those
/// outside a loop that replaces the whole tile, and the instances that want their own copy.
double BoundModel::repeats(const OperandTable& operand, const Count& count,
                           const Geometry& g) const {
  std::array<int, kDimCount> repeating;  // innermost level from which loops of the dim repeat words
  repeating.fill(-1);
  bool replaced = false;
  for (LevelIndex l = count.child; l-- > 0;) {
    const bool ordered = g.knows_order(l);
    bool replaced_here = replaced;
    for (const Dim dim : g.candidate.orders[l]) {
      if (g.temporal(l, dim) == 1) continue;
      const std::size_t d = index(dim);
      const Relevance relevance = operand.relevance[d];
      if (relevance == Relevance::plain) {
        if (g.even[d]) replaced_here = true;
      } else if (relevance == Relevance::none && repeating[d] < 0) {
        if (ordered ? replaced_here : replaced) repeating[d] = static_cast<int>(l);
      }
    }
    replaced = replaced_here;
  }
  double result = 1.0;
  for (const Dim dim : space_.dims()) {
    const std::size_t d = index(dim);
    if (operand.relevance[d] != Relevance::none) continue;
    double loops = 1.0, copies = 1.0, together = 1.0;
    for (LevelIndex l = 0; l < count.child; ++l) {
      if (static_cast<int>(l) <= repeating[d]) loops *= g.temporal(l, dim);
      const double spread = g.spatial(l, dim);
      if (count.is_apart(l))
        copies *= spread;
      else if (static_cast<int>(l) < repeating[d])
        together *= spread;
    }
    if (space_.perfect()) {
      result *= loops * copies;
    } else if (repeating[d] >= 0) {
      // Ragged tiles: at least as many visits as cover the dimension.
      const auto tile = g.below_temporal[static_cast<std::size_t>(repeating[d])][d];
      result *= ceil_ratio(static_cast<double>(space_.size(dim)), tile * together);
    }
  }
  return result;
}

/// Exact but for padding in shared words: sum over all tiles of their words, less what successive
/// tiles share at most. 0 where the tiles of a sliding rank are not contiguous or not decided.
double BoundModel::sliding_words(const OperandTable& operand, const Count& count,
                                 const Geometry& g) const {
  if (!space_.perfect() || counting_.fetch_stride_gaps) return 0.0;
  for (LevelIndex l = 0; l < count.child; ++l) {
    if (!g.knows_order(l)) return 0.0;
  }
  std::array<std::int64_t, kDimCount> tile;  // of all instances that count together
  double plain_tile = 1.0, apart = 1.0;
  for (const Dim dim : kDims) {
    const std::size_t d = index(dim);
    tile[d] = g.below_spatial[count.child - 1][d];
    bool split = false;
    for (LevelIndex l = count.child; l-- > 0;) {
      if (l + 1 < count.child) split = split || g.temporal(l + 1, dim) > 1;
      const std::int32_t spread = g.spatial(l, dim);
      if (spread == 1) continue;
      if (count.is_apart(l)) {
        apart *= spread;
      } else if (operand.relevance[d] != Relevance::none) {
        if (split && operand.relevance[d] == Relevance::sliding) return 0.0;
        tile[d] *= spread;
      }
    }
    if (operand.relevance[d] == Relevance::plain) plain_tile *= static_cast<double>(tile[d]);
    if (operand.relevance[d] == Relevance::sliding && !g.knows(dim)) return 0.0;
  }

  constexpr std::size_t kMaxSliding = 8;
  std::array<const RankTable::Entry*, kMaxSliding> entries{};
  std::array<std::int64_t, kMaxSliding> returned{};  // index units that the inner loops jump back
  if (operand.sliding.size() > kMaxSliding) return 0.0;
  double all_tiles = operand.plain_words;
  for (std::size_t r = 0; r < operand.sliding.size(); ++r) {
    const RankTable& rank = operand.sliding[r];
    if (!rank.has_entries()) return 0.0;
    const auto size = [&](std::size_t i) {
      return i < rank.term_count() ? tile[index(rank.term(i).dim)] : std::int64_t{1};
    };
    entries[r] = &rank.entry(size(0), size(1));
    all_tiles *= entries[r]->clipped_sum;
  }
  for (const Dim dim : space_.dims()) {
    if (operand.relevance[index(dim)] != Relevance::none) continue;
    for (LevelIndex l = 0; l < count.child; ++l) {
      if (count.is_apart(l)) all_tiles *= g.spatial(l, dim);
    }
  }

  bool moved = false, plain_moved = false;
  double steps = 1.0, shared = 0.0;  // shared: in units of one turn of all loops
  for (LevelIndex l = count.child; l-- > 0;) {
    for (const Dim dim : g.candidate.orders[l]) {
      const std::int32_t bound = g.temporal(l, dim);
      if (bound == 1) continue;
      const Relevance relevance = operand.relevance[index(dim)];
      if (relevance == Relevance::none && !moved) continue;
      moved = true;
      steps *= bound;
      if (relevance == Relevance::none) all_tiles *= bound;
      const std::int64_t stride = g.below_temporal[l][index(dim)];
      double overlap = plain_moved || relevance == Relevance::plain ? 0.0 : plain_tile;
      for (std::size_t r = 0; r < operand.sliding.size(); ++r) {
        const RankTable& rank = operand.sliding[r];
        std::int64_t step = 0;
        for (std::size_t i = 0; i < rank.term_count(); ++i) {
          if (rank.term(i).dim == dim) step = rank.term(i).coefficient * stride;
        }
        if (overlap > 0.0) overlap *= RankTable::shared(*entries[r], step - returned[r]);
        returned[r] += (bound - 1) * step;
      }
      shared += overlap * (bound - 1) / steps;
      plain_moved = plain_moved || relevance == Relevance::plain;
    }
  }
  return all_tiles - shared * steps * apart;
}

double BoundModel::words(const OperandTable& operand, const Count& count, const Geometry& g) const {
  const double at_least = operand.distinct * repeats(operand, count, g);
  if (operand.sliding.empty()) return at_least;
  return std::max(at_least, sliding_words(operand, count, g));
}

/// Words that cross to compute units that hold nothing: one for every iteration that touches a
/// word, but for the units that want the same word together.
double BoundModel::mac_words(const OperandTable& operand, const Count& count,
                             const Geometry& g) const {
  double together = 1.0;
  for (LevelIndex l = count.parent; l < count.child; ++l) {
    if (count.is_apart(l)) continue;
    const std::int64_t mesh =
        space_.mesh(slot_of(l, SlotKind::x)) * space_.mesh(slot_of(l, SlotKind::y));
    if (mesh == 1) continue;
    double wanted_together = 1.0;
    for (const Dim dim : space_.dims()) {
      if (!g.knows(dim)) wanted_together = static_cast<double>(mesh);
      if (operand.relevance[index(dim)] == Relevance::plain) continue;
      wanted_together *= g.spatial(l, dim);
    }
    together *= std::min(wanted_together, static_cast<double>(mesh));
  }
  return operand.touching / together;
}

/// Instances of `level` that may each see the same output word, at most.
double BoundModel::copies_above(const OperandTable& operand, LevelIndex level,
                                const Geometry& g) const {
  double copies = 1.0;
  for (LevelIndex l = 0; l < level; ++l) {
    const double mesh = static_cast<double>(space_.mesh(slot_of(l, SlotKind::x)) *
                                            space_.mesh(slot_of(l, SlotKind::y)));
    double used = 1.0;
    for (const Dim dim : space_.dims()) {
      if (!g.knows(dim)) used = mesh;
      if (operand.relevance[index(dim)] != Relevance::plain) used *= g.spatial(l, dim);
    }
    copies *= std::min(used, mesh);
  }
  return copies;
}

}  // namespace hwflow::chip
