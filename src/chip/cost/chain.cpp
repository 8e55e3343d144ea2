#include "chip/cost/chain.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "chip/cost/word_set.hpp"

namespace hwflow::chip {
namespace {

constexpr std::size_t kMaxLoops = 64;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
/// Rounds towards minus infinity; b > 0.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -ceil_div(-a, b);
}

std::size_t slot(int term) { return static_cast<std::size_t>(term); }

bool one_dimension(const Chain& chain) { return chain.bound[0] == 1 || chain.bound[1] == 1; }

/// Smallest and one past the largest word index of a tile, before cutting to [low, high).
std::int64_t first_word(const Chain& chain, const Tile& tile) {
  return chain.offset + chain.coefficient[0] * tile.start[0] + chain.coefficient[1] * tile.start[1];
}
std::int64_t end_word(const Chain& chain, const Tile& tile) {
  return first_word(chain, tile) + chain.coefficient[0] * (tile.length[0] - 1) +
         chain.coefficient[1] * (tile.length[1] - 1) + 1;
}

/// Are the words of a tile consecutive?
bool is_dense(const Chain& chain, const Tile& tile) {
  if (chain.bounding_box) return true;
  const bool turns0 = tile.length[0] > 1;
  const bool turns1 = tile.length[1] > 1;
  if (!turns0 && !turns1) return true;
  if (!turns1) return chain.coefficient[0] == 1;
  if (!turns0) return chain.coefficient[1] == 1;
  return (chain.coefficient[0] == 1 && chain.coefficient[1] <= tile.length[0]) ||
         (chain.coefficient[1] == 1 && chain.coefficient[0] <= tile.length[1]);
}

std::int64_t overlap(std::int64_t a0, std::int64_t a1, std::int64_t b0, std::int64_t b1) {
  return std::max<std::int64_t>(0, std::min(a1, b1) - std::max(a0, b0));
}

void add_tile(WordSet& set, const Chain& chain, const Tile& tile) {
  const std::int64_t first = first_word(chain, tile);
  if (is_dense(chain, tile)) return set.add_range(first, end_word(chain, tile));
  for (std::int64_t i = 0; i < tile.length[0]; ++i)
    for (std::int64_t j = 0; j < tile.length[1]; ++j)
      set.add(first + chain.coefficient[0] * i + chain.coefficient[1] * j);
}

/// Words of a tile whose chain moves along one dimension only, or that is dense.
std::int64_t count_words_simply(const Chain& chain, const Tile& tile) {
  const std::int64_t first = first_word(chain, tile);
  const std::int64_t end = end_word(chain, tile);
  if (is_dense(chain, tile)) return overlap(first, end, chain.low, chain.high);
  const std::size_t t = tile.length[0] > 1 ? 0 : 1;
  const std::int64_t step = chain.coefficient[t];
  const std::int64_t from =
      std::max<std::int64_t>(0, ceil_div(std::max<std::int64_t>(0, chain.low - first), step));
  const std::int64_t to = std::min(tile.length[t], floor_div(chain.high - 1 - first, step) + 1);
  return std::max<std::int64_t>(0, to - from);
}

std::int64_t count_words(const Chain& chain, const Tile& tile) {
  if (!chain.relevant) return 1;
  if (is_dense(chain, tile) || tile.length[0] == 1 || tile.length[1] == 1)
    return count_words_simply(chain, tile);
  WordSet set(chain.low, chain.high);
  add_tile(set, chain, tile);
  return set.size();
}

/// Walks the values of the loops that a cut leaves free; calls the leaf with the number of equal
/// cases. Equal cases (tiles that lie alike, away from padding and ragged ends) are visited once.
class CutWalk {
 public:
  CutWalk(const Chain& chain, Cut cut, Side side)
      : chain_(chain), cut_(cut), side_(side), a_(0, 0), b_(a_), all_(a_), moved_(a_), held_(a_) {
    HWFLOW_CHECK(chain.loops.size() <= kMaxLoops, "more loops than a chain can hold");
    classify();
  }

  CutCounts run() {
    descend(0, whole(), 1);
    return counts_;
  }

  std::int64_t run_largest() {
    largest_only_ = true;
    descend(0, whole(), 1);
    return counts_.whole;
  }

 private:
  enum class Kind : std::uint8_t { fixed, steps, wraps };

  [[nodiscard]] Tile whole() const { return {{0, 0}, {chain_.bound[0], chain_.bound[1]}}; }

  void classify() {
    std::array<std::int64_t, 2> tile = chain_.bound;
    int seen = 0;
    for (std::size_t i = 0; i < chain_.loops.size(); ++i) {
      const ChainLoop& loop = chain_.loops[i];
      kind_[i] = Kind::fixed;
      if (!loop.spatial) {
        if (seen >= cut_.free)
          kind_[i] = cut_.steps && seen == cut_.free ? Kind::steps : Kind::wraps;
        ++seen;
      }
      if (tile[slot(loop.term)] % loop.tile != 0) ragged_ = true;
      tile[slot(loop.term)] = loop.tile;
      if (loop.spatial && !loop.summed && !grouped_) first_grouped_ = i;
      grouped_ = grouped_ || first_grouped_ == i;
      if (kind_[i] != Kind::fixed) first_moving_ = std::min(first_moving_, i);
    }
    const Tile all = whole();
    unclipped_ = !chain_.relevant ||
                 (first_word(chain_, all) >= chain_.low && end_word(chain_, all) <= chain_.high);
  }

