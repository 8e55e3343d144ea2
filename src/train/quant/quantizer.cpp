#include "train/quant/quantizer.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

constexpr double kSmallestScale = 1e-12;

float largest_magnitude(std::span<const float> values) {
  float largest = 0.0F;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// Scale at which every value fits; unsigned grids look at positive values only.
double scale_by_maximum(std::span<const float> values, const CodeRange& range) {
  float above = 0.0F, below = 0.0F;
  for (const float value : values) {
    above = std::max(above, value);
    below = std::max(below, -value);
  }
  double scale = above / static_cast<double>(range.high);
  if (range.low < 0) scale = std::max(scale, below / -static_cast<double>(range.low));
  return std::max(scale, kSmallestScale);
}

double scale_by_percentile(std::span<const float> values, const CodeRange& range) {
  constexpr double kShare = 0.9999;
  std::vector<float> sizes;
  for (const float value : values)
    if (range.low < 0 || value > 0.0F) sizes.push_back(std::abs(value));
  if (sizes.empty()) return kSmallestScale;
  const auto rank =
      static_cast<std::ptrdiff_t>(std::llround(kShare * static_cast<double>(sizes.size() - 1)));
  std::nth_element(sizes.begin(), sizes.begin() + rank, sizes.end());
  return std::max(sizes[static_cast<std::size_t>(rank)] / static_cast<double>(range.high),
                  kSmallestScale);
}

/// Sum of squared rounding and clipping errors. Eight sums, so that the loop runs in vectors with a
/// fixed order of additions.
double squared_error(std::span<const float> values, const CodeRange& range, double scale) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds half to even
  const auto step = static_cast<float>(scale);
  const float inverse = 1.0F / step;
  const auto low = static_cast<float>(range.low), high = static_cast<float>(range.high);
  float sums[8] = {};
  double total = 0.0;
  const auto add = [&](float value, float& sum) {
    const float clamped = std::min(std::max(value * inverse, low), high);
    const float error = (clamped + kRounder) - kRounder - value * inverse;
    sum += error * error;
  };
  std::size_t i = 0;
  while (i < values.size()) {
    const std::size_t end = std::min(values.size(), i + 4096);
    for (; i + 8 <= end; i += 8)
      for (std::size_t j = 0; j < 8; ++j) add(values[i + j], sums[j]);
    for (; i < end; ++i) add(values[i], sums[0]);
    for (float& sum : sums) {
      total += sum;
      sum = 0.0F;
    }
  }
  return total * scale * scale;
}

double scale_by_mse(std::span<const float> values, const CodeRange& range) {
  const double full = scale_by_maximum(values, range);
  double best = full, least = std::numeric_limits<double>::infinity();
  const auto offer = [&](double scale) {
    const double error = squared_error(values, range, scale);
    if (error >= least) return;
    least = error;
    best = scale;
  };
  constexpr int kCoarse = 80, kFine = 16;
  for (int i = kCoarse; i >= 1; --i) offer(full * i / kCoarse);
  const double centre = best, width = full / kCoarse;
  for (int i = -kFine / 2; i <= kFine / 2; ++i) {
    const double scale = centre + width * i / (kFine / 2 + 1.0);
    if (scale > 0.0) offer(scale);
  }
  return best;
}

IntegerCompute binary_weights(const std::vector<std::int64_t>& shape, std::span<const float> values,
                              std::size_t groups) {
  IntegerCompute result;
  result.shape = shape;
  result.low = -1;
  result.high = 1;
  result.bits = 1;
  const std::size_t count = values.size() / groups;
  for (std::size_t g = 0; g < groups; ++g) {
    double sum = 0.0;
    for (const float value : values.subspan(g * count, count)) {
      sum += std::abs(value);
      result.codes.push_back(value < 0.0F ? -1 : 1);
    }
    result.scales.push_back(std::max(sum / static_cast<double>(count), kSmallestScale));
  }
  return result;
}

}  // namespace

std::string_view name(Calibration calibration) {
  switch (calibration) {
    case Calibration::maximum: return "max";
    case Calibration::percentile: return "percentile";
    case Calibration::mse: return "mse";
  }
  return "";
}

std::string_view name(Granularity granularity) {
  return granularity == Granularity::per_tensor ? "per-tensor" : "per-channel";
}

std::string_view name(QuantizerMethod method) {
  switch (method) {
    case QuantizerMethod::lsq: return "lsq";
    case QuantizerMethod::pact: return "pact";
    case QuantizerMethod::dorefa: return "dorefa";
  }
  return "";
}

