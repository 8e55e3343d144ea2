#pragma once

#include <functional>
#include <vector>

#include "chip/mapper/search.hpp"
#include "chip/mapper/term_model.hpp"

namespace hwflow::chip {

/// Exhausts the map space class by class: branch and bound over the lists of factor choices of the
/// compounds, with the product of the minima of what is open as bound (docs/mapper.md, "Products").
[[nodiscard]] SearchOutcome run_products(const SearchProblem& problem);

}  // namespace hwflow::chip
