#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "train/quant/integer_network.hpp"

namespace hwflow::train {

/// How scales are found before any training.
enum class Calibration : std::uint8_t {
  maximum,     ///< the largest magnitude just fits
  percentile,  ///< the 99.99th percentile of magnitudes fits (0.01 % may be clipped)
  mse,         ///< least mean squared error between values and their rounded copies
};
enum class Granularity : std::uint8_t { per_tensor, per_channel };

/// How quantizers are trained (docs/quantization.md has the formulas).
enum class QuantizerMethod : std::uint8_t {
  lsq,     ///< Esser et al., "Learned step size quantization", ICLR 2020: learned scales
  pact,    ///< Choi et al., arXiv 1805.06085: activations by a learned clip, weights as DoReFa
  dorefa,  ///< Zhou et al., arXiv 1606.06160: weights by tanh, activations by a fixed clip
};
[[nodiscard]] std::string_view name(Calibration calibration);
[[nodiscard]] std::string_view name(Granularity granularity);
[[nodiscard]] std::string_view name(QuantizerMethod method);

/// Codes of a width. Activations: unsigned 0..2^b-1, signed -2^(b-1)..2^(b-1)-1, but 0..1 for one
/// bit in both cases (padding must have a code). Weights: b >= 3 the full range
/// -2^(b-1)..2^(b-1)-1 (calibration by MSE) or the narrow one -(2^(b-1)-1)..2^(b-1)-1
/// (maximum, percentile); two bits always the narrow one, -1..1; one bit {-1, +1}; DoReFa the odd
/// numbers of -(2^b-1)..2^b-1.
struct CodeRange {
  std::int32_t low = 0, high = 255;
  bool operator==(const CodeRange&) const = default;
};
[[nodiscard]] CodeRange activation_range(int bits, bool is_signed);
[[nodiscard]] CodeRange weight_range(int bits, bool narrow);

/// Code of `value`: round half to even of value / scale, clamped. The definition that everything
/// else is measured by.
[[nodiscard]] std::int32_t code_of(float value, double scale, const CodeRange& range);

/// Scale of a grid of `range` for `values`; positive even where all values are 0.
/// MSE: the best of 80 candidates between 1/80 and 1 of the scale by maximum, then of 16 around it.
[[nodiscard]] double calibrated_scale(std::span<const float> values, const CodeRange& range,
                                      Calibration calibration);

/// Integer weights (without bias): scales, codes, range.
/// One bit: scale = mean magnitude, code = sign (of 0: +1), whatever the calibration.
[[nodiscard]] IntegerCompute quantize_weights(const std::vector<std::int64_t>& shape,
                                              std::span<const float> values, int bits,
                                              Calibration calibration, Granularity granularity);
/// Given scales (one, or one per output channel).
[[nodiscard]] IntegerCompute quantize_weights(const std::vector<std::int64_t>& shape,
                                              std::span<const float> values, int bits,
                                              const CodeRange& range, std::vector<double> scales);
/// DoReFa, 2 to 8 bits: real = m (2 u - n) / n, u = round((tanh(w) / (2 tanh m) + 1/2) n) in 0..n,
/// n = 2^b - 1: the code 2u - n is odd, the scale m / n. One bit: sign times mean magnitude. m is
/// the largest magnitude (of a channel) instead of the paper's 1, and may differ from channel to
/// channel: BatchNorm, which gives channels their size in the paper, is folded into the weights.
[[nodiscard]] IntegerCompute quantize_weights_dorefa(const std::vector<std::int64_t>& shape,
                                                     std::span<const float> values, int bits,
                                                     Granularity granularity);
/// Widths above kWidestDorefa have no DoReFa codes (they would not fit 16 bits): they use the
/// uniform grid.
inline constexpr int kWidestDorefa = 8;

/// round(bias / (weight scale * input scale)) per channel, half to even.
[[nodiscard]] std::vector<std::int64_t> bias_codes(std::span<const float> bias,
                                                   const std::vector<double>& scales,
                                                   double input_scale);

}  // namespace hwflow::train
