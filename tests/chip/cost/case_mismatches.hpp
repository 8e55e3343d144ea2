#pragma once

#include <string>

#include "tests/chip/cost/random_case.hpp"

namespace hwflow::testing {

/// Where evaluate() and the element-by-element walk (tests/support/nest_simulator) differ: every
/// count of every boundary, and all that the cost makes of them. Empty when they agree.
[[nodiscard]] std::string mismatches(const RandomCase& random_case);

}  // namespace hwflow::testing
