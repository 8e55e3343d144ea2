#include "study/paired_test.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace hwflow::study {
namespace {

constexpr double kNormalQuantile975 = 1.959963984540054;

/// 2 * P(X <= fewer) for X ~ Binomial(discordant, 1/2), at most 1.
double binomial_two_sided(std::int64_t fewer, std::int64_t discordant) {
  const auto n = static_cast<double>(discordant);
  double tail = 0.0;
  for (std::int64_t k = 0; k <= fewer; ++k) {
    const auto x = static_cast<double>(k);
    tail += std::exp(std::lgamma(n + 1.0) - std::lgamma(x + 1.0) - std::lgamma(n - x + 1.0) -
                     n * std::log(2.0));
  }
  return std::min(1.0, 2.0 * tail);
}

}  // namespace

PairedTest paired_test(std::int64_t both_right, std::int64_t only_a_right,
                       std::int64_t only_b_right, std::int64_t both_wrong) {
  PairedTest test;
  test.both_right = both_right;
  test.only_a_right = only_a_right;
  test.only_b_right = only_b_right;
  test.both_wrong = both_wrong;
  const std::int64_t total = both_right + only_a_right + only_b_right + both_wrong;
  HWFLOW_CHECK(total > 0, "no images to compare on");
  const auto n = static_cast<double>(total);
  test.difference = static_cast<double>(only_a_right - only_b_right) / n;
  test.p_value =
      binomial_two_sided(std::min(only_a_right, only_b_right), only_a_right + only_b_right);
  const double a = (static_cast<double>(only_a_right) + 1.0) / (n + 2.0);
  const double b = (static_cast<double>(only_b_right) + 1.0) / (n + 2.0);
  const double half = kNormalQuantile975 * std::sqrt((a + b - (a - b) * (a - b)) / (n + 2.0));
  test.low = std::max(-1.0, a - b - half);
  test.high = std::min(1.0, a - b + half);
  return test;
}

PairedTest paired_test(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  HWFLOW_CHECK(a.size() == b.size(), "different numbers of images");
  std::int64_t counts[2][2] = {};
  for (std::size_t i = 0; i < a.size(); ++i) ++counts[a[i] != 0][b[i] != 0];
  return paired_test(counts[1][1], counts[1][0], counts[0][1], counts[0][0]);
}

}  // namespace hwflow::study