CodeRange activation_range(int bits, bool is_signed) {
  HWFLOW_CHECK(bits >= 1 && bits <= 16, "width outside 1..16");
  if (bits == 1) return {0, 1};
  if (!is_signed) return {0, (1 << bits) - 1};
  return {-(1 << (bits - 1)), (1 << (bits - 1)) - 1};
}

CodeRange weight_range(int bits, bool narrow) {
  HWFLOW_CHECK(bits >= 1 && bits <= 16, "width outside 1..16");
  if (bits == 1) return {-1, 1};
  return {-(1 << (bits - 1)) + (narrow ? 1 : 0), (1 << (bits - 1)) - 1};
}

std::int32_t code_of(float value, double scale, const CodeRange& range) {
  const double code = std::nearbyint(value / scale);
  return static_cast<std::int32_t>(
      std::clamp(code, static_cast<double>(range.low), static_cast<double>(range.high)));
}

double calibrated_scale(std::span<const float> values, const CodeRange& range,
                        Calibration calibration) {
  switch (calibration) {
    case Calibration::maximum: return scale_by_maximum(values, range);
    case Calibration::percentile: return scale_by_percentile(values, range);
    case Calibration::mse: return scale_by_mse(values, range);
  }
  return kSmallestScale;
}

IntegerCompute quantize_weights(const std::vector<std::int64_t>& shape,
                                std::span<const float> values, int bits, Calibration calibration,
                                Granularity granularity) {
  HWFLOW_CHECK(!shape.empty() && shape[0] > 0, "weights without output channels");
  const std::size_t groups =
      granularity == Granularity::per_channel ? static_cast<std::size_t>(shape[0]) : 1;
  if (bits == 1) return binary_weights(shape, values, groups);
  // With -2..1 positive weights have one level and negative ones two: training leaves that grid by
  // an explosion, and least squares on it harms the sums more than on -1..1 (docs/quantization.md).
  const CodeRange range = weight_range(bits, calibration != Calibration::mse || bits == 2);
  const std::size_t count = values.size() / groups;
  std::vector<double> scales;
  for (std::size_t g = 0; g < groups; ++g)
    scales.push_back(calibrated_scale(values.subspan(g * count, count), range, calibration));
  return quantize_weights(shape, values, bits, range, std::move(scales));
}

IntegerCompute quantize_weights(const std::vector<std::int64_t>& shape,
                                std::span<const float> values, int bits, const CodeRange& range,
                                std::vector<double> scales) {
  IntegerCompute result;
  result.shape = shape;
  result.low = range.low;
  result.high = range.high;
  result.bits = bits;
  const std::size_t count = values.size() / scales.size();
  result.codes.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    result.codes.push_back(static_cast<std::int16_t>(
        bits == 1 ? (values[i] < 0.0F ? -1 : 1) : code_of(values[i], scales[i / count], range)));
  result.scales = std::move(scales);
  return result;
}

IntegerCompute quantize_weights_dorefa(const std::vector<std::int64_t>& shape,
                                       std::span<const float> values, int bits,
                                       Granularity granularity) {
  HWFLOW_CHECK(!shape.empty() && shape[0] > 0, "weights without output channels");
  HWFLOW_CHECK(bits >= 1 && bits <= kWidestDorefa, "DoReFa weights have 1 to 8 bits");
  const std::size_t groups =
      granularity == Granularity::per_channel ? static_cast<std::size_t>(shape[0]) : 1;
  if (bits == 1) return binary_weights(shape, values, groups);
  IntegerCompute result;
  const std::int32_t levels = (1 << bits) - 1;
  result.shape = shape;
  result.low = -levels;
  result.high = levels;
  result.bits = bits;
  const std::size_t count = values.size() / groups;
  for (std::size_t g = 0; g < groups; ++g) {
    const std::span<const float> group = values.subspan(g * count, count);
    const double largest = std::max(double{largest_magnitude(group)}, kSmallestScale);
    const double reach = std::tanh(largest);
    result.scales.push_back(largest / levels);
    for (const float value : group) {
      const double share = std::tanh(double{value}) / (2.0 * reach) + 0.5;
      result.codes.push_back(static_cast<std::int16_t>(2 * std::lrint(share * levels) - levels));
    }
  }
  return result;
}

std::vector<std::int64_t> bias_codes(std::span<const float> bias, const std::vector<double>& scales,
                                     double input_scale) {
  std::vector<std::int64_t> codes;
  for (std::size_t k = 0; k < bias.size(); ++k)
    codes.push_back(static_cast<std::int64_t>(
        std::nearbyint(bias[k] / (scales[scales.size() == 1 ? 0 : k] * input_scale))));
  return codes;
}

}  // namespace hwflow::train
