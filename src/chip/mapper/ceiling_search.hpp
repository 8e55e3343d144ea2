#pragma once

#include "chip/mapper/search.hpp"

namespace hwflow::chip {

/// Branch and bound over ceiling factors, begun with the best of the perfect ones: these are among
/// them, and run_products() finds it with at most half of the limit.
[[nodiscard]] SearchOutcome run_ceiling(const SearchProblem& problem);

}  // namespace hwflow::chip