  void descend(std::size_t at, const Tile& box, std::int64_t weight) {
    if (at == chain_.loops.size()) return leaf(weight);
    const ChainLoop& loop = chain_.loops[at];
    index_[at] = 0;
    const bool first_only = kind_[at] == Kind::wraps || (loop.spatial && !loop.summed);
    if (first_only) return descend(at + 1, narrowed(box, loop, 0), weight);
    visit_values(at, box, weight);
  }

  void visit_values(std::size_t at, const Tile& box, std::int64_t weight) {
    const ChainLoop& loop = chain_.loops[at];
    const std::int64_t length = box.length[slot(loop.term)];
    const std::int64_t trips = ceil_div(length, loop.tile);
    for (std::int64_t v = kind_[at] == Kind::steps ? 1 : 0; v < trips;) {
      const std::int64_t run = alike(at, box, v);
      index_[at] = v;
      descend(at + 1, narrowed(box, loop, v), weight * run);
      v += run;
    }
  }

  static Tile narrowed(Tile box, const ChainLoop& loop, std::int64_t value) {
    const std::size_t t = slot(loop.term);
    box.start[t] += value * loop.tile;
    box.length[t] = std::min(loop.tile, box.length[t] - value * loop.tile);
    return box;
  }

  /// How many values from `v` on give the same counts as `v`.
  [[nodiscard]] std::int64_t alike(std::size_t at, const Tile& box, std::int64_t v) const {
    const ChainLoop& loop = chain_.loops[at];
    const std::int64_t full = box.length[slot(loop.term)] / loop.tile;
    if (v >= full) return 1;
    if (!chain_.relevant) return full - v;
    if (ragged_ && (loop.spatial || grouped_)) return 1;
    if (unclipped_) return full - v;
    // Below a grouped loop the box shows one instance only; behind a moving loop, one tile of two.
    if (at > first_grouped_ || (loop.spatial && at > first_moving_)) return 1;
    const std::int64_t end = std::min(full, unclipped_end(box, loop));
    const std::int64_t lowest = kind_[at] == Kind::steps ? v - 1 : v;
    if (lowest < unclipped_begin(box, loop) || v >= end) return 1;
    return end - v;
  }

  /// Values of a loop for which the whole tile below it lies within [low, high).
  [[nodiscard]] std::int64_t unclipped_begin(const Tile& box, const ChainLoop& loop) const {
    const std::int64_t pitch = chain_.coefficient[slot(loop.term)] * loop.tile;
    return -floor_div(first_word(chain_, box) - chain_.low, pitch);
  }
  [[nodiscard]] std::int64_t unclipped_end(const Tile& box, const ChainLoop& loop) const {
    const std::int64_t pitch = chain_.coefficient[slot(loop.term)] * loop.tile;
    return floor_div(chain_.high - end_word(chain_, narrowed(box, loop, 0)), pitch) + 1;
  }

  void leaf(std::int64_t weight) {
    if (!chain_.relevant) {
      counts_.whole += weight;
      counts_.kept += weight;
      return;
    }
    if (largest_only_) {
      Tile tile;
      if (current(tile)) counts_.whole = std::max(counts_.whole, count_words(chain_, tile));
      return;
    }
    if (one_dimension(chain_)) return leaf_of_one_dimension(weight);
    if (!grouped_) return leaf_of_one_instance(weight);
    leaf_of_group(weight);
  }

  /// Tiles along one dimension are the same or disjoint, in time and across instances.
  void leaf_of_one_dimension(std::int64_t weight) {
    const auto visit = [&](const Tile& cur, const Tile& prev) {
      const std::int64_t words = count_words(chain_, side_ == Side::enter ? cur : prev);
      counts_.whole += weight * words;
      if (cur == prev) counts_.kept += weight * words;
    };
    for_each_instance(visit);
  }

  void leaf_of_one_instance(std::int64_t weight) {
    Tile cur, prev;
    if (!current(cur)) return;
    previous(prev);
    if (!is_dense(chain_, cur) || !is_dense(chain_, prev) || chain_.whole_tiles)
      return leaf_of_group(weight);
    const Tile& from = side_ == Side::enter ? cur : prev;
    counts_.whole += weight * count_words(chain_, from);
    const std::int64_t begin = std::max(first_word(chain_, cur), first_word(chain_, prev));
    const std::int64_t end = std::min(end_word(chain_, cur), end_word(chain_, prev));
    counts_.kept += weight * overlap(begin, end, chain_.low, chain_.high);
  }

