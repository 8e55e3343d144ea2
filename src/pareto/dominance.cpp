#include "pareto/dominance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <pagmo/utils/multi_objective.hpp>

#include "base/check.hpp"

namespace hwflow::pareto {
namespace {

void check_points(std::span<const Objectives> points) {
  for (const Objectives& point : points) {
    HWFLOW_CHECK(point.size() == points.front().size(), "points of different dimension");
    for (const double value : point) HWFLOW_CHECK(std::isfinite(value), "objective not finite");
  }
}

}  // namespace

bool dominates(const Objectives& a, const Objectives& b) {
  HWFLOW_CHECK(a.size() == b.size(), "points of different dimension");
  bool better = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

Sorting non_dominated_sort(std::span<const Objectives> points) {
  check_points(points);
  // pagmo refuses fewer than two points.
  if (points.empty()) return {};
  if (points.size() == 1) return {{{0}}, {0}};
  auto [fronts, dominated, count, rank] =
      pagmo::fast_non_dominated_sorting({points.begin(), points.end()});
  Sorting sorting;
  sorting.rank.assign(rank.begin(), rank.end());
  for (const auto& front : fronts) {
    sorting.fronts.emplace_back(front.begin(), front.end());
    std::sort(sorting.fronts.back().begin(), sorting.fronts.back().end());
  }
  return sorting;
}

std::vector<std::size_t> pareto_front(std::span<const Objectives> points) {
  check_points(points);
  // In lexicographic order nothing is dominated by (or equal to) a later point.
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  std::vector<std::size_t> front;
  for (const std::size_t candidate : order) {
    const bool beaten = std::any_of(front.begin(), front.end(), [&](std::size_t kept) {
      return points[kept] == points[candidate] || dominates(points[kept], points[candidate]);
    });
    if (!beaten) front.push_back(candidate);
  }
  std::sort(front.begin(), front.end());
  return front;
}

std::vector<double> crowding_distance(std::span<const Objectives> front) {
  check_points(front);
  std::vector<double> distance(front.size(), 0.0);
  if (front.empty()) return distance;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> order(front.size());
  for (std::size_t objective = 0; objective < front.front().size(); ++objective) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return front[a][objective] < front[b][objective];
    });
    distance[order.front()] = kInfinity;
    distance[order.back()] = kInfinity;
    const double range = front[order.back()][objective] - front[order.front()][objective];
    if (range <= 0.0) continue;  // pagmo divides by this zero; that is why this is our own
    for (std::size_t i = 1; i + 1 < order.size(); ++i) {
      distance[order[i]] +=
          (front[order[i + 1]][objective] - front[order[i - 1]][objective]) / range;
    }
  }
  return distance;
}

std::vector<std::size_t> select_best(std::span<const Objectives> points, std::size_t count) {
  std::vector<std::size_t> best;
  for (const std::vector<std::size_t>& front : non_dominated_sort(points).fronts) {
    if (best.size() >= count) break;
    std::vector<Objectives> values;
    for (const std::size_t i : front) values.push_back(points[i]);
    const std::vector<double> distance = crowding_distance(values);
    std::vector<std::size_t> order(front.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return distance[a] > distance[b]; });
    for (const std::size_t i : order) {
      if (best.size() < count) best.push_back(front[i]);
    }
  }
  return best;
}

}  // namespace hwflow::pareto
