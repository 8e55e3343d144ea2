#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/fault/statistics.hpp"

namespace hwflow::train::fault {

/// Of the images of a run those on which a fault failed: bit i % 64 of word i / 64. Empty: none.
using FailedImages = std::vector<std::uint64_t>;
[[nodiscard]] inline bool has_failed(std::span<const std::uint64_t> failed, std::size_t image) {
  return !failed.empty() && ((failed[image / 64] >> (image % 64)) & 1) != 0;
}

/// Failures of faults that all ran on the same images, and how they spread over faults and images.
struct CrossedCounts {
  std::int64_t faults = 0, images = 0, failures = 0;
  /// Sums over faults, of the second to fourth power of the images that the fault failed on.
  double squares = 0.0, cubes = 0.0, fourths = 0.0;
  std::vector<std::uint32_t> of_image{};  ///< faults that failed on it; empty: none on any

  /// One more fault, on `on_images` images.
  void add(std::span<const std::uint64_t> failed, std::int64_t on_images);
  /// Other faults, on the same images.
  CrossedCounts& operator+=(const CrossedCounts& other);
  [[nodiscard]] double share() const;
  bool operator==(const CrossedCounts&) const = default;
};

/// Variance of the share of failures, by what it comes from; each with the degrees of freedom that
/// its estimate has, fewer where a few faults or images make up most of it.
struct CrossedVariance {
  double faults = 0.0;  ///< of drawing other faults, on these images
  double images = 0.0;  ///< of drawing other images, for these faults
  double cells = 0.0;   ///< what both of them hold: of single inferences
  double fault_degrees = 0.0, image_degrees = 0.0;
  /// Of drawing both anew: faults + images - cells, and no less than either.
  [[nodiscard]] double both() const;
};
/// Faults and images are drawn independently of each other; of faults without replacement from
/// `population` (0: no bound), of images from a population without bound. At least two of each.
/// Source  variance components of a crossed design of random effects (Searle et al., "Variance
///         components", 1992); what its bootstrap estimates: Owen, "The pigeonhole bootstrap",
///         Annals of Applied Statistics 1(2), 2007.
[[nodiscard]] CrossedVariance variance_of(const CrossedCounts& counts, std::int64_t population = 0);

/// Intervals of a share of failures.
struct RateIntervals {
  Interval of_these_images;       ///< other faults, on the images of this run
  Interval of_images_like_these;  ///< other faults on other images; no narrower
};
/// Wilson's, with as many draws as would have this variance, reduced by the square of normal over
/// Student's quantile; at least as many as there are faults (and images), because a share varies no
/// more than a yes or no of the same mean. Nothing failed, or all: that many.
/// Source  effective sample sizes: Korn & Graubard, "Confidence intervals for proportions with
///         small expected number of positive counts estimated from survey data", Survey
///         Methodology 24(2), 1998; degrees of freedom: Satterthwaite, Biometrics 2(6), 1946.
[[nodiscard]] RateIntervals intervals_of(const CrossedCounts& counts, double confidence,
                                         std::int64_t population = 0);

/// Inferences and failures of one image, each inference with a fault of its own.
struct ImageCounts {
  std::int64_t inferences = 0, failures = 0;
};
/// The same of faults that each ran on one image: images are clusters of inferences.
[[nodiscard]] RateIntervals intervals_of(std::span<const ImageCounts> images, double confidence);

}  // namespace hwflow::train::fault
