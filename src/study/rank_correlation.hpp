#pragma once

#include <optional>
#include <span>

namespace hwflow::study {

/// Spearman's rank correlation, -1 to 1; equal values share the mean of their ranks. None when all
/// values of a side are equal, as fewer than two are.
/// Source  Spearman, American Journal of Psychology 15(1), 1904.
[[nodiscard]] std::optional<double> rank_correlation(std::span<const double> a,
                                                     std::span<const double> b);

}  // namespace hwflow::study
