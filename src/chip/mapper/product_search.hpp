#pragma once

#include "chip/mapper/search.hpp"
#include "chip/mapper/term_model.hpp"

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

}  // namespace hwflow::chip
