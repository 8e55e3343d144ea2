#include "chip/mapper/loop_classes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>

#include "chip/cost/widths.hpp"

namespace hwflow::chip {
namespace {

constexpr int kOpen = -1;    ///< no loop so far changes the tile
constexpr int kClosed = -2;  ///< the tile is replaced: every loop further out repeats it

bool has(DimSet set, Dim dim) { return (set & set_of(dim)) != 0; }

/// Does a boundary move no more words under `a` than under `b`?
bool counts_no_more(const BoundaryOrder& a, const BoundaryOrder& b) {
  for (std::size_t d = 0; d < kDimCount; ++d)
    if ((a.repeats[d] & ~b.repeats[d]) != 0) return false;
  return b.run.size() <= a.run.size() && std::equal(b.run.begin(), b.run.end(), a.run.begin()) &&
         (b.still_inside || !a.still_inside);
}

}  // namespace

LoopClasses::LoopClasses(const Layer& layer, const Accelerator& accelerator)
    : levels_(accelerator.levels().size()) {
  for (const Dim dim : kDims)
    if (layer.op.bound(dim) > 1) dims_.push_back(dim);
  for (const Operand& operand : layer.op.operands()) {
    std::array<Relevance, kDimCount> row{};
    for (std::size_t axis = 0; axis < operand.ranks.size(); ++axis) {
      const auto& terms = operand.ranks[axis].terms;
      const bool slides = std::count_if(terms.begin(), terms.end(), [&](const AffineTerm& term) {
                            return layer.op.bound(term.dim) > 1;
                          }) > 1;
      for (const AffineTerm& term : terms)
        row[index(term.dim)] = {true, slides ? static_cast<int>(axis) : -1};
    }
    relevance_.push_back(row);
  }
  for (std::size_t o = 0; o < layer.op.operands().size(); ++o) {
    const Role role = layer.op.operands()[o].role;
    for (LevelIndex parent = 0; parent < levels_;) {
      const LevelIndex child = next_keeping(accelerator, role, parent);
      if (child < levels_ || accelerator.engine().operand_registers.contains(role))
        boundaries_.push_back({o, parent, child});
      parent = child;
    }
  }
}

/// Goes from the innermost level outwards. A boundary takes part in the levels above its child; its
/// status is kOpen, the axis along which its run slides, or kClosed.
class LoopClasses::Enumeration {
 public:
  Enumeration(const LoopClasses& classes, std::size_t most, const std::function<bool()>& stopped)
      : c_(classes), most_(most), stopped_(stopped) {
    partial_.orders.assign(c_.levels_, kDims);
    partial_.absent.assign(c_.levels_, 0);
    partial_.boundaries.resize(c_.boundaries_.size());
  }

  std::optional<std::vector<LoopClass>> run() {
    descend(c_.levels_, std::vector<int>(c_.boundaries_.size(), kOpen));
    if (is_over()) return std::nullopt;
    return std::move(found_);
  }

 private:
  using Status = std::vector<int>;
  /// What one order of a level's loops does, and the statuses after it.
  struct Step {
    LoopOrder order{};
    DimSet absent = 0;
    Status status;
    std::vector<BoundaryOrder> boundaries;
  };

  [[nodiscard]] bool is_over() const { return found_.size() > most_ || (stopped_ && stopped_()); }

  void descend(LevelIndex below, const Status& status) {
    if (is_over()) return;
    if (below == 0) {
      found_.push_back(partial_);
      return;
    }
    const LevelIndex level = below - 1;
    for (const Step& step : steps(level, status)) {
      const LoopClass saved = partial_;
      partial_.orders[level] = step.order;
      partial_.absent[level] = step.absent;
      partial_.boundaries = step.boundaries;
      descend(level, step.status);
      partial_ = saved;
    }
  }

  [[nodiscard]] bool takes_part(std::size_t b, LevelIndex level) const {
    return level < c_.boundaries_[b].child;
  }
  [[nodiscard]] const Relevance& relevance(std::size_t b, Dim dim) const {
    return c_.relevance(c_.boundaries_[b].operand, dim);
  }
  [[nodiscard]] DimSet relevant(std::size_t b, int but_axis = -1) const {
    DimSet set = 0;
    for (const Dim dim : c_.dims_) {
      const Relevance& r = relevance(b, dim);
      if (r.relevant && !(but_axis >= 0 && r.sliding_axis == but_axis)) set |= set_of(dim);
    }
    return set;
  }

