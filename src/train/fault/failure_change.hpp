#pragma once

#include <span>

#include "train/fault/crossed_counts.hpp"
#include "train/fault/statistics.hpp"

namespace hwflow::train::fault {

/// How often one network fails for each failure of another, under the same faults.
struct FailureChange {
  double ratio = 1.0;  ///< of failure rates; below 1: fewer
  Interval interval;   ///< of the ratio on images like these
  /// The ratio is below 1, beyond what the choice of images and faults explains.
  [[nodiscard]] bool is_less() const { return interval.high < 1.0; }
};

/// `before` and `after` tell of the same images in the same order, each with as many inferences
/// under the same faults. The interval is that of a ratio of means of pairs, by its logarithm:
/// images are drawn, and what happens on one of them may have much in common. Where one of the two
/// never failed, half a failure is added to both and they are taken for independent.
/// Source  Cochran, "Sampling techniques", 3rd ed. 1977, section 6.3 (variance of a ratio); Katz et
///         al., "Obtaining confidence intervals for the risk ratio", Biometrics 34, 1978.
[[nodiscard]] FailureChange failure_change(std::span<const ImageCounts> before,
                                           std::span<const ImageCounts> after, double confidence);

}  // namespace hwflow::train::fault
