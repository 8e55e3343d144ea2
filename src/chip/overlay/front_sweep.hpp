#pragma once

#include <cstddef>
#include <vector>

namespace hwflow::chip {

/// Says of points in three minimised objectives, one after another, whether an earlier one is at
/// least as good in all three. The first objective counts from 0 to `ranks` - 1.
///
/// Fed in the ascending order of a fourth objective (ties in the order of the other three), the
/// points that it takes are the Pareto front of the four.
/// Cost        O(log ranks * log points) to ask, and as much to take but for entries that move up.
/// Source      Kung, Luccio, Preparata, "On finding the maxima of a set of vectors", JACM 22(4),
///             1975 (sweep and staircases); Fenwick, "A new data structure for cumulative frequency
///             tables", Software: Practice and Experience 24(3), 1994 (prefixes of ranks).
/// Checked by  tests/chip/overlay/front_sweep_test.cpp, against all pairs.
class FrontSweep {
 public:
  explicit FrontSweep(std::size_t ranks) : stairs_(ranks + 1) {}

  /// False, and nothing happens, when an earlier point has no larger rank, x and y.
  bool take(std::size_t rank, double x, double y);

 private:
  struct Step {
    double x, y;
  };
  using Staircase = std::vector<Step>;  ///< x ascending, y descending

  [[nodiscard]] static bool covers(const Staircase& stairs, double x, double y);
  static void insert(Staircase& stairs, double x, double y);

  std::vector<Staircase> stairs_;  ///< a Fenwick tree: node i has the ranks (i - lowbit(i), i]
};

}  // namespace hwflow::chip
