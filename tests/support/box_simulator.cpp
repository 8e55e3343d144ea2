#include "tests/support/box_simulator.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "tests/support/walked_loops.hpp"

namespace hwflow::testing {
namespace {

/// Along one axis; words may be fewer than its length where a stride leaves gaps.
struct Span {
  std::int64_t begin = 0, end = 0, words = 0;
  auto operator<=>(const Span&) const = default;
};
using Spans = std::vector<Span>;
using Index = std::vector<std::int64_t>;
/// Per dimension: first element, and one past the last.
using Ranges = std::array<std::pair<std::int64_t, std::int64_t>, kDimCount>;

std::int64_t trips(const WalkedLoop& loop) { return (loop.above + loop.tile - 1) / loop.tile; }

class Walk {
 public:
  Walk(const Layer& layer, const chip::Accelerator& accelerator,
       const std::vector<WalkedLoop>& loops, BoxedBoundary& result)
      : layer_(layer),
        accelerator_(accelerator),
        result_(result),
        operand_(layer.op.operands()[result.operand]),
        is_output_(operand_.role == Role::outputs),
        unheld_(result.child == accelerator.levels().size() &&
                !accelerator.engine().operand_registers.contains(operand_.role)) {
    for (const WalkedLoop& loop : loops)
      if (loop.level < result.child && trips(loop) > 1) loops_.push_back(loop);
    for (std::size_t i = 0; i < loops_.size(); ++i)
      (loops_[i].spatial ? spatial_ : temporal_).push_back(i);
    for (std::size_t t = 0; t < temporal_.size(); ++t)
      if (axis_of(loops_[temporal_[t]].dim) >= 0) slide_ = t;
  }

  void run() {
    Index time(temporal_.size(), 0);
    std::optional<Index> before;
    for (bool more = true; more; more = advance(time, temporal_)) {
      if (!exists(time)) continue;
      std::size_t changed = 0;
      if (before)
        while (time[changed] == (*before)[changed]) ++changed;
      visit(time, before ? std::optional(changed) : std::nullopt);
      before = time;
    }
    finish();
  }

 private:
  bool advance(Index& index, const std::vector<std::size_t>& of) const {
    for (std::size_t i = of.size(); i-- > 0;) {
      if (++index[i] < trips(loops_[of[i]])) return true;
      index[i] = 0;
    }
    return false;
  }

  [[nodiscard]] int axis_of(Dim dim) const {
    for (std::size_t a = 0; a < operand_.ranks.size(); ++a)
      for (const AffineTerm& term : operand_.ranks[a].terms)
        if (term.dim == dim) return static_cast<int>(a);
    return -1;
  }
  [[nodiscard]] std::int64_t step_of(std::size_t t) const {
    const WalkedLoop& loop = loops_[temporal_[t]];
    for (const Rank& rank : operand_.ranks)
      for (const AffineTerm& term : rank.terms)
        if (term.dim == loop.dim) return term.coefficient * loop.tile;
    return 0;
  }
  [[nodiscard]] int axis_at(std::size_t t) const { return axis_of(loops_[temporal_[t]].dim); }

  /// Elements of every dimension for one instance; none when it has no work.
  [[nodiscard]] std::optional<Ranges> ranges(const Index& time, const Index& place) const {
    Ranges range;
    for (const Dim dim : kDims) range[index(dim)] = {0, layer_.op.bound(dim)};
    std::size_t t = 0, s = 0;
    for (const WalkedLoop& loop : loops_) {
      const std::int64_t value = loop.spatial ? place[s++] : time[t++];
      auto& [begin, end] = range[index(loop.dim)];
      begin += value * loop.tile;
      end = std::min(end, begin + loop.tile);
      if (begin >= end) return std::nullopt;
    }
    return range;
  }

