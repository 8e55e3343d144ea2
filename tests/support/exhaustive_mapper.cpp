#include "tests/support/exhaustive_mapper.hpp"

#include <algorithm>
#include <vector>

#include "chip/cost/cost.hpp"

namespace hwflow::testing {
namespace {

using chip::Accelerator;
using chip::Loop;
using chip::Mapping;
using chip::Objective;

class Enumeration {
 public:
  Enumeration(const Layer& layer, const Accelerator& accelerator, bool perfect, std::int64_t limit,
              bool evaluates)
      : layer_(layer),
        accelerator_(accelerator),
        perfect_(perfect),
        limit_(limit),
        evaluates_(evaluates) {
    mapping_.levels.resize(accelerator.levels().size());
  }

  std::optional<ExhaustiveOptimum> run() {
    place(0, 0, layer_.op.bound(kDims[0]));
    if (found_.mappings > limit_) return std::nullopt;
    return found_;
  }

 private:
  /// Place 3 * level + {0: temporal, 1: rows, 2: columns} of one dimension after another.
  void place(std::size_t dim, std::size_t where, std::int64_t left) {
    if (found_.mappings > limit_) return;
    if (where == 3 * mapping_.levels.size()) {
      if (left != 1) return;
      if (dim + 1 == kDimCount) return permute(0);
      return place(dim + 1, 0, layer_.op.bound(kDims[dim + 1]));
    }
    place(dim, where + 1, left);
    auto& list = list_at(where);
    for (std::int64_t bound = 2; bound <= left; ++bound) {
      if (perfect_ && left % bound != 0) continue;
      if (!may_stand(kDims[dim], where, bound)) continue;
      list.push_back({kDims[dim], bound});
      place(dim, where + 1, (left + bound - 1) / bound);
      list.pop_back();
    }
  }

  std::vector<Loop>& list_at(std::size_t where) {
    chip::LevelLoops& level = mapping_.levels[where / 3];
    if (where % 3 == 0) return level.temporal;
    return where % 3 == 1 ? level.spatial_y : level.spatial_x;
  }

  bool may_stand(Dim dim, std::size_t where, std::int64_t bound) {
    const chip::MemoryLevel& level = accelerator_.levels()[where / 3];
    const auto& allowed = where % 3 == 0   ? level.temporal_dims
                          : where % 3 == 1 ? level.fanout.y_dims
                                           : level.fanout.x_dims;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), dim) == allowed.end()) {
      return false;
    }
    if (where % 3 == 0) return true;
    for (const Loop& loop : list_at(where)) bound *= loop.bound;
    return bound <= (where % 3 == 1 ? level.fanout.y : level.fanout.x);
  }

  /// Puts the loop over a dimension first in some list of every level, its tiles side by side.
  static void put_first(Dim dim, std::vector<Loop> chip::LevelLoops::*list, Mapping& mapping) {
    for (chip::LevelLoops& level : mapping.levels)
      for (auto loop = (level.*list).begin(); loop != (level.*list).end(); ++loop)
        if (loop->dim == dim) {
          std::rotate((level.*list).begin(), loop, loop + 1);
          break;
        }
  }

  /// Where units forward to their neighbours: with each dimension side by side on columns, rows.
  void evaluate_neighbours() {
    ++found_.mappings;
    if (!evaluates_) return;
    const Mapping canonical = mapping_;
    const auto& levels = accelerator_.levels();
    const bool forwards = std::any_of(levels.begin(), levels.end(), [](const auto& level) {
      return level.fanout.forwarding && level.fanout.x * level.fanout.y > 1;
    });
    for (const Dim x : kDims)
      for (const Dim y : kDims) {
        if (!forwards && (x != kDims[0] || y != kDims[0])) continue;
        mapping_ = canonical;
        put_first(x, &chip::LevelLoops::spatial_x, mapping_);
        put_first(y, &chip::LevelLoops::spatial_y, mapping_);
        const bool is_new = (x == kDims[0] && y == kDims[0]) || !(mapping_ == canonical);
        if (is_new) evaluate_one();
      }
    mapping_ = canonical;
  }

  void permute(std::size_t level) {
    if (level == mapping_.levels.size()) return evaluate_neighbours();
    std::vector<Loop>& loops = mapping_.levels[level].temporal;
    const auto before = [](const Loop& a, const Loop& b) { return a.dim < b.dim; };
    const std::vector<Loop> kept = loops;
    std::sort(loops.begin(), loops.end(), before);
    do {
      permute(level + 1);
    } while (std::next_permutation(loops.begin(), loops.end(), before) &&
             found_.mappings <= limit_);
    loops = kept;
  }

  void evaluate_one() {
    const auto result = chip::evaluate(layer_, accelerator_, mapping_);
    const auto* cost = std::get_if<chip::Cost>(&result);
    if (cost == nullptr) return;
    const std::array<double, 4> values{cost->energy_pj, static_cast<double>(cost->cycles),
                                       cost->energy_pj * static_cast<double>(cost->cycles),
                                       static_cast<double>(cost->dram_bits)};
    found_.costs.insert({values[0], values[1], values[3]});
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto& best = found_.best[i];
      best = best ? std::min(*best, values[i]) : values[i];
    }
  }

  const Layer& layer_;
  const Accelerator& accelerator_;
  bool perfect_;
  std::int64_t limit_;
  bool evaluates_;
  Mapping mapping_;
  ExhaustiveOptimum found_;
};

}  // namespace

std::optional<ExhaustiveOptimum> map_exhaustively(const Layer& layer,
                                                  const Accelerator& accelerator,
                                                  chip::MapperOptions::Factors factors,
                                                  std::int64_t limit) {
  const bool perfect = factors == chip::MapperOptions::Factors::perfect;
  return Enumeration(layer, accelerator, perfect, limit, true).run();
}

std::optional<std::int64_t> count_mappings(const Layer& layer, const Accelerator& accelerator,
                                           chip::MapperOptions::Factors factors,
                                           std::int64_t limit) {
  const bool perfect = factors == chip::MapperOptions::Factors::perfect;
  const auto counted = Enumeration(layer, accelerator, perfect, limit, false).run();
  if (!counted) return std::nullopt;
  return counted->mappings;
}

}  // namespace hwflow::testing
