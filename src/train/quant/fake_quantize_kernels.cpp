#include "train/quant/fake_quantize_kernels.hpp"

#include <algorithm>

#define HWFLOW_INLINE inline __attribute__((always_inline))

namespace hwflow::train {
namespace {

constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds half to even below 2^22
constexpr int kLanes = 16;

HWFLOW_INLINE void forward(const FakeQuantizer& q, std::int64_t count, const float* __restrict x,
                           float* __restrict y) {
  const float scale = q.scale;
  if (q.binary) {
    for (std::int64_t i = 0; i < count; ++i) y[i] = x[i] < 0.0F ? -scale : scale;
    return;
  }
  const auto low = static_cast<float>(q.low), high = static_cast<float>(q.high);
  for (std::int64_t i = 0; i < count; ++i) {
    const float v = x[i] / scale;
    const float clamped = v < low ? low : (v > high ? high : v);
    y[i] = ((clamped + kRounder) - kRounder) * scale;
  }
}

/// `lanes` separate sums keep the order of additions fixed and the loop in vectors.
HWFLOW_INLINE void backward_block(const FakeQuantizer& q, std::int64_t count,
                                  const float* __restrict x, const float* __restrict upstream,
                                  float* __restrict gradient, float* __restrict lanes) {
  const auto low = static_cast<float>(q.low), high = static_cast<float>(q.high);
  const float scale = q.scale, inside_share = q.rule == ScaleGradient::lsq ? 1.0F : 0.0F;
  for (std::int64_t i = 0; i < count; i += kLanes)
    for (int j = 0; j < kLanes; ++j) {
      const float v = x[i + j] / scale;
      const float clamped = v < low ? low : (v > high ? high : v);
      const float g = upstream[i + j];
      const bool inside = v >= low && v <= high;
      const float error = ((clamped + kRounder) - kRounder) - v;
      gradient[i + j] = inside ? g : 0.0F;
      lanes[j] += g * (inside ? error * inside_share : clamped);
    }
}

HWFLOW_INLINE double backward(const FakeQuantizer& q, std::int64_t count, const float* x,
                              const float* upstream, float* gradient) {
  double total = 0.0;
  if (q.binary) {
    for (std::int64_t i = 0; i < count; ++i) {
      gradient[i] = upstream[i];
      total += x[i] < 0.0F ? -upstream[i] : upstream[i];
    }
    return total;
  }
  constexpr std::int64_t kBlock = 4096;
  std::int64_t i = 0;
  while (i + kLanes <= count) {
    const std::int64_t block = std::min(kBlock, (count - i) / kLanes * kLanes);
    float lanes[kLanes] = {};
    backward_block(q, block, x + i, upstream + i, gradient + i, lanes);
    for (const float lane : lanes) total += lane;
    i += block;
  }
  for (; i < count; ++i) {
    float lane[kLanes] = {}, one_x[kLanes] = {}, one_g[kLanes] = {}, out[kLanes] = {};
    one_x[0] = x[i];
    one_g[0] = upstream[i];
    backward_block(q, kLanes, one_x, one_g, out, lane);
    gradient[i] = out[0];
    total += lane[0];
  }
  return total;
}

#if defined(__x86_64__)
#define HWFLOW_AVX512 __attribute__((target("avx512f,prefer-vector-width=512")))
#define HWFLOW_AVX2 __attribute__((target("avx2")))

HWFLOW_AVX512 void forward_avx512(const FakeQuantizer& q, std::int64_t count, const float* x,
                                  float* y) {
  forward(q, count, x, y);
}
HWFLOW_AVX2 void forward_avx2(const FakeQuantizer& q, std::int64_t count, const float* x,
                              float* y) {
  forward(q, count, x, y);
}
HWFLOW_AVX512 double backward_avx512(const FakeQuantizer& q, std::int64_t count, const float* x,
                                     const float* upstream, float* gradient) {
  return backward(q, count, x, upstream, gradient);
}
HWFLOW_AVX2 double backward_avx2(const FakeQuantizer& q, std::int64_t count, const float* x,
                                 const float* upstream, float* gradient) {
  return backward(q, count, x, upstream, gradient);
}

bool has_avx512() {
  static const bool supported = __builtin_cpu_supports("avx512f");
  return supported;
}
bool has_avx2() {
  static const bool supported = __builtin_cpu_supports("avx2");
  return supported;
}
#endif

}  // namespace

void fake_quantize_forward(const FakeQuantizer& quantizer, std::int64_t count, const float* x,
                           float* y) {
#if defined(__x86_64__)
  if (has_avx512()) return forward_avx512(quantizer, count, x, y);
  if (has_avx2()) return forward_avx2(quantizer, count, x, y);
#endif
  forward(quantizer, count, x, y);
}

double fake_quantize_backward(const FakeQuantizer& quantizer, std::int64_t count, const float* x,
                              const float* upstream, float* gradient) {
#if defined(__x86_64__)
  if (has_avx512()) return backward_avx512(quantizer, count, x, upstream, gradient);
  if (has_avx2()) return backward_avx2(quantizer, count, x, upstream, gradient);
#endif
  return backward(quantizer, count, x, upstream, gradient);
}

}  // namespace hwflow::train
