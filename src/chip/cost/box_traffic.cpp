#include "chip/cost/box_traffic.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

namespace hwflow::chip {
namespace {

/// One number per axis of the operand; axes that it does not have stay 0.
using Vector = std::array<std::int64_t, kDimCount>;

Vector operator-(const Vector& a, const Vector& b) {
  Vector result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a[i] - b[i];
  return result;
}
Vector operator+(const Vector& a, const Vector& b) {
  Vector result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a[i] + b[i];
  return result;
}

/// A temporal loop above the child: how far one step moves the box, and how often it turns.
struct Step {
  Vector shift{};
  std::int64_t trips = 1;
};

/// A loop over instances.
struct Spread {
  LevelIndex level = 0;
  Vector shift{};  ///< of the box from one to the next
  std::int64_t trips = 1;
};

/// The words that enter with one transition: a box at `corner` of the tile; empty: none.
struct Entering {
  bool empty = false;
  Vector corner{};
  Vector lengths{};
  std::int64_t words = 0;
};

class BoxCount {
 public:
  BoxCount(const OperandNest& place, const Boundary& boundary) : place_(place) {
    for (std::size_t a = 0; a < place.operand.ranks.size(); ++a)
      for (const AffineTerm& term : place.operand.ranks[a].terms)
        axes_[index(term.dim)] = {static_cast<int>(a), term.coefficient};
    walk(boundary);
    measure_box();
    find_transitions();
  }

  BoundaryTraffic run(const Boundary& boundary) const {
    const auto& levels = place_.accelerator.levels();
    const MemoryLevel& fan = levels[mesh_level_];
    const std::int64_t copies =
        fan.fanout.multicast ? distinct({}) : static_cast<std::int64_t>(offsets_.size());
    BoundaryTraffic traffic;
    std::int64_t received = 0, forwarded = 0;
    const auto add = [&](const Entering& entering, const Entering& before, const Vector& shift,
                         std::int64_t visits) {
      if (entering.empty) return;
      const std::int64_t words = entering.words * visits;
      received += words * static_cast<std::int64_t>(offsets_.size());
      std::int64_t reads = copies;
      if (fan.fanout.forwarding && offsets_.size() > 1 && !before.empty &&
          before.lengths == entering.lengths) {
        const auto served = served_by_neighbours(shift + entering.corner - before.corner);
        const std::int64_t left = distinct(served);
        if (left < reads) {
          reads = left;
          forwarded += words * std::count(served.begin(), served.end(), true);
        }
      }
      traffic.reads += words * reads;
    };
    add(whole_, {.empty = true}, {}, 1);
    traffic.first_reads = traffic.reads * parents_;
    traffic.first_fills = received * parents_;
    for_each_visit(add);
    const auto units = static_cast<std::int64_t>(offsets_.size());
    // Timeloop rounds to whole words per instance.
    traffic.forwarded = (2 * forwarded + units) / (2 * units) * units * parents_;
    traffic.reads *= parents_;
    if (boundary.child < levels.size())
      traffic.fills = received * parents_;
    else
      traffic.first_fills = 0;
    return traffic;
  }

  /// Words of the boxes, equal ones once but for instances that `is_alone` keeps apart by level.
  std::int64_t moved(const std::function<bool(LevelIndex)>& is_alone) const {
    std::int64_t words = whole_.words, outside = 1;
    for (std::size_t j = 0; j < steps_.size(); ++j) {
      if (!entering_[j].empty) words += entering_[j].words * (steps_[j].trips - 1) * outside;
      outside *= steps_[j].trips;
    }
    std::int64_t alone = 1;
    std::vector<Vector> offsets{{}};
    for (const Spread& loop : spread_)
      if (is_alone(loop.level))
        alone *= loop.trips;
      else
        offsets = spread(offsets, loop);
    return words * alone * count_different(std::move(offsets));
  }

 private:
  struct Axis {
    int axis = -1;  ///< none: the operand does not depend on the dimension
    std::int64_t coefficient = 0;
  };

