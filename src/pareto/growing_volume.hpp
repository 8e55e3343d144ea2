#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pareto/dominance.hpp"

namespace hwflow::pareto {

/// Steps of a front of two minimised objectives below a corner, with the area that they dominate.
class Staircase {
 public:
  explicit Staircase(double corner_x, double corner_y) : corner_x_(corner_x), corner_y_(corner_y) {}

  /// The area that (x, y), below the corner, adds; none when a step is as good in both: then
  /// nothing changes.
  struct Growth {
    bool is_new = false;
    double area = 0.0;
  };
  Growth add(double x, double y);

 private:
  struct Step {
    double x, y;
  };
  double corner_x_, corner_y_;
  std::vector<Step> steps_;  ///< x ascending, y descending
};

/// Volume of the union of the boxes between points and a reference, while points are added one by
/// one. Exact to rounding.
///
/// Two objectives are staircases; there is one for every combination of the distinct values of the
/// others, so fronts whose points share values (areas of designs) are cheap.
/// Cost        to add: O(log points) for each combination in which the point is new.
/// Source      the sweeps of Beume, Fonseca, Lopez-Ibanez, Paquete, Vahrenhold, "On the complexity
///             of computing the hypervolume indicator", IEEE TEC 13(5), 2009, kept for all slices.
/// Checked by  tests/pareto/growing_volume_test.cpp, against counted cells and pareto::hypervolume.
class GrowingVolume {
 public:
  /// `candidates`: every point that may be added.
  GrowingVolume(std::span<const Objectives> candidates, Objectives reference);

  /// False when the point is not below the reference in every objective, or an earlier one is at
  /// least as good in all.
  bool add(const Objectives& point);
  [[nodiscard]] double volume() const noexcept { return volume_; }

 private:
  struct Axis {
    std::size_t objective = 0;
    std::vector<double> values;  ///< distinct, ascending, below the reference
    std::vector<double> widths;  ///< to the next value, or to the reference
    std::size_t stride = 1;      ///< between staircases
  };
  bool add_from(std::size_t axis, std::size_t cell, double width, const Objectives& point);

  Objectives reference_;
  std::size_t x_ = 0;
  bool is_flat_ = false;  ///< one objective: all points have the same second one
  std::size_t y_ = 0;
  std::vector<Axis> axes_;  ///< the other objectives, the one of most values last
  std::vector<Staircase> stairs_;
  double volume_ = 0.0;
};

}  // namespace hwflow::pareto
