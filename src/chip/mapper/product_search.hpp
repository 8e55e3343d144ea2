#pragma once

#include <vector>

#include "chip/mapper/dual_bound.hpp"
#include "chip/mapper/product_space.hpp"
#include "chip/mapper/search.hpp"

namespace hwflow::chip {

/// Does run_products() know how to write the costs of this layer, with perfect factors, as sums of
/// products? Not where outputs overlap (transposed convolutions) and where more than two dimensions
/// share axes.
[[nodiscard]] bool is_product_problem(const Layer& layer, const Accelerator& accelerator);

/// Exhausts the map space class by class: branch and bound over the lists of factor choices of the
/// compounds, with the product of the minima of what is open as bound (docs/mapper.md, "Products").
/// Other problems go to run_branch_and_bound(); those with ceiling factors begin there with the
/// best of the perfect ones.
[[nodiscard]] SearchOutcome run_products(const SearchProblem& problem);

/// The same from problem.starts, in a space of perfect factors, or of ceiling factors where tiles
/// are boxes.
[[nodiscard]] SearchOutcome run_product_search(const SearchProblem& problem);

/// What a search leaves to searches with tighter caps and the same objective in the same space:
/// bounds that hold there too, and weights to begin with.
struct ClassBounds {
  std::vector<double> bounds;  ///< per class, as DualBound has them; empty: none
  DualBound::Multipliers multipliers;
};

/// The cheapest mapping within problem.caps that costs less than problem.to_beat, by the classes
/// and tables of `space`, which has found them. No first walk, no starts: where there is no such
/// mapping the search ends without one, and the lower bound is to_beat. A lower bound below that
/// says that the search was cut.
[[nodiscard]] SearchOutcome run_in_box(const SearchProblem& problem, const ProductSpace& space,
                                       ClassBounds& known);

}  // namespace hwflow::chip
