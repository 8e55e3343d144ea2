#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hwflow::pareto {

/// Objective values of one candidate; all are minimised and finite.
using Objectives = std::vector<double>;

/// Is `a` at least as good everywhere and better somewhere?
[[nodiscard]] bool dominates(const Objectives& a, const Objectives& b);

/// Points sorted into fronts.
struct Sorting {
  std::vector<std::vector<std::size_t>> fronts;  ///< indices, ascending; front 0 is not dominated
  std::vector<std::size_t> rank;                 ///< front of every point
};

/// Fast non-dominated sorting. Equal points share a front.
/// Source  Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm:
///         NSGA-II", IEEE TEC 6(2), 2002.
/// Cost    O(points^2 * objectives).
[[nodiscard]] Sorting non_dominated_sort(std::span<const Objectives> points);

/// Indices of the points that no other dominates, ascending; of equal points only the first.
/// Cost    O(points * front size * objectives).
[[nodiscard]] std::vector<std::size_t> pareto_front(std::span<const Objectives> points);

/// Crowding distance of the points of one front: for every objective the gap between the two
/// neighbours, divided by the range of the front; infinite at the ends. An objective in which all
/// points are equal adds nothing.
/// Source  as non_dominated_sort.
[[nodiscard]] std::vector<double> crowding_distance(std::span<const Objectives> front);

/// Indices of the `count` best points: by front, within the last one by falling crowding distance,
/// ties by index. Best first.
[[nodiscard]] std::vector<std::size_t> select_best(std::span<const Objectives> points,
                                                   std::size_t count);

}  // namespace hwflow::pareto