  /// What the iterations of a tile use along one axis.
  [[nodiscard]] std::set<std::int64_t> words_along(const Rank& rank, const Ranges& range) const {
    std::set<std::int64_t> words{rank.offset};
    for (const AffineTerm& term : rank.terms) {
      std::set<std::int64_t> next;
      const auto [begin, end] = range[index(term.dim)];
      for (const std::int64_t word : words)
        for (std::int64_t i = begin; i < end; ++i) next.insert(word + term.coefficient * i);
      words = std::move(next);
    }
    if (is_output_) std::erase_if(words, [&](auto w) { return w < 0 || w >= rank.extent; });
    return words;
  }

  [[nodiscard]] std::optional<Spans> box(const Index& time, const Index& place) const {
    const auto range = ranges(time, place);
    if (!range) return std::nullopt;
    Spans spans;
    for (const Rank& rank : operand_.ranks) {
      const std::set<std::int64_t> words = words_along(rank, *range);
      if (words.empty()) {
        spans.push_back({});
        continue;
      }
      const std::int64_t first = *words.begin(), end = *words.rbegin() + 1;
      const bool gaps = !is_output_ && accelerator_.fields().counting.fetch_stride_gaps;
      spans.push_back({first, end, gaps ? end - first : static_cast<std::int64_t>(words.size())});
    }
    return spans;
  }

  [[nodiscard]] bool exists(const Index& time) const {
    Index place(spatial_.size(), 0);
    do {
      if (ranges(time, place)) return true;
    } while (advance(place, spatial_));
    return false;
  }

  [[nodiscard]] bool is_even(int axis) const {
    return std::all_of(loops_.begin(), loops_.end(), [&](const WalkedLoop& loop) {
      return axis_of(loop.dim) != axis || loop.above % loop.tile == 0;
    });
  }

  /// What the step of a loop brings into one instance; none: nothing.
  [[nodiscard]] std::optional<Spans> entering(std::optional<std::size_t> changed, const Index& time,
                                              const Index& place) const {
    auto now = box(time, place);
    if (unheld_ || !changed || !now) return now;
    if (!slide_ || *changed > *slide_) return std::nullopt;
    const auto axis = static_cast<std::size_t>(axis_at(*slide_));
    const bool keeps = !is_output_ && accelerator_.fields().counting.halo_reuse;
    Span& span = (*now)[axis];
    if (*changed == *slide_) {
      Index earlier = time;
      --earlier[*slide_];
      const Span old = (*box(earlier, place))[axis];
      if (!keeps || old.begin > span.begin || old.end <= span.begin) return now;
      span = {std::max(old.end, span.begin), std::max(old.end, span.end),
              std::min(span.words, std::max<std::int64_t>(0, span.end - old.end))};
      return now;
    }
    if (axis_at(*changed) != static_cast<int>(axis) || !is_even(static_cast<int>(axis))) return now;
    std::int64_t shift = step_of(*changed);
    for (std::size_t t = *changed + 1; t < temporal_.size(); ++t) {
      if (axis_at(t) >= 0 && axis_at(t) != static_cast<int>(axis)) return now;
      shift -= step_of(t);
    }
    if (shift == 0) return std::nullopt;
    if (shift != step_of(*slide_) || !keeps) return now;
    span.words = std::min(span.words, shift);
    return now;
  }

  template <class Wanted>
  [[nodiscard]] Index key(const Index& place, const Wanted& wanted) const {
    Index key;
    for (std::size_t s = 0; s < spatial_.size(); ++s)
      if (wanted(loops_[spatial_[s]].level)) key.push_back(place[s]);
    return key;
  }
  [[nodiscard]] bool is_above(std::size_t level) const { return level < result_.parent; }
  [[nodiscard]] bool is_alone(std::size_t level) const {
    const chip::Fanout& fanout = accelerator_.levels()[level].fanout;
    return is_above(level) || !(is_output_ ? fanout.spatial_reduction : fanout.multicast);
  }

