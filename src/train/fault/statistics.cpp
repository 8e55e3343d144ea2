#include "train/fault/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/check.hpp"

namespace hwflow::train::fault {

double critical_value(double confidence) {
  HWFLOW_CHECK(confidence > 0.0 && confidence < 1.0, "a confidence between 0 and 1");
  double low = 0.0, high = 40.0;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::numbers::sqrt2) > 1.0 - confidence ? low : high) = middle;
  }
  return std::round(1000.0 * low) / 1000.0;
}

std::int64_t sample_size(std::int64_t population, double margin, double confidence, double share) {
  HWFLOW_CHECK(population >= 0 && margin > 0.0 && share > 0.0 && share < 1.0, "no such sample");
  const double t = critical_value(confidence);
  const double unbounded = t * t * share * (1.0 - share) / (margin * margin);
  if (population == 0) return std::max<std::int64_t>(1, std::llround(unbounded));
  const auto all = static_cast<double>(population);
  return std::max<std::int64_t>(1, std::llround(all / (1.0 + (all - 1.0) / unbounded)));
}

double critical_value(double confidence, double degrees) {
  HWFLOW_CHECK(degrees > 0.0, "degrees of freedom");
  const double z = critical_value(confidence), z2 = z * z, d = degrees;
  return z + z * (z2 + 1) / (4 * d) + z * ((5 * z2 + 16) * z2 + 3) / (96 * d * d) +
         z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * d * d * d);
}

Interval wilson(double hits, std::int64_t draws, double confidence, std::int64_t population) {
  if (draws == 0) return {};
  HWFLOW_CHECK(draws > 0 && hits >= 0.0 && hits <= static_cast<double>(draws),
               "more hits than draws");
  const double share = hits / static_cast<double>(draws);
  if (population > 0 && draws >= population) return {share, share};
  auto n = static_cast<double>(draws);
  if (population > 0)
    n *= static_cast<double>(population - 1) / static_cast<double>(population - draws);
  return wilson_of_share(share, n, confidence);
}

Interval wilson_of_share(double share, double draws, double confidence) {
  HWFLOW_CHECK(draws > 0.0 && share >= 0.0 && share <= 1.0, "no such share");
  const double t2 = std::pow(critical_value(confidence), 2) / draws;
  const double middle = (share + t2 / 2) / (1 + t2);
  const double half = std::sqrt(t2 * (share * (1 - share) + t2 / 4)) / (1 + t2);
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace hwflow::train::fault
