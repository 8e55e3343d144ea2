#pragma once

#include "study/comparison_result.hpp"

namespace hwflow::report_test {

/// Three machines that searched the network of fake_result(): "full" has its costs, "half" half of
/// its energies and twice its cycles, "none" is as "full" but has no plan within the tolerance.
/// Ratios of the energy matrix: row i, column k: 1 + i / 10 + k / 100; of latency 1 more.
[[nodiscard]] study::ComparisonResult fake_comparison();

/// The same with texts from outside that try to break out of HTML, CSV and the terminal.
[[nodiscard]] study::ComparisonResult hostile_comparison();

}  // namespace hwflow::report_test