  static std::int64_t words_of(const Spans& spans) {
    std::int64_t words = 1;
    for (const Span& span : spans) words *= span.words;
    return words;
  }
  static std::int64_t words_of(const std::map<Index, std::set<Spans>>& groups) {
    std::int64_t words = 0;
    for (const auto& [key, boxes] : groups)
      for (const Spans& spans : boxes) words += words_of(spans);
    return words;
  }

  void visit(const Index& time, std::optional<std::size_t> changed) {
    std::map<Index, std::set<Spans>> by_parent, by_copy;
    Index place(spatial_.size(), 0);
    do {
      const auto enters = entering(changed, time, place);
      if (!enters) continue;
      each_ += words_of(*enters);
      by_copy[key(place, [&](std::size_t level) { return is_alone(level); })].insert(*enters);
      by_parent[key(place, [&](std::size_t level) { return is_above(level); })].insert(*enters);
      if (is_output_) note_words(time, place);
    } while (advance(place, spatial_));
    copies_ += words_of(by_copy);
    events_ += words_of(by_parent);
  }

  /// Words of outputs that a parent, and an instance, ever sees.
  void note_words(const Index& time, const Index& place) {
    std::vector<Index> words{key(place, [&](std::size_t level) { return is_above(level); })};
    std::vector<Index> owned{key(place, [](std::size_t) { return true; })};
    const Ranges range = *ranges(time, place);
    for (const Rank& rank : operand_.ranks) {
      const std::set<std::int64_t> along = words_along(rank, range);
      for (std::vector<Index>* list : {&words, &owned}) {
        std::vector<Index> longer;
        for (const Index& word : *list)
          for (const std::int64_t i : along) {
            longer.push_back(word);
            longer.back().push_back(i);
          }
        *list = std::move(longer);
      }
    }
    distinct_.insert(words.begin(), words.end());
    own_distinct_.insert(owned.begin(), owned.end());
  }

  void finish() {
    if (!is_output_) {
      result_.reads = copies_;
      result_.fills = result_.child < accelerator_.levels().size() ? each_ : 0;
      return;
    }
    const chip::CountingRules& rules = accelerator_.fields().counting;
    const auto distinct = static_cast<std::int64_t>(distinct_.size());
    const auto own = static_cast<std::int64_t>(own_distinct_.size());
    const bool skips =
        rules.skip_first_partial_sum_read || (rules.skip_only_update_read && events_ == distinct);
    result_.updates = copies_;
    result_.drains = each_;
    result_.reads = copies_ - (skips ? distinct : 0);
    result_.fills =
        rules.read_back_to_all ? each_ - (skips ? own : 0) : events_ - (skips ? distinct : 0);
  }

  const Layer& layer_;
  const chip::Accelerator& accelerator_;
  BoxedBoundary& result_;
  const Operand& operand_;
  bool is_output_, unheld_;
  std::vector<WalkedLoop> loops_;
  std::vector<std::size_t> temporal_, spatial_;
  std::optional<std::size_t> slide_;  ///< the innermost temporal loop that moves the box
  std::int64_t each_ = 0, copies_ = 0, events_ = 0;
  std::set<Index> distinct_, own_distinct_;
};

}  // namespace

std::vector<BoxedBoundary> simulate_boxes(const Layer& layer, const chip::Accelerator& accelerator,
                                          const chip::Mapping& mapping) {
  std::vector<BoxedBoundary> result;
  const auto loops = walked_loops(layer, mapping);
  const auto& levels = accelerator.levels();
  for (std::size_t o = 0; o < layer.op.operands().size(); ++o)
    for (std::size_t parent = 0; parent < levels.size();) {
      std::size_t child = parent + 1;
      while (child < levels.size() && !levels[child].keeps.contains(layer.op.operands()[o].role))
        ++child;
      BoxedBoundary boundary{o, parent, child};
      Walk(layer, accelerator, loops, boundary).run();
      result.push_back(boundary);
      parent = child;
    }
  return result;
}

}  // namespace hwflow::testing
