#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "pareto/dominance.hpp"

namespace hwflow::pareto {

/// Volume and front of many points.
struct SlicedVolume {
  double volume = 0.0;             ///< as hypervolume()
  std::vector<std::size_t> front;  ///< as pareto_front() of the points below the reference
};

/// As hypervolume(), by slices of the first objective: from one of its values to the next the
/// volume of the other objectives of all points so far. For thousands of points of which many share
/// the first value, such as the designs of plans of one accuracy.
/// Checked by  tests/pareto/sliced_hypervolume_test.cpp, against hypervolume() and pareto_front().
[[nodiscard]] SlicedVolume sliced_hypervolume(std::span<const Objectives> points,
                                              const Objectives& reference);

}  // namespace hwflow::pareto
