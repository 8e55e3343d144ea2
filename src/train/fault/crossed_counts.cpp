#include "train/fault/crossed_counts.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/check.hpp"

namespace hwflow::train::fault {
namespace {

constexpr double kExact = std::numeric_limits<double>::infinity();

/// Degrees of freedom of a variance of `count` deviations from their mean, by the sums of their
/// second and fourth powers: count - 1 where all are of one size.
double degrees_of(std::int64_t count, double squares, double fourths) {
  const auto most = static_cast<double>(count);
  if (squares <= 0.0 || fourths <= 0.0) return most - 1;
  return std::clamp(squares * squares / fourths, 1.0, most) - 1;
}

/// Draws that would know a share with this variance. `least`, `most`: bounds of them.
double effective_draws(double share, double variance, double degrees, double confidence,
                       double least, double most) {
  const double one = share * (1 - share);
  if (one <= 0.0) return least;
  const double student = critical_value(confidence, std::max(1.0, degrees));
  const double draws = variance > 0.0 ? std::min(most, one / variance) : most;
  return std::max(least, draws * std::pow(critical_value(confidence) / student, 2));
}

Interval interval_of(double share, double draws, double confidence) {
  return std::isinf(draws) ? Interval{share, share} : wilson_of_share(share, draws, confidence);
}

/// What is left of a variance when this part of a population was drawn.
double left_of(std::int64_t drawn, std::int64_t population) {
  if (population <= 0) return 1.0;
  return std::max(0.0, 1.0 - static_cast<double>(drawn) / static_cast<double>(population));
}

}  // namespace

void CrossedCounts::add(std::span<const std::uint64_t> failed, std::int64_t on_images) {
  HWFLOW_CHECK(faults == 0 || images == on_images, "faults on other images");
  images = on_images;
  ++faults;
  std::int64_t count = 0;
  for (std::size_t word = 0; word < failed.size(); ++word)
    for (std::uint64_t left = failed[word]; left != 0; left &= left - 1) {
      if (of_image.empty()) of_image.resize(static_cast<std::size_t>(images));
      ++of_image.at(word * 64 + static_cast<std::size_t>(std::countr_zero(left)));
      ++count;
    }
  failures += count;
  const auto own = static_cast<double>(count);
  squares += own * own;
  cubes += own * own * own;
  fourths += own * own * own * own;
}

CrossedCounts& CrossedCounts::operator+=(const CrossedCounts& other) {
  if (other.faults == 0) return *this;
  HWFLOW_CHECK(faults == 0 || images == other.images, "faults on other images");
  images = other.images;
  faults += other.faults;
  failures += other.failures;
  squares += other.squares;
  cubes += other.cubes;
  fourths += other.fourths;
  if (other.of_image.empty()) return *this;
  of_image.resize(static_cast<std::size_t>(images));
  for (std::size_t i = 0; i < of_image.size(); ++i) of_image[i] += other.of_image[i];
  return *this;
}

double CrossedCounts::share() const {
  return faults == 0 ? 0.0
                     : static_cast<double>(failures) / static_cast<double>(faults) /
                           static_cast<double>(images);
}

double CrossedVariance::both() const { return std::max({faults + images - cells, faults, images}); }

CrossedVariance variance_of(const CrossedCounts& counts, std::int64_t population) {
  HWFLOW_CHECK(counts.faults > 1 && counts.images > 1, "one of a kind has no variance");
  const auto f = static_cast<double>(counts.faults), i = static_cast<double>(counts.images);
  const double p = counts.share();
  // Deviations of each fault's share from p: powers of sums, each about the mean.
  const double m = i * p;
  const double fault_squares = std::max(0.0, counts.squares - f * m * m) / (i * i);
  const double fault_fourths =
      std::max(0.0, counts.fourths - 4 * m * counts.cubes + 6 * m * m * counts.squares -
                        3 * f * m * m * m * m) /
      (i * i * i * i);
  double image_squares = 0.0, image_fourths = 0.0;
  for (std::int64_t k = 0; k < counts.images; ++k) {
    const double own =
        counts.of_image.empty() ? 0.0 : counts.of_image[static_cast<std::size_t>(k)] / f;
    const double square = (own - p) * (own - p);
    image_squares += square;
    image_fourths += square * square;
  }
  // Squares of single inferences: what neither faults nor images explain.
  const double rest = std::max(0.0, f * i * p * (1 - p) - i * fault_squares - f * image_squares);
  const double left = left_of(counts.faults, population);
  return {.faults = left * fault_squares / ((f - 1) * f),
          .images = image_squares / ((i - 1) * i),
          .cells = left * rest / ((f - 1) * (i - 1) * f * i),
          .fault_degrees = degrees_of(counts.faults, fault_squares, fault_fourths),
          .image_degrees = degrees_of(counts.images, image_squares, image_fourths)};
}

RateIntervals intervals_of(const CrossedCounts& counts, double confidence,
                           std::int64_t population) {
  if (counts.faults == 0) return {};
  const double p = counts.share(), left = left_of(counts.faults, population);
  const auto i = static_cast<double>(counts.images);
  const double faults = left > 0.0 ? static_cast<double>(counts.faults) / left : kExact;
  double these = faults, like = std::min(faults, i);
  if (counts.faults > 1 && counts.images > 1) {
    const CrossedVariance v = variance_of(counts, population);
    if (left > 0.0)
      these = effective_draws(p, v.faults, v.fault_degrees, confidence, faults, faults * i);
    // Of a sum of two variances; each has a degree less than the deviations that make it up.
    const double degrees = v.both() * v.both() /
                           (v.faults * v.faults / std::max(1.0, v.fault_degrees + 1) +
                            v.images * v.images / std::max(1.0, v.image_degrees + 1));
    like = effective_draws(p, v.both(), v.both() > 0.0 ? degrees - 1 : 1.0, confidence, like,
                           static_cast<double>(counts.faults) * i);
  }
  return {.of_these_images = interval_of(p, these, confidence),
          .of_images_like_these = interval_of(p, std::min(these, like), confidence)};
}

RateIntervals intervals_of(std::span<const ImageCounts> images, double confidence) {
  std::int64_t used = 0, inferences = 0, failures = 0;
  for (const ImageCounts& image : images) {
    used += image.inferences > 0 ? 1 : 0;
    inferences += image.inferences;
    failures += image.failures;
  }
  if (inferences == 0) return {};
  const auto n = static_cast<double>(inferences), clusters = static_cast<double>(used);
  const double p = static_cast<double>(failures) / n;
  double squares = 0.0, fourths = 0.0;
  for (const ImageCounts& image : images) {
    const double off =
        (static_cast<double>(image.failures) - p * static_cast<double>(image.inferences)) / n;
    squares += off * off;
    fourths += off * off * off * off;
  }
  double like = clusters;
  if (used > 1) {
    const double variance = std::max(squares * clusters / (clusters - 1), p * (1 - p) / n);
    like =
        effective_draws(p, variance, degrees_of(used, squares, fourths), confidence, clusters, n);
  }
  return {.of_these_images = wilson_of_share(p, n, confidence),
          .of_images_like_these = wilson_of_share(p, std::min(n, like), confidence)};
}

}  // namespace hwflow::train::fault
