#pragma once

#include <cstdint>

namespace hwflow::train {

/// How rounding behaves in the backward pass.
enum class ScaleGradient : std::uint8_t {
  lsq,   ///< inside the range the scale's gradient is round(v) - v, v = x / scale
  clip,  ///< inside the range it is 0 (PACT: only clipped values move the clip)
};

/// One quantizer of float32 arrays.
///
///     v = x / s;  code = clamp(round half to even (v), low, high);  y = s code
///     dy/dx = 1 where low <= v <= high, else 0            (straight-through)
///     dy/ds = code - v inside (lsq) or 0 (clip), low or high outside
///
/// Binary (low = -1, high = 1, no 0): code = -1 where x < 0 else +1, dy/dx = 1, dy/ds = code.
struct FakeQuantizer {
  float scale = 1.0F;
  std::int32_t low = 0, high = 255;
  ScaleGradient rule = ScaleGradient::lsq;
  bool binary = false;
};

/// Plain loops that compilers turn into vectors; compiled for AVX-512 and AVX2 too.
void fake_quantize_forward(const FakeQuantizer& quantizer, std::int64_t count, const float* x,
                           float* y);
/// Writes the gradient of x; returns the sum of upstream * dy/ds, not yet scaled.
double fake_quantize_backward(const FakeQuantizer& quantizer, std::int64_t count, const float* x,
                              const float* upstream, float* gradient);

}  // namespace hwflow::train
