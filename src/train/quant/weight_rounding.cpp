#include "train/quant/weight_rounding.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"
#include "train/quant/quantizer.hpp"

namespace hwflow::train {
namespace {

constexpr int kRounds = 12;

double dot(std::span<const double> a, std::span<const double> b) {
  double sums[8] = {};  // so that the loop runs in vectors, with a fixed order of additions
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8)
    for (std::size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  for (; i < a.size(); ++i) sums[0] += a[i] * b[i];
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return total;
}

void multiply(std::span<const double> matrix, std::span<const double> x, std::span<double> y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = dot(matrix.subspan(i * x.size(), x.size()), x);
}

/// Codes of one output channel.
class Channel {
 public:
  Channel(std::span<const float> weights, std::span<std::int16_t> codes,
          std::span<const double> covariance)
      : weights_(weights.begin(), weights.end()),
        codes_(codes),
        covariance_(covariance),
        error_(weights.size()),
        slope_(weights.size()) {}

  /// True when a code changed.
  bool sweep(double scale, std::int32_t low, std::int32_t high) {
    for (std::size_t i = 0; i < error_.size(); ++i) error_[i] = weights_[i] - scale * codes_[i];
    multiply(covariance_, error_, slope_);
    bool changed = false;
    for (std::size_t i = 0; i < error_.size(); ++i) {
      const std::span<const double> row = covariance_.subspan(i * error_.size(), error_.size());
      if (row[i] <= 0.0) continue;
      const double best = codes_[i] + slope_[i] / (row[i] * scale);
      const auto code = static_cast<std::int16_t>(
          std::clamp(std::nearbyint(best), static_cast<double>(low), static_cast<double>(high)));
      // At a tie the code stays: no round without end.
      if (code == codes_[i] || std::abs(code - best) >= std::abs(codes_[i] - best)) continue;
      const double step = scale * (codes_[i] - code);
      for (std::size_t j = 0; j < slope_.size(); ++j) slope_[j] += step * row[j];
      codes_[i] = code;
      changed = true;
    }
    return changed;
  }

  /// Adds q' C w and q' C q, whose ratio is the best scale.
  void add_to_scale(double& with_weights, double& with_codes) {
    const std::vector<double> codes(codes_.begin(), codes_.end());
    multiply(covariance_, codes, slope_);
    with_weights += dot(slope_, weights_);
    with_codes += dot(slope_, codes);
  }

