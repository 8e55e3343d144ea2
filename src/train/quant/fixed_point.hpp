#pragma once

#include <cstdint>

namespace hwflow::train {

/// real = multiplier * 2^-shift with 2^30 <= multiplier < 2^31 (smaller only when the shift is at
/// its limit of 62, or 0 for real = 0): a real factor as integer hardware applies it. Source  Jacob
/// et al., "Quantization and training of neural networks for efficient
///         integer-arithmetic-only inference", CVPR 2018, section 2.2.
struct FixedPoint {
  std::int32_t multiplier = 0;
  int shift = 1;
  bool operator==(const FixedPoint&) const = default;
};

inline constexpr int kMaximumShift = 62;

/// real in [0, 2^29). Relative error at most 2^-31 while real >= 2^-32.
[[nodiscard]] FixedPoint to_fixed_point(double real);

/// round(real * 2^shift): for sums of several products under one shift.
[[nodiscard]] std::int64_t to_fixed_point(double real, int shift);

/// floor(value * factor + 1/2): products that lie half-way go up (towards plus infinity), where the
/// fake-quantized network rounds half to even. Saturates at the ends of int64.
[[nodiscard]] std::int64_t rescale(std::int64_t value, const FixedPoint& factor);

}  // namespace hwflow::train
