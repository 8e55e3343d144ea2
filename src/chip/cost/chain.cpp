#include "chip/cost/chain.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

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
  WordSet set(std::max(chain.low, first_word(chain, tile)),
              std::min(chain.high, end_word(chain, tile)));
  add_tile(set, chain, tile);
  return set.size();
}

bool has_word(const Chain& chain, const Tile& tile, std::int64_t word) {
  const std::int64_t first = first_word(chain, tile);
  if (word < first || word >= end_word(chain, tile)) return false;
  if (is_dense(chain, tile)) return true;
  const std::size_t few = tile.length[0] < tile.length[1] ? 0 : 1, many = 1 - few;
  for (std::int64_t i = 0; i < tile.length[few]; ++i) {
    const std::int64_t rest = word - first - chain.coefficient[few] * i;
    if (rest < 0) return false;
    if (rest % chain.coefficient[many] == 0 && rest / chain.coefficient[many] < tile.length[many])
      return true;
  }
  return false;
}

/// Calls visit(word) for the words of a tile that exist; some may come several times.
template <class Visit>
void for_each_word(const Chain& chain, const Tile& tile, const Visit& visit) {
  const std::int64_t first = first_word(chain, tile);
  const auto visit_if_there = [&](std::int64_t word) {
    if (word >= chain.low && word < chain.high) visit(word);
  };
  if (is_dense(chain, tile)) {
    const std::int64_t end = std::min(chain.high, end_word(chain, tile));
    for (std::int64_t word = std::max(chain.low, first); word < end; ++word) visit(word);
    return;
  }
  for (std::int64_t i = 0; i < tile.length[0]; ++i)
    for (std::int64_t j = 0; j < tile.length[1]; ++j)
      visit_if_there(first + chain.coefficient[0] * i + chain.coefficient[1] * j);
}

bool have_equal_words(const Chain& chain, const Tile& a, const Tile& b) {
  if (a == b) return true;
  if (count_words(chain, a) != count_words(chain, b)) return false;
  bool equal = true;
  for_each_word(chain, a, [&](std::int64_t word) { equal = equal && has_word(chain, b, word); });
  return equal;
}

/// [begin, end); empty when end <= begin.
struct Interval {
  std::int64_t begin = 0, end = 0;
  bool operator==(const Interval&) const = default;
};

/// Words in a union of intervals, which are put in order.
std::int64_t count_union(std::vector<Interval>& intervals) {
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  std::int64_t words = 0;
  std::int64_t covered = std::numeric_limits<std::int64_t>::min();
  for (const Interval& interval : intervals) {
    const std::int64_t begin = std::max(interval.begin, covered);
    if (interval.end <= begin) continue;
    words += interval.end - begin;
    covered = interval.end;
  }
  return words;
}

/// A tile with its gaps: where it lies, and the words that count.
struct Box {
  Interval place;
  std::int64_t words = 0;
  bool operator==(const Box&) const = default;
};

/// Words of the boxes, which are put in order, equal ones once.
std::int64_t count_different(std::vector<Box>& boxes) {
  const auto key = [](const Box& box) {
    return std::tuple(box.place.begin, box.place.end, box.words);
  };
  if (boxes.size() > 1)
    std::sort(boxes.begin(), boxes.end(),
              [&](const Box& a, const Box& b) { return key(a) < key(b); });
  const auto end = std::unique(boxes.begin(), boxes.end());
  return std::accumulate(boxes.begin(), end, std::int64_t{0},
                         [](std::int64_t sum, const Box& box) { return sum + box.words; });
}

