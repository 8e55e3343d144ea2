#include "chip/fusion/plan_descent.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace hwflow::chip {
namespace {

/// Schedules of one tile that are priced: the last, of least traffic, ones.
constexpr std::size_t kMostOfATile = 3;

class Descent {
 public:
  Descent(const FusionGraph& graph, const Slice& slice, const BufferRoom& buffer,
          const WorthOf& worth_of, const DescentOptions& options, GroupEvaluator& evaluator)
      : graph_(graph),
        slice_(slice),
        buffer_(buffer),
        worth_of_(worth_of),
        options_(options),
        evaluator_(evaluator),
        rows_(tile_choices(graph.layers[slice.last - 1].shape.height)),
        columns_(tile_choices(graph.layers[slice.last - 1].shape.width)) {}

  PricedPlan run(const PricedPlan& start) {
    PricedPlan best = start;
    auto at = std::pair(place(rows_, start.plan.schedule.tile_rows),
                        place(columns_, start.plan.schedule.tile_columns));
    look_at(at, best);
    for (bool moves = true; moves && !options_.is_over();) {
      moves = false;
      const auto from = at;
      for (const auto& next : neighbours(from)) {
        if (!look_at(next, best)) continue;
        at = next;
        moves = true;
      }
    }
    return best;
  }

 private:
  using Tile = std::pair<std::size_t, std::size_t>;  ///< places in the lists

  static std::size_t place(const std::vector<std::int64_t>& sizes, std::int64_t size) {
    return static_cast<std::size_t>(std::find(sizes.begin(), sizes.end(), size) - sizes.begin());
  }

  [[nodiscard]] std::vector<Tile> neighbours(const Tile& at) const {
    std::vector<Tile> tiles;
    if (at.first + 1 < rows_.size()) tiles.emplace_back(at.first + 1, at.second);
    if (at.second + 1 < columns_.size()) tiles.emplace_back(at.first, at.second + 1);
    if (at.first > 0) tiles.emplace_back(at.first - 1, at.second);
    if (at.second > 0) tiles.emplace_back(at.first, at.second - 1);
    return tiles;
  }

  /// True when a schedule of the tile is better than `best`, which it then becomes.
  bool look_at(const Tile& tile, PricedPlan& best) {
    if (tile.first >= rows_.size() || tile.second >= columns_.size()) return false;
    if (!seen_.insert(tile).second || options_.is_over()) return false;
    GroupSpaceOptions only = options_.space;
    only.tile = {rows_[tile.first], columns_[tile.second]};
    GroupSpace space(graph_, slice_, buffer_, only);
    std::vector<GroupPlan> plans;
    space.visit([](std::int64_t) { return true; },
                [&](GroupPlan&& plan) { plans.push_back(std::move(plan)); });
    std::stable_sort(plans.begin(), plans.end(), [](const GroupPlan& a, const GroupPlan& b) {
      return a.traffic.total() < b.traffic.total();
    });
    if (plans.size() > kMostOfATile) plans.resize(kMostOfATile);
    bool is_better = false;
    for (const GroupPlan& plan : plans) {
      is_better = offer(plan, best) || is_better;
      if (!options_.share_in_space) continue;
      if (const auto shared = evaluator_.in_space(slice_, plan))
        is_better = offer(*shared, best) || is_better;
    }
    return is_better;
  }

  bool offer(const GroupPlan& plan, PricedPlan& best) {
    const auto cost = evaluator_.evaluate(slice_, plan, MappingEffort::quick);
    if (!cost) return false;
    const NetworkCost total{cost->energy_pj, cost->cycles, plan.traffic.total()};
    if (!(worth_of_(total) < worth_of_(*best.cost))) return false;
    best = {plan, total};
    return true;
  }

  const FusionGraph& graph_;
  Slice slice_;
  const BufferRoom& buffer_;
  const WorthOf& worth_of_;
  const DescentOptions& options_;
  GroupEvaluator& evaluator_;
  std::vector<std::int64_t> rows_, columns_;
  std::set<Tile> seen_;
};

}  // namespace

PricedPlan descend(const FusionGraph& graph, const Slice& slice, const BufferRoom& buffer,
                   const PricedPlan& start, const WorthOf& worth_of, const DescentOptions& options,
                   GroupEvaluator& evaluator) {
  return Descent(graph, slice, buffer, worth_of, options, evaluator).run(start);
}

}  // namespace hwflow::chip