  void leaf_of_group(std::int64_t weight) {
    if (!sized_) a_ = b_ = all_ = moved_ = held_ = WordSet(chain_.low, chain_.high);
    sized_ = true;
    all_.clear();
    moved_.clear();
    held_.clear();
    const auto visit = [&](const Tile& cur, const Tile& prev) {
      a_.clear();
      b_.clear();
      add_tile(a_, chain_, side_ == Side::enter ? cur : prev);
      add_tile(b_, chain_, side_ == Side::enter ? prev : cur);
      all_.unite(a_);
      held_.unite(b_);
      if (chain_.whole_tiles && a_ != b_) b_.clear();
      moved_.unite_difference(a_, b_);
    };
    for_each_instance(visit);
    if (chain_.forwarding) moved_.subtract(held_);
    const std::int64_t words = all_.size();
    counts_.whole += weight * words;
    counts_.kept += weight * (words - moved_.size());
  }

  /// Calls visit(current tile, previous tile) for every instance of the group that has work.
  template <class Visit>
  void for_each_instance(const Visit& visit) {
    Tile cur, prev;
    bool more = true;
    while (more) {
      if (current(cur)) {
        previous(prev);
        visit(cur, prev);
      }
      more = next_instance();
    }
  }

  /// Advances the values of the grouped spatial loops as an odometer; false after the last.
  bool next_instance() {
    for (std::size_t i = chain_.loops.size(); i-- > 0;) {
      const ChainLoop& loop = chain_.loops[i];
      if (!loop.spatial || loop.summed) continue;
      if (++index_[i] < loop.trips) return true;
      index_[i] = 0;
    }
    return false;
  }

  [[nodiscard]] bool current(Tile& tile) const {
    tile = whole();
    for (std::size_t i = 0; i < chain_.loops.size(); ++i) {
      const ChainLoop& loop = chain_.loops[i];
      if (index_[i] * loop.tile >= tile.length[slot(loop.term)]) return false;
      tile = narrowed(tile, loop, index_[i]);
    }
    return true;
  }

  /// The tile that the instance held before; it exists whenever the current one does.
  void previous(Tile& tile) const {
    tile = whole();
    for (std::size_t i = 0; i < chain_.loops.size(); ++i) {
      const ChainLoop& loop = chain_.loops[i];
      std::int64_t value = index_[i];
      if (kind_[i] == Kind::steps) --value;
      if (kind_[i] == Kind::wraps) value = last_value(i, tile.length[slot(loop.term)]);
      tile = narrowed(tile, loop, value);
    }
  }

  /// Last iteration of a loop over `length` elements in which this instance has work.
  [[nodiscard]] std::int64_t last_value(std::size_t at, std::int64_t length) const {
    const std::int64_t tile = chain_.loops[at].tile;
    const std::int64_t last = ceil_div(length, tile) - 1;
    if (last == 0 || has_work(at + 1, chain_.loops[at].term, length - last * tile)) return last;
    return last - 1;
  }

  [[nodiscard]] bool has_work(std::size_t at, int term, std::int64_t length) const {
    for (std::size_t i = at; i < chain_.loops.size(); ++i) {
      const ChainLoop& loop = chain_.loops[i];
      if (loop.term != term) continue;
      const std::int64_t skipped = loop.spatial ? index_[i] * loop.tile : 0;
      if (skipped >= length) return false;
      length = std::min(loop.tile, length - skipped);
    }
    return true;
  }

  const Chain& chain_;
  Cut cut_;
  Side side_;
  bool ragged_ = false;     ///< some tile is smaller than its like
  bool grouped_ = false;    ///< some spatial loop is not summed
  bool unclipped_ = false;  ///< no word of any tile lies in the padding
  std::size_t first_grouped_ = kMaxLoops, first_moving_ = kMaxLoops;  ///< loops
  bool largest_only_ = false;
  bool sized_ = false;  ///< the sets below span the words of the chain
  std::array<Kind, kMaxLoops> kind_{};
  std::array<std::int64_t, kMaxLoops> index_{};
  CutCounts counts_;
  WordSet a_, b_, all_, moved_, held_;
};

}  // namespace

int Chain::temporal_loops() const {
  return static_cast<int>(std::count_if(loops.begin(), loops.end(),
                                        [](const ChainLoop& loop) { return !loop.spatial; }));
}

CutCounts count_cut(const Chain& chain, Cut cut, Side side) {
  return CutWalk(chain, cut, side).run();
}

std::int64_t largest_tile(const Chain& chain) {
  if (!chain.relevant) return 1;
  Chain single = chain;
  for (ChainLoop& loop : single.loops) loop.summed = true;
  return CutWalk(single, {single.temporal_loops(), false}, Side::enter).run_largest();
}

std::int64_t count_distinct(const Chain& chain) {
  const bool summed = std::any_of(chain.loops.begin(), chain.loops.end(),
                                  [](const ChainLoop& loop) { return loop.summed; });
  if (!chain.relevant) return count_cut(chain, {0, false}, Side::enter).whole;
  if (!summed || one_dimension(chain))
    return count_words(chain, {{0, 0}, {chain.bound[0], chain.bound[1]}});
  // Time becomes one more dimension to unite over: temporal loops turn into grouped instances.
  Chain all = chain;
  for (ChainLoop& loop : all.loops) loop.spatial = true;
  return count_cut(all, {0, false}, Side::enter).whole;
}

}  // namespace hwflow::chip