 private:
  std::vector<double> weights_;
  std::span<std::int16_t> codes_;
  std::span<const double> covariance_;
  std::vector<double> error_, slope_;
};

/// Same numbers on every processor: without fused multiply-add.
[[gnu::always_inline]] inline void add_products_of(std::span<const float> samples,
                                                   std::span<float> sums,
                                                   std::span<float> products) {
  constexpr std::size_t kBlock = 8;  // samples for each pass over the products
  const std::size_t fan_in = sums.size(), count = samples.size() / fan_in;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const float* block = samples.data() + first * fan_in;
    const std::size_t many = std::min(kBlock, count - first);
    for (std::size_t n = 0; n < many; ++n)
      for (std::size_t j = 0; j < fan_in; ++j) sums[j] += block[n * fan_in + j];
    for (std::size_t i = 0; i < fan_in; ++i) {
      float* row = products.data() + i * fan_in;
      if (many < kBlock) {
        for (std::size_t n = 0; n < many; ++n)
          for (std::size_t j = 0; j <= i; ++j)
            row[j] += block[n * fan_in + i] * block[n * fan_in + j];
        continue;
      }
      float at[kBlock];
      for (std::size_t n = 0; n < kBlock; ++n) at[n] = block[n * fan_in + i];
      const float* b = block;
      for (std::size_t j = 0; j <= i; ++j)
        row[j] += at[0] * b[j] + at[1] * b[fan_in + j] + at[2] * b[2 * fan_in + j] +
                  at[3] * b[3 * fan_in + j] + at[4] * b[4 * fan_in + j] +
                  at[5] * b[5 * fan_in + j] + at[6] * b[6 * fan_in + j] + at[7] * b[7 * fan_in + j];
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) void add_products_avx2(std::span<const float> samples,
                                                       std::span<float> sums,
                                                       std::span<float> products) {
  add_products_of(samples, sums, products);
}
#endif

void add_products(std::span<const float> samples, std::span<float> sums,
                  std::span<float> products) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return add_products_avx2(samples, sums, products);
#endif
  add_products_of(samples, sums, products);
}

}  // namespace

InputMoments::InputMoments(std::int64_t group_count, std::int64_t elements)
    : groups(group_count),
      fan_in(elements),
      sums(static_cast<std::size_t>(group_count * elements)),
      products(static_cast<std::size_t>(group_count * elements * elements)) {}

void InputMoments::add(std::span<const float> more) {
  const auto n = static_cast<std::size_t>(fan_in), count = static_cast<std::size_t>(groups);
  const std::size_t per_group = more.size() / count;
  for (std::size_t g = 0; g < count; ++g)
    add_products(more.subspan(g * per_group, per_group), std::span(sums).subspan(g * n, n),
                 std::span(products).subspan(g * n * n, n * n));
  samples += static_cast<std::int64_t>(per_group / n);
}

InputCovariance covariance_of(const InputMoments& moments) {
  constexpr double kDamping = 0.01;
  const auto n = static_cast<std::size_t>(moments.fan_in);
  InputCovariance result{moments.fan_in, std::vector<double>(moments.products.size())};
  if (moments.samples == 0) return result;
  const double samples = static_cast<double>(moments.samples);
  for (std::size_t g = 0; g * n < moments.sums.size(); ++g) {
    const float* sums = moments.sums.data() + g * n;
    const float* products = moments.products.data() + g * n * n;
    double* c = result.values.data() + g * n * n;
    double trace = 0.0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j) {
        const double value =
            products[i * n + j] / samples - sums[i] / samples * (sums[j] / samples);
        c[i * n + j] = c[j * n + i] = value;
        if (i == j) trace += value;
      }
    for (std::size_t i = 0; i < n; ++i) c[i * n + i] += kDamping * trace / static_cast<double>(n);
  }
  return result;
}

IntegerCompute round_for_sums(IntegerCompute start, std::span<const float> weights,
                              const InputCovariance& covariance) {
  const auto fan_in = static_cast<std::size_t>(covariance.fan_in);
  const std::size_t outputs = weights.size() / fan_in, area = fan_in * fan_in;
  const std::size_t groups = covariance.values.size() / area;
  HWFLOW_CHECK(groups > 0 && outputs % groups == 0 && start.codes.size() == outputs * fan_in,
               "a covariance of another layer");
  std::vector<Channel> channels;
  for (std::size_t k = 0; k < outputs; ++k)
    channels.emplace_back(
        weights.subspan(k * fan_in, fan_in), std::span(start.codes).subspan(k * fan_in, fan_in),
        std::span(covariance.values).subspan(k / (outputs / groups) * area, area));
  const std::size_t per_scale = outputs / start.scales.size();
  for (std::size_t g = 0; g < start.scales.size(); ++g) {
    const std::span<Channel> members = std::span(channels).subspan(g * per_scale, per_scale);
    for (int round = 0; round < kRounds; ++round) {
      bool changed = false;
      for (Channel& channel : members)
        changed |= channel.sweep(start.scales[g], start.low, start.high);
      if (!changed && round > 0) break;
      double with_weights = 0.0, with_codes = 0.0;
      for (Channel& channel : members) channel.add_to_scale(with_weights, with_codes);
      if (with_weights > 0.0 && with_codes > 0.0) start.scales[g] = with_weights / with_codes;
    }
  }
  return start;
}

void keep_codes(const IntegerCompute& chosen, std::span<float> weights) {
  const std::size_t per_scale = weights.size() / chosen.scales.size();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double scale = chosen.scales[i / per_scale];
    if (chosen.bits > 1 && code_of(weights[i], scale, {chosen.low, chosen.high}) != chosen.codes[i])
      weights[i] = static_cast<float>(scale * chosen.codes[i]);
  }
}

}  // namespace hwflow::train