  void walk(const Boundary& boundary) {
    tile_ = place_.nest.bounds;
    offsets_.assign(1, {});
    mesh_level_ = boundary.parent;
    for (const NestLoop& loop : place_.nest.loops) {
      if (loop.level >= boundary.child) break;
      tile_[index(loop.dim)] = loop.tile;
      const Axis& axis = axes_[index(loop.dim)];
      Vector shift{};
      if (axis.axis >= 0) shift[static_cast<std::size_t>(axis.axis)] = axis.coefficient * loop.tile;
      if (!loop.spatial) {
        steps_.push_back({shift, loop.trips});
        continue;
      }
      spread_.push_back({loop.level, shift, loop.trips});
      if (loop.level < boundary.parent) {
        parents_ *= loop.trips;
      } else {
        mesh_level_ = loop.level;
        offsets_ = spread(offsets_, spread_.back());
        // The loops over columns come last.
        columns_ = loop.columns ? columns_ * loop.trips : 1;
      }
    }
  }

  /// One more loop over instances, inside those there are: the instance number stays dense.
  static std::vector<Vector> spread(const std::vector<Vector>& offsets, const Spread& loop) {
    std::vector<Vector> result;
    result.reserve(offsets.size() * static_cast<std::size_t>(loop.trips));
    for (const Vector& offset : offsets) {
      Vector at = offset;
      for (std::int64_t i = 0; i < loop.trips; ++i, at = at + loop.shift) result.push_back(at);
    }
    return result;
  }

  void measure_box() {
    const bool gaps = place_.accelerator.fields().counting.fetch_stride_gaps;
    whole_.words = 1;
    for (std::size_t a = 0; a < place_.operand.ranks.size(); ++a) {
      const Rank& rank = place_.operand.ranks[a];
      std::int64_t length = 1;
      for (const AffineTerm& term : rank.terms)
        length += term.coefficient * (tile_[index(term.dim)] - 1);
      whole_.lengths[a] = length;
      whole_.words *= gaps ? length : used_along(rank);
    }
  }

  /// Words of the box along one axis that iterations use: pairs of indices, less those that meet.
  [[nodiscard]] std::int64_t used_along(const Rank& rank) const {
    if (rank.terms.empty()) return 1;
    const std::int64_t a = tile_[index(rank.terms[0].dim)];
    if (rank.terms.size() == 1) return a;
    const std::int64_t b = tile_[index(rank.terms[1].dim)];
    const std::int64_t shared = std::gcd(rank.terms[0].coefficient, rank.terms[1].coefficient);
    const std::int64_t meet_a = a - rank.terms[1].coefficient / shared;
    const std::int64_t meet_b = b - rank.terms[0].coefficient / shared;
    return a * b - std::max<std::int64_t>(meet_a, 0) * std::max<std::int64_t>(meet_b, 0);
  }

  void find_transitions() {
    const bool keeps_overlap = place_.accelerator.fields().counting.halo_reuse;
    std::optional<Vector> slide;  // the shift of the innermost loop that moves the box
    Vector inside{};
    shifts_.resize(steps_.size());
    entering_.resize(steps_.size());
    for (std::size_t j = steps_.size(); j-- > 0;) {
      shifts_[j] = steps_[j].shift - inside;
      inside = inside + steps_[j].shift;
      if (!slide && steps_[j].shift != Vector{}) slide = steps_[j].shift;
      if (shifts_[j] == Vector{}) {
        entering_[j].empty = true;
      } else {
        entering_[j] = keeps_overlap && slide == shifts_[j] ? entering_by(shifts_[j]) : whole_;
      }
    }
  }

  /// What a slide brings in: the part of the box past the old one when it moves along one axis by
  /// less than its length, else all of it.
  [[nodiscard]] Entering entering_by(const Vector& shift) const {
    std::optional<std::size_t> axis;
    for (std::size_t a = 0; a < shift.size(); ++a) {
      if (shift[a] == 0) continue;
      if (axis || shift[a] >= whole_.lengths[a]) return whole_;
      axis = a;
    }
    Entering entering = whole_;
    entering.words = shift[*axis];
    for (std::size_t a = 0; a < place_.operand.ranks.size(); ++a)
      if (a != *axis) entering.words *= whole_.lengths[a];
    entering.corner[*axis] = whole_.lengths[*axis] - shift[*axis];
    entering.lengths[*axis] = shift[*axis];
    return entering;
  }

