#pragma once

#include <cstdint>
#include <span>

#include "study/codesign_result.hpp"

namespace hwflow::study {

/// Compares two classifiers image by image; 1 = right. `a` and `b` of the result are left at 0.
///
/// p_value   exact McNemar test: two-sided binomial test of the discordant images against 1/2.
/// low, high 95 % interval of the difference, Wald's after adding a count to both discordant cells.
/// Source    McNemar, Psychometrika 12(2), 1947; Bonett & Price, "Adjusted Wald confidence interval
///           for a difference of binomial proportions based on paired data", J. Educational and
///           Behavioral Statistics 37(4), 2012.
[[nodiscard]] PairedTest paired_test(std::span<const std::uint8_t> a,
                                     std::span<const std::uint8_t> b);

/// The same from the four counts.
[[nodiscard]] PairedTest paired_test(std::int64_t both_right, std::int64_t only_a_right,
                                     std::int64_t only_b_right, std::int64_t both_wrong);

}  // namespace hwflow::study
