#pragma once

#include <span>

#include "pareto/dominance.hpp"

namespace hwflow::pareto {

/// Volume of the union of the boxes between the points and `reference`: what part of the space
/// below the reference they dominate. Exact (to rounding).
///
/// Points that are not better than the reference in every objective add nothing.
/// Source  Zitzler & Thiele, "Multiobjective evolutionary algorithms: a comparative case study",
///         IEEE TEC 3(4), 1999; computed by pagmo (WFG above three objectives: While, Bradstreet,
///         Barone, IEEE TEC 16(1), 2012).
[[nodiscard]] double hypervolume(std::span<const Objectives> points, const Objectives& reference);

}  // namespace hwflow::pareto
