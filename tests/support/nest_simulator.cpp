#include "tests/support/nest_simulator.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "tests/support/walked_loops.hpp"

namespace hwflow::testing {
namespace {

using chip::Accelerator;
using chip::Mapping;
using Word = std::int64_t;

/// Words with the number of innermost iterations that used each of them, by word.
using Contents = std::vector<std::pair<Word, std::int64_t>>;
using Words = std::vector<Word>;

struct Range {
  std::int64_t begin = 0, end = 0;
};
using Box = std::array<Range, kDimCount>;

Words sorted_unique(Words words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

bool has(const Contents& contents, Word word) {
  const auto at = std::lower_bound(
      contents.begin(), contents.end(),
      std::pair<Word, std::int64_t>{word, std::numeric_limits<std::int64_t>::min()});
  return at != contents.end() && at->first == word;
}

bool same_words(const Contents& a, const Contents& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

/// All words of the parent's group, and what moved, in one step.
struct Step {
  std::map<std::vector<std::int64_t>, Words> by_parent, by_copy;
  std::map<std::size_t, std::map<std::vector<std::int64_t>, Words>> by_link;
  std::vector<std::pair<std::vector<std::int64_t>, Contents>> leaving;  ///< with contributions
};

class BoundaryWalk {
 public:
  BoundaryWalk(const Layer& layer, const Accelerator& accelerator,
               const std::vector<WalkedLoop>& loops, SimulatedBoundary& result)
      : layer_(layer),
        accelerator_(accelerator),
        result_(result),
        operand_(layer.op.operands()[result.operand]) {
    for (const WalkedLoop& loop : loops)
      if (loop.level < result.child)
        (loop.spatial ? spatial_ : temporal_).push_back(loops_.size()), loops_.push_back(loop);
    value_.assign(loops_.size(), 0);
    result_.link_words.assign(result.child - result.parent, 0);
    result_.link_final_words.assign(result.child - result.parent, 0);
    is_output_ = operand_.role == Role::outputs;
    const bool to_units = result.child == accelerator.levels().size();
    const bool moves = accelerator.fields().counting.move_every_turn;
    unheld_ =
        moves || (to_units && !accelerator.engine().operand_registers.contains(operand_.role));
  }

  void run() {
    bool first = true;
    do {
      visit_step(first);
      first = false;
    } while (advance(temporal_));
    if (is_output_) flush();
    forget_only_reads();
    result_.child_instances = static_cast<std::int64_t>(held_.size());
    count_final();
  }

 private:
  using Key = std::vector<std::int64_t>;

  bool advance(const std::vector<std::size_t>& which) {
    for (std::size_t i = which.size(); i-- > 0;) {
      if (++value_[which[i]] < loops_[which[i]].bound) return true;
      value_[which[i]] = 0;
    }
    return false;
  }

  /// The elements of the current tile of the current instance; none when it has no work.
  [[nodiscard]] std::optional<Box> box() const {
    Box box;
    for (const Dim dim : kDims) box[index(dim)] = {0, layer_.op.bound(dim)};
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      Range& range = box[index(loops_[i].dim)];
      const std::int64_t begin = range.begin + value_[i] * loops_[i].tile;
      range = {begin, std::min(range.end, begin + loops_[i].tile)};
      if (range.begin >= range.end) return std::nullopt;
    }
    return box;
  }

  /// Visits every iteration of a box and notes the word that it uses.
  [[nodiscard]] Contents contents(const Box& box) const {
    Words words;
    DimArray at{};
    for (const Dim dim : kDims) at[index(dim)] = box[index(dim)].begin;
    for (bool more = true; more;) {
      if (const auto word = word_at(at)) words.push_back(*word);
      more = false;
      for (std::size_t d = kDimCount; d-- > 0 && !more;) {
        more = ++at[d] < box[d].end;
        if (!more) at[d] = box[d].begin;
      }
    }
    std::sort(words.begin(), words.end());
    Contents result;
    for (const Word word : words) {
      if (result.empty() || result.back().first != word) result.push_back({word, 0});
      ++result.back().second;
    }
    const auto& rules = accelerator_.fields().counting;
    if (is_output_ || (!rules.fetch_stride_gaps && !rules.fetch_padding)) return result;
    return boxed(box);
  }

  static constexpr std::int64_t kRoom = 1 << 12;  ///< more than any index of a small case

  [[nodiscard]] std::optional<Word> word_at(const DimArray& at) const {
    Word word = 0;
    for (const Rank& rank : operand_.ranks) {
      std::int64_t i = rank.offset;
      for (const AffineTerm& term : rank.terms) i += term.coefficient * at[index(term.dim)];
      if (i < 0 || i >= rank.extent) return std::nullopt;
      word = word * kRoom + i + kRoom / 2;
    }
    return word;
  }

  /// The words of a tile under the rules that move gaps or padding, rank by rank.
  [[nodiscard]] Contents boxed(const Box& box) const {
    const auto& rules = accelerator_.fields().counting;
    Words words{0};
    for (const Rank& rank : operand_.ranks) {
      Words indices = rank_indices(rank, box);
      if (rules.fetch_stride_gaps) {
        const std::int64_t low = indices.front(), high = indices.back();
        indices.clear();
        for (std::int64_t i = low; i <= high; ++i) indices.push_back(i);
      }
      Words next;
      for (const Word word : words)
        for (const std::int64_t i : indices)
          if (rules.fetch_padding || (i >= 0 && i < rank.extent))
            next.push_back(word * kRoom + i + kRoom / 2);
      words = next;
    }
    Contents result;
    for (const Word word : sorted_unique(words)) result.push_back({word, 1});
    return result;
  }

  static Words rank_indices(const Rank& rank, const Box& box) {
    Words indices{rank.offset};
    for (const AffineTerm& term : rank.terms) {
      Words next;
      for (const std::int64_t i : indices)
        for (std::int64_t v = box[index(term.dim)].begin; v < box[index(term.dim)].end; ++v)
          next.push_back(i + term.coefficient * v);
      indices = next;
    }
    return sorted_unique(indices);
  }

  /// Coordinates along the spatial loops that `wanted` selects by level.
  template <class Wanted>
  [[nodiscard]] Key key(const Wanted& wanted) const {
    Key key;
    for (const std::size_t i : spatial_)
      if (wanted(loops_[i].level)) key.push_back(value_[i]);
    return key;
  }
  [[nodiscard]] bool joins(std::size_t level) const {
    const chip::Fanout& fanout = accelerator_.levels()[level].fanout;
    return is_output_ ? fanout.spatial_reduction : fanout.multicast;
  }
  [[nodiscard]] Key parent_key() const {
    return key([&](std::size_t level) { return level < result_.parent; });
  }
  [[nodiscard]] Key copy_key() const {
    return key([&](std::size_t level) { return level < result_.parent || !joins(level); });
  }
  [[nodiscard]] Key link_key(std::size_t fanout) const {
    return key([&](std::size_t level) { return level <= fanout || !joins(level); });
  }
  [[nodiscard]] Key own_key() const {
    return key([](std::size_t) { return true; });
  }

  void note(Step& step, const Words& moved) const {
    const auto append = [&](Words& to) { to.insert(to.end(), moved.begin(), moved.end()); };
    append(step.by_parent[parent_key()]);
    append(step.by_copy[copy_key()]);
    for (std::size_t f = result_.parent; f < result_.child; ++f)
      append(step.by_link[f][link_key(f)]);
  }

  template <class Map>
  static std::int64_t distinct(const Map& groups) {
    std::int64_t count = 0;
    for (const auto& [key, words] : groups)
      count += static_cast<std::int64_t>(sorted_unique(words).size());
    return count;
  }

  void visit_step(bool first) {
    Step step;
    std::map<Key, std::pair<Words, Words>> forwarding;  // what a group wants and what it held
    std::int64_t each = 0;
    do {
      const auto tile = box();
      if (!tile) continue;
      Contents next = contents(*tile);
      result_.child_tile_words =
          std::max(result_.child_tile_words, static_cast<std::int64_t>(next.size()));
      Contents& held = held_[own_key()];
      const Words moved = is_output_ ? leave(step, held, next) : enter(held, next);
      each += static_cast<std::int64_t>(moved.size());
      note(step, moved);
      auto& [wanted, owned] = forwarding[copy_key()];
      wanted.insert(wanted.end(), moved.begin(), moved.end());
      for (const auto& [word, uses] : held) owned.push_back(word);
      replace(held, std::move(next));
    } while (advance(spatial_));
    if (is_output_) return settle(step, each);
    count_fetch(step, each, forwarding, first);
  }

  [[nodiscard]] Words enter(const Contents& held, const Contents& next) const {
    const bool reuse = accelerator_.fields().counting.halo_reuse;
    Words moved;
    if (!unheld_ && !reuse && same_words(held, next)) return moved;
    for (const auto& [word, uses] : next)
      if (unheld_ || !reuse || !has(held, word)) moved.push_back(word);
    return moved;
  }

  /// Notes what leaves; without a register that is what the step itself makes.
  Words leave(Step& step, const Contents& held, const Contents& next) const {
    Words moved;
    Contents leaving;
    for (const auto& item : unheld_ ? next : held) {
      if (!unheld_ && has(next, item.first)) continue;
      moved.push_back(item.first);
      leaving.push_back(item);
    }
    step.leaving.push_back({parent_key(), leaving});
    return moved;
  }

  /// Contributions to outputs that stay add up.
  void replace(Contents& held, Contents next) const {
    if (is_output_ && !unheld_) {
      for (auto& [word, uses] : next)
        for (const auto& [old, old_uses] : held)
          if (old == word) uses += old_uses;
    }
    held = std::move(next);
  }

  void count_fetch(const Step& step, std::int64_t each,
                   const std::map<Key, std::pair<Words, Words>>& forwarding, bool first) {
    std::int64_t reads = distinct(step.by_copy);
    if (forwards()) {
      std::int64_t fresh = 0;
      for (const auto& [key, group] : forwarding) {
        const Words owned = sorted_unique(group.second);
        for (const Word word : sorted_unique(group.first))
          if (!std::binary_search(owned.begin(), owned.end(), word)) ++fresh;
      }
      result_.forwarded += reads - fresh;
      reads = fresh;
    }
    result_.reads += reads;
    result_.fills += each;
    for (const auto& [f, groups] : step.by_link)
      result_.link_words[f - result_.parent] += distinct(groups);
    if (first) result_.first_reads = reads, result_.first_fills = each;
  }

  [[nodiscard]] bool forwards() const {
    if (unheld_) return false;
    for (std::size_t level = result_.parent; level < result_.child; ++level)
      if (accelerator_.levels()[level].fanout.forwarding) return true;
    return false;
  }

  /// Outputs that left in one step arrive at their parents.
  void settle(const Step& step, std::int64_t each) {
    const bool skip = accelerator_.fields().counting.skip_first_partial_sum_read;
    result_.drains += each;
    for (const auto& [f, groups] : step.by_link)
      result_.link_words[f - result_.parent] += distinct(groups);
    std::map<std::pair<Key, Word>, std::int64_t> copies;
    for (const auto& [copy, words] : step.by_copy) {
      Key parent(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(parent_coordinates()));
      for (const Word word : sorted_unique(words)) ++copies[{parent, word}];
    }
    for (const auto& [place, arriving] : copies) {
      const bool known = produced_.contains(place);
      result_.updates += arriving;
      result_.reads += arriving - (skip && !known ? 1 : 0);
      result_.fills += skip && !known ? 0 : 1;
      produced_[place];
    }
    for (const auto& [parent, leaving] : step.leaving)
      for (const auto& [word, uses] : leaving) produced_[{parent, word}].push_back({step_, uses});
    ++step_;
  }

  [[nodiscard]] std::size_t parent_coordinates() const {
    return static_cast<std::size_t>(
        std::count_if(spatial_.begin(), spatial_.end(),
                      [&](std::size_t i) { return loops_[i].level < result_.parent; }));
  }

  /// Where no word arrives twice, the reads and fills of the only arrivals are taken back.
  void forget_only_reads() {
    const chip::CountingRules& rules = accelerator_.fields().counting;
    const bool applies = rules.skip_only_update_read && !rules.skip_first_partial_sum_read;
    if (!is_output_ || !applies || result_.fills != static_cast<std::int64_t>(produced_.size()))
      return;
    result_.reads -= result_.fills;
    result_.fills = 0;
  }

  /// At the end every child gives up what it holds.
  void flush() {
    if (unheld_ && result_.child == accelerator_.levels().size()) return;
    Step step;
    std::int64_t each = 0;
    do {
      const auto held = held_.find(own_key());
      if (held == held_.end()) continue;
      Words words;
      for (const auto& [word, uses] : held->second) words.push_back(word);
      step.leaving.push_back({parent_key(), held->second});
      each += static_cast<std::int64_t>(words.size());
      note(step, words);
    } while (advance(spatial_));
    result_.last_drains = each;
    result_.last_updates = distinct(step.by_copy);
    if (!unheld_) settle(step, each);  // else it has left already
  }

  /// Does some output word collect contributions from two values of `dim`?
  [[nodiscard]] bool accumulates(Dim dim) const {
    if (layer_.op.bound(dim) == 1) return false;
    for (const Rank& rank : operand_.ranks) {
      std::int64_t combinations = 1;
      bool mine = false;
      Box all;
      for (const AffineTerm& term : rank.terms) {
        all[index(term.dim)] = {0, layer_.op.bound(term.dim)};
        combinations *= layer_.op.bound(term.dim);
        mine = mine || term.dim == dim;
      }
      if (mine) return static_cast<std::int64_t>(rank_indices(rank, all).size()) < combinations;
    }
    return true;
  }

  /// Does a spatial loop in [from, to) spread contributions to one output? `apart` leaves out
  /// the fan-outs that add in the network.
  [[nodiscard]] bool spreads(std::size_t from, std::size_t to, bool apart) const {
    for (const std::size_t i : spatial_) {
      const WalkedLoop& loop = loops_[i];
      if (loop.level < from || loop.level >= to || !accumulates(loop.dim)) continue;
      if (apart && joins(loop.level)) continue;
      if (turns(i)) return true;
    }
    return false;
  }
  /// Does a loop ever have a second iteration?
  [[nodiscard]] bool turns(std::size_t i) const {
    std::int64_t size = layer_.op.bound(loops_[i].dim);
    for (std::size_t j = 0; j < i; ++j)
      if (loops_[j].dim == loops_[i].dim) size = std::min(size, loops_[j].tile);
    return loops_[i].tile < size;
  }

  /// A word is finished when it has arrived with all contributions of the layer; each word does so
  /// exactly once where nothing is added further up.
  void count_final() {
    if (!is_output_ || spreads(0, result_.parent, false)) return;
    Box all;
    for (const Dim dim : kDims) all[index(dim)] = {0, layer_.op.bound(dim)};
    std::int64_t finished = 0;
    for (const auto& [word, wanted] : contents(all)) {
      for (const auto& [place, arrivals] : produced_) {
        if (place.second != word) continue;
        std::map<std::int64_t, std::int64_t> by_step;
        for (const auto& [step, uses] : arrivals) by_step[step] += uses;
        std::int64_t sum = 0;
        for (const auto& [step, uses] : by_step) {
          sum += uses;
          if (sum == wanted) ++finished;
        }
      }
    }
    if (!spreads(result_.parent, result_.child, true)) result_.final_updates = finished;
    if (!spreads(result_.parent, result_.child, false)) result_.final_drains = finished;
    for (std::size_t f = result_.parent; f < result_.child; ++f)
      if (!spreads(result_.parent, f + 1, false) && !spreads(f + 1, result_.child, true))
        result_.link_final_words[f - result_.parent] = finished;
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  SimulatedBoundary& result_;
  const Operand& operand_;
  bool is_output_ = false;
  bool unheld_ = false;
  std::vector<WalkedLoop> loops_;
  std::vector<std::size_t> temporal_, spatial_;
  std::vector<std::int64_t> value_;
  std::map<Key, Contents> held_;
  std::map<std::pair<Key, Word>, std::vector<std::pair<std::int64_t, std::int64_t>>> produced_;
  std::int64_t step_ = 0;
};

/// Steps in which some unit has work, and the iterations done by all of them.
void count_steps(const Layer& layer, const std::vector<WalkedLoop>& loops, Simulation& result) {
  std::set<std::vector<std::int64_t>> steps;
  std::vector<std::int64_t> value(loops.size(), 0);
  for (bool more = true; more;) {
    DimArray begin{};
    DimArray end = layer.op.bounds();
    bool works = true;
    std::vector<std::int64_t> time;
    for (std::size_t i = 0; i < loops.size(); ++i) {
      const std::size_t d = index(loops[i].dim);
      begin[d] += value[i] * loops[i].tile;
      end[d] = std::min(end[d], begin[d] + loops[i].tile);
      works = works && begin[d] < end[d];
      if (!loops[i].spatial) time.push_back(value[i]);
    }
    if (works) steps.insert(time);
    result.iterations += works;
    more = false;
    for (std::size_t i = loops.size(); i-- > 0 && !more;) {
      more = ++value[i] < loops[i].bound;
      if (!more) value[i] = 0;
    }
  }
  result.steps = static_cast<std::int64_t>(steps.size());
}

}  // namespace

Simulation simulate(const Layer& layer, const Accelerator& accelerator, const Mapping& mapping) {
  Simulation result;
  const auto loops = walked_loops(layer, mapping);
  count_steps(layer, loops, result);
  const auto& levels = accelerator.levels();
  for (std::size_t o = 0; o < layer.op.operands().size(); ++o) {
    const Role role = layer.op.operands()[o].role;
    for (std::size_t parent = 0; parent < levels.size();) {
      std::size_t child = parent + 1;
      while (child < levels.size() && !levels[child].keeps.contains(role)) ++child;
      SimulatedBoundary boundary;
      boundary.operand = o;
      boundary.parent = parent;
      boundary.child = child;
      BoundaryWalk(layer, accelerator, loops, boundary).run();
      result.boundaries.push_back(boundary);
      parent = child;
    }
  }
  return result;
}

}  // namespace hwflow::testing