  /// Calls add(entering, entering one visit before, shift between the two, number of such visits)
  /// for every kind of visit but the first. Before a step of an outer loop the innermost one
  /// stepped; before a step of the innermost one, whichever set it to 0.
  template <class Add>
  void for_each_visit(const Add& add) const {
    std::int64_t outside = 1;
    const std::size_t count = steps_.size();
    for (std::size_t j = 0; j < count; ++j) {
      if (j + 1 < count) {
        add(entering_[j], entering_[count - 1], shifts_[j], (steps_[j].trips - 1) * outside);
      }
      outside *= steps_[j].trips;
    }
    if (count == 0) return;
    const Entering& last = entering_[count - 1];
    const std::int64_t turns = steps_[count - 1].trips - 1;
    add(last, whole_, shifts_[count - 1], turns);
    outside = 1;
    for (std::size_t i = 0; i + 1 < count; ++i) {
      add(last, entering_[i], shifts_[count - 1], turns * (steps_[i].trips - 1) * outside);
      outside *= steps_[i].trips;
    }
  }

  /// Different boxes among the instances not marked.
  [[nodiscard]] std::int64_t distinct(const std::vector<bool>& marked) const {
    std::vector<Vector> seen;
    seen.reserve(offsets_.size());
    for (std::size_t i = 0; i < offsets_.size(); ++i)
      if (marked.empty() || !marked[i]) seen.push_back(offsets_[i]);
    return count_different(std::move(seen));
  }

  static std::int64_t count_different(std::vector<Vector> offsets) {
    std::sort(offsets.begin(), offsets.end());
    return std::unique(offsets.begin(), offsets.end()) - offsets.begin();
  }

  /// Instances whose new words lie at the place, relative to the tile, where a neighbour's words
  /// of the visit before lay, `away` further.
  [[nodiscard]] std::vector<bool> served_by_neighbours(const Vector& away) const {
    const std::int64_t columns = columns_;
    const auto count = static_cast<std::int64_t>(offsets_.size());
    std::vector<bool> served(offsets_.size(), false);
    for (std::int64_t i = 0; i < count; ++i) {
      const Vector wanted = offsets_[static_cast<std::size_t>(i)] + away;
      const auto has = [&](std::int64_t neighbour) {
        return neighbour >= 0 && neighbour < count &&
               offsets_[static_cast<std::size_t>(neighbour)] == wanted;
      };
      const std::int64_t column = i % columns;
      served[static_cast<std::size_t>(i)] = has(i - columns) || has(i + columns) ||
                                            (column > 0 && has(i - 1)) ||
                                            (column + 1 < columns && has(i + 1));
    }
    return served;
  }

  const OperandNest& place_;
  std::array<Axis, kDimCount> axes_{};
  DimArray tile_ = kOnes;
  std::vector<Step> steps_;     ///< outermost first
  std::vector<Spread> spread_;  ///< likewise
  std::vector<Vector> shifts_;  ///< of the box when that loop steps
  std::vector<Entering> entering_;
  std::vector<Vector> offsets_;  ///< of the boxes of one parent's instances, by instance number
  LevelIndex mesh_level_ = 0;
  std::int64_t columns_ = 1;  ///< of the mesh that are used
  std::int64_t parents_ = 1;
  Entering whole_;
};

}  // namespace

std::int64_t box_link_words(const OperandNest& place, const Boundary& boundary,
                            const std::function<bool(LevelIndex)>& is_alone) {
  return BoxCount(place, boundary).moved(is_alone);
}

BoundaryTraffic box_fetch_traffic(const OperandNest& place, const Boundary& boundary) {
  return BoxCount(place, boundary).run(boundary);
}

}  // namespace hwflow::chip