  /// Dimensions to leave out of a level so that some boundaries stay open above it. At the
  /// outermost level nothing is gained by it.
  [[nodiscard]] std::set<DimSet> absences(LevelIndex level, const Status& status) const {
    std::set<DimSet> sets{0};
    if (level == 0) return sets;
    for (std::size_t b = 0; b < status.size(); ++b) {
      if (!takes_part(b, level) || status[b] == kClosed) continue;
      std::set<DimSet> choices;
      if (status[b] == kOpen) choices.insert(relevant(b));
      std::set<int> axes;
      for (const Dim dim : c_.dims_)
        if (const int axis = relevance(b, dim).sliding_axis; axis >= 0) axes.insert(axis);
      for (const int axis : axes)
        if (status[b] == kOpen || status[b] == axis) choices.insert(relevant(b, axis));
      if (status[b] != kOpen) choices.insert(relevant(b));
      std::set<DimSet> more = sets;
      for (const DimSet set : sets)
        for (const DimSet choice : choices) more.insert(static_cast<DimSet>(set | choice));
      sets = std::move(more);
    }
    return sets;
  }

  std::vector<Step> steps(LevelIndex level, const Status& status) {
    std::vector<Step> all;
    for (const DimSet absent : absences(level, status)) {
      std::vector<Step> of_set;
      Step empty{kDims, absent, status, partial_.boundaries};
      order_.clear();
      grow(level, absent, empty, of_set);
      // The same absence with fewer boundaries kept open is covered by a smaller one.
      for (Step& step : of_set) all.push_back(std::move(step));
    }
    return all;
  }

  /// Can `dim` stand inside whatever comes without harm to any boundary that is not closed?
  [[nodiscard]] bool is_free(LevelIndex level, const Status& status, Dim dim) const {
    for (std::size_t b = 0; b < status.size(); ++b)
      if (takes_part(b, level) && status[b] != kClosed &&
          (relevance(b, dim).relevant || status[b] != kOpen))
        return false;
    return true;
  }

  [[nodiscard]] bool is_decided(LevelIndex level, const Status& status) const {
    for (std::size_t b = 0; b < status.size(); ++b)
      if (takes_part(b, level) && status[b] != kClosed) return false;
    return true;
  }

  void place(LevelIndex level, Dim dim, Step& step) const {
    for (std::size_t b = 0; b < step.status.size(); ++b) {
      if (!takes_part(b, level)) continue;
      int& status = step.status[b];
      BoundaryOrder& order = step.boundaries[b];
      const Relevance& r = relevance(b, dim);
      if (!r.relevant) {
        if (status == kOpen) {
          order.still_inside = true;
        } else {
          order.repeats[index(dim)] |= static_cast<std::uint16_t>(1U << level);
        }
      } else if (status != kClosed) {
        const bool slides = r.sliding_axis >= 0 && (status == kOpen || status == r.sliding_axis);
        status = slides ? r.sliding_axis : kClosed;
        if (slides) order.run.push_back({dim, level});
      }
    }
  }

  [[nodiscard]] bool is_placed(Dim dim) const {
    return std::find(order_.begin(), order_.end(), dim) != order_.end();
  }

  void grow(LevelIndex level, DimSet absent, Step step, std::vector<Step>& found) {
    const std::size_t placed = order_.size();
    for (const Dim dim : c_.dims_) {
      if (is_placed(dim) || has(absent, dim) || !is_free(level, step.status, dim)) continue;
      place(level, dim, step);
      order_.push_back(dim);
    }
    bool more = false;
    for (const Dim dim : c_.dims_) {
      if (is_placed(dim) || has(absent, dim)) continue;
      more = true;
      if (is_decided(level, step.status)) break;
      Step next = step;
      place(level, dim, next);
      order_.push_back(dim);
      grow(level, absent, std::move(next), found);
      order_.pop_back();
    }
    if (!more || is_decided(level, step.status)) finish(level, absent, std::move(step), found);
    order_.resize(placed);
  }

