#include "train/fault/failure_change.hpp"

#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/check.hpp"

namespace hwflow::train::fault {
namespace {

double failures_of(std::span<const ImageCounts> images) {
  return static_cast<double>(std::accumulate(
      images.begin(), images.end(), std::int64_t{0},
      [](std::int64_t sum, const ImageCounts& image) { return sum + image.failures; }));
}

/// Of the logarithm of the ratio: the part of each image's failures in all of `after`, less that in
/// all of `before`.
double variance_of_log(std::span<const ImageCounts> before, std::span<const ImageCounts> after,
                       double all_before, double all_after) {
  double squares = 0.0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double part = static_cast<double>(after[i].failures) / all_after -
                        static_cast<double>(before[i].failures) / all_before;
    squares += part * part;
  }
  const auto images = static_cast<double>(before.size());
  return squares * images / (images - 1.0);
}

}  // namespace

FailureChange failure_change(std::span<const ImageCounts> before,
                             std::span<const ImageCounts> after, double confidence) {
  HWFLOW_CHECK(before.size() == after.size() && before.size() > 1, "images do not pair");
  double all_before = failures_of(before), all_after = failures_of(after);
  double variance = 0.0;
  if (all_before > 0.0 && all_after > 0.0) {
    variance = variance_of_log(before, after, all_before, all_after);
  } else {
    all_before += 0.5;
    all_after += 0.5;
    variance = 1.0 / all_before + 1.0 / all_after;
  }
  const double ratio = all_after / all_before;
  const double width = std::exp(critical_value(confidence) * std::sqrt(variance));
  return {ratio, {ratio / width, ratio * width}};
}

}  // namespace hwflow::train::fault