/// Walks the values of the loops that a cut leaves free; calls the leaf with the number of equal
/// cases. Equal cases (tiles that lie alike, away from padding and ragged ends) are visited once.
class CutWalk {
 public:
  CutWalk(const Chain& chain, Cut cut, Side side) : chain_(chain), cut_(cut), side_(side) {
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
    ragged_ = is_ragged(chain_);
    int seen = 0;
    for (std::size_t i = 0; i < chain_.loops.size(); ++i) {
      const ChainLoop& loop = chain_.loops[i];
      kind_[i] = Kind::fixed;
      if (!loop.spatial) {
        if (seen >= cut_.free)
          kind_[i] = cut_.steps && seen == cut_.free ? Kind::steps : Kind::wraps;
        ++seen;
      }
      grouped_ = grouped_ || (loop.spatial && !loop.summed);
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
    if (!chain_.relevant || (!ragged_ && unclipped_)) return full - v;
    // Behind a moving loop the tile held before lies elsewhere than the boxes show.
    if (loop.spatial && at > first_moving_) return 1;
    std::int64_t run = full - v;
    for_each_box(0, at, whole(),
                 [&](const Tile& of_one) { run = std::min(run, alike_in(at, of_one, v)); });
    return run;
  }

  /// As alike(), for the instances of one box.
  [[nodiscard]] std::int64_t alike_in(std::size_t at, const Tile& box, std::int64_t v) const {
    constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
    const ChainLoop& loop = chain_.loops[at];
    const std::int64_t length = box.length[slot(loop.term)];
    const std::int64_t full = length / loop.tile;
    if (v * loop.tile >= length) return kNoLimit;  // rests, now and later
    if (v == full) return 1;
    if (unclipped_) return full - v;
    std::int64_t run = std::min(full - v, clipped_alike(loop, narrowed(box, loop, v)));
    if (kind_[at] == Kind::steps)
      run = std::min(run, clipped_alike(loop, narrowed(box, loop, v - 1)));
    return run;
  }

  /// For how many iterations of a loop from `box` on all its words exist, or none does; 1 when
  /// only some exist.
  [[nodiscard]] std::int64_t clipped_alike(const ChainLoop& loop, const Tile& box) const {
    const std::int64_t pitch = chain_.coefficient[slot(loop.term)] * loop.tile;
    const std::int64_t first = first_word(chain_, box), end = end_word(chain_, box);
    if (first >= chain_.high) return std::numeric_limits<std::int64_t>::max();
    if (end <= chain_.low) return (chain_.low - end) / pitch + 1;
    if (first >= chain_.low && end <= chain_.high) return (chain_.high - end) / pitch + 1;
    return 1;
  }

  /// Calls visit(box) with what the loops [from, to) leave of `box`, for every instance of the
  /// group that has work.
  template <class Visit>
  void for_each_box(std::size_t from, std::size_t to, const Tile& box, const Visit& visit) const {
    if (from == to) return visit(box);
    const ChainLoop& loop = chain_.loops[from];
    const bool is_grouped = loop.spatial && !loop.summed;
    const std::int64_t last = ceil_div(box.length[slot(loop.term)], loop.tile) - 1;
    const std::int64_t begin = is_grouped ? 0 : index_[from];
    for (std::int64_t v = begin; v <= (is_grouped ? last : std::min(last, begin)); ++v)
      for_each_box(from + 1, to, narrowed(box, loop, v), visit);
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
    if (chain_.boxes) return leaf_of_boxes(weight);
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
    steps_.clear();
    bool dense = true;
    for_each_instance([&](const Tile& cur, const Tile& prev) {
      steps_.push_back(side_ == Side::enter ? Step{cur, prev} : Step{prev, cur});
      dense = dense && is_dense(chain_, cur) && is_dense(chain_, prev);
    });
    const CutCounts words = dense ? count_intervals() : count_one_by_one();
    counts_.whole += weight * words.whole;
    counts_.kept += weight * words.kept;
  }

  void leaf_of_boxes(std::int64_t weight) {
    boxes_.clear();
    entering_.clear();
    for_each_instance([&](const Tile& cur, const Tile& prev) {
      const Box box{{first_word(chain_, cur), end_word(chain_, cur)}, count_words(chain_, cur)};
      boxes_.push_back(box);
      entering_.push_back(past(box, {first_word(chain_, prev), end_word(chain_, prev)}));
    });
    const std::int64_t whole = count_different(boxes_);
    counts_.whole += weight * whole;
    counts_.kept += weight * (whole - count_different(entering_));
  }

  /// What of a box lies past the old one, when it has slid; else all of it.
  [[nodiscard]] Box past(const Box& box, const Interval& old) const {
    const Interval& at = box.place;
    if (chain_.whole_tiles || old.begin > at.begin || old.end <= at.begin) return box;
    const std::int64_t words = std::max<std::int64_t>(0, at.end - old.end);
    return {{old.end, old.end + words}, std::min(box.words, words)};
  }

  [[nodiscard]] Interval interval_of(const Tile& tile) const {
    const std::int64_t begin = std::max(chain_.low, first_word(chain_, tile));
    return {begin, std::max(begin, std::min(chain_.high, end_word(chain_, tile)))};
  }

  CutCounts count_intervals() {
    all_.clear();
    moved_.clear();
    held_.clear();
    for (const Step& step : steps_) {
      const Interval to = interval_of(step.to), from = interval_of(step.from);
      all_.push_back(to);
      held_.push_back(from);
      const bool is_kept = from.begin < from.end && (!chain_.whole_tiles || from == to);
      if (!is_kept) {
        moved_.push_back(to);
        continue;
      }
      moved_.push_back({to.begin, std::min(to.end, from.begin)});
      moved_.push_back({std::max(to.begin, from.end), to.end});
    }
    const std::int64_t words = count_union(all_);
    if (!chain_.forwarding) return {words, words - count_union(moved_)};
    const std::int64_t held = count_union(held_);
    held_.insert(held_.end(), moved_.begin(), moved_.end());
    return {words, words - (count_union(held_) - held)};
  }

  CutCounts count_one_by_one() {
    std::int64_t begin = chain_.high, end = chain_.low;
    for (const Step& step : steps_) {
      begin = std::min({begin, first_word(chain_, step.to), first_word(chain_, step.from)});
      end = std::max({end, end_word(chain_, step.to), end_word(chain_, step.from)});
    }
    begin = std::max(begin, chain_.low);
    end = std::min(end, chain_.high);
    WordSet all(begin, end), moved(begin, end), held(begin, end);
    for (const Step& step : steps_) {
      const bool is_kept = !chain_.whole_tiles || have_equal_words(chain_, step.to, step.from);
      for_each_word(chain_, step.to, [&](std::int64_t word) {
        all.add(word);
        if (!is_kept || !has_word(chain_, step.from, word)) moved.add(word);
      });
      if (chain_.forwarding) add_tile(held, chain_, step.from);
    }
    moved.subtract(held);
    const std::int64_t words = all.size();
    return {words, words - moved.size()};
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
  std::size_t first_moving_ = kMaxLoops;
  bool largest_only_ = false;
  std::array<Kind, kMaxLoops> kind_{};
  std::array<std::int64_t, kMaxLoops> index_{};
  CutCounts counts_;
  /// What one instance holds after and before (fetches), or before and after (drains).
  struct Step {
    Tile to, from;
  };
  std::vector<Step> steps_;
  std::vector<Interval> all_, moved_, held_;
  std::vector<Box> boxes_, entering_;
};

}  // namespace

int Chain::temporal_loops() const {
  return static_cast<int>(std::count_if(loops.begin(), loops.end(),
                                        [](const ChainLoop& loop) { return !loop.spatial; }));
}

bool is_ragged(const Chain& chain) {
  std::array<std::int64_t, 2> above = chain.bound;
  for (const ChainLoop& loop : chain.loops) {
    std::int64_t& size = above[slot(loop.term)];
    if (size % loop.tile != 0) return true;
    size = loop.tile;
  }
  return false;
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