  void finish(LevelIndex level, DimSet absent, Step step, std::vector<Step>& found) {
    std::vector<Dim> order = order_;
    for (const Dim dim : c_.dims_) {
      if (std::find(order.begin(), order.end(), dim) != order.end() || has(absent, dim)) continue;
      place(level, dim, step);
      order.push_back(dim);
    }
    for (const Dim dim : kDims)
      if (std::find(order.begin(), order.end(), dim) == order.end()) order.push_back(dim);
    std::copy(order.begin(), order.end(), step.order.begin());
    for (const Step& other : found)
      if (dominates(other, step)) return;
    std::erase_if(found, [&](const Step& other) { return dominates(step, other); });
    found.push_back(std::move(step));
  }

  /// Is `a` never dearer than `b`, which leaves the same dimensions out?
  [[nodiscard]] static bool dominates(const Step& a, const Step& b) {
    for (std::size_t i = 0; i < a.boundaries.size(); ++i)
      if (!counts_no_more(a.boundaries[i], b.boundaries[i]) ||
          (a.status[i] != b.status[i] && a.status[i] == kClosed))
        return false;
    return true;
  }

  const LoopClasses& c_;
  std::size_t most_;
  const std::function<bool()>& stopped_;
  LoopClass partial_;
  std::vector<Dim> order_;
  std::vector<LoopClass> found_;
};

/// Does `a` allow all that `b` allows and never count more?
static bool covers(const LoopClass& a, const LoopClass& b) {
  for (std::size_t l = 0; l < a.absent.size(); ++l)
    if ((a.absent[l] & ~b.absent[l]) != 0) return false;
  return std::equal(a.boundaries.begin(), a.boundaries.end(), b.boundaries.begin(), counts_no_more);
}

std::vector<LoopClass> LoopClasses::all() const {
  return *at_most(std::numeric_limits<std::size_t>::max(), {});
}

namespace {

/// Layers of a network mostly have the same classes. Finished lists only.
class KnownClasses {
 public:
  using Classes = std::shared_ptr<const std::vector<LoopClass>>;
  Classes find(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const auto known = classes_.find(key);
    return known == classes_.end() ? nullptr : known->second;
  }
  void add(const std::string& key, Classes classes) {
    const std::scoped_lock lock(mutex_);
    constexpr std::size_t kMost = 64;
    if (classes_.size() >= kMost) classes_.clear();
    classes_[key] = std::move(classes);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Classes> classes_;
};

KnownClasses& known_classes() {
  static KnownClasses known;
  return known;
}

}  // namespace

std::string LoopClasses::key() const {
  std::string key = fmt::format("{}", levels_);
  for (const Dim dim : dims_) key += fmt::format(" {}", index(dim));
  for (const auto& row : relevance_)
    for (const Relevance& r : row) key += fmt::format(" {},{}", r.relevant, r.sliding_axis);
  for (const HeldBoundary& b : boundaries_)
    key += fmt::format(" {},{},{}", b.operand, b.parent, b.child);
  return key;
}

std::optional<std::vector<LoopClass>> LoopClasses::at_most(
    std::size_t most, const std::function<bool()>& stopped) const {
  const std::string key = fmt::format("{} {}", most, this->key());
  if (const auto known = known_classes().find(key)) return *known;
  auto found = find(most, stopped);
  if (found) known_classes().add(key, std::make_shared<std::vector<LoopClass>>(*found));
  return found;
}

std::optional<std::vector<LoopClass>> LoopClasses::find(
    std::size_t most, const std::function<bool()>& stopped) const {
  auto found = Enumeration(*this, most, stopped).run();
  if (!found) return std::nullopt;
  std::vector<LoopClass> classes;
  for (LoopClass& candidate : *found) {
    if (stopped && stopped()) return std::nullopt;
    const bool covered = std::any_of(classes.begin(), classes.end(), [&](const LoopClass& other) {
      return covers(other, candidate);
    });
    if (covered) continue;
    std::erase_if(classes, [&](const LoopClass& other) { return covers(candidate, other); });
    classes.push_back(std::move(candidate));
  }
  return classes;
}

}  // namespace hwflow::chip
