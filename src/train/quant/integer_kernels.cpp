#include "train/quant/integer_kernels.hpp"

#include <algorithm>

#include "train/quant/integer_kernels_vnni.hpp"
#include "train/quant/window_runs.hpp"

// Plain loops, compiled once for the processor of the build's flags and once for AVX2; chosen by a
// test at the call rather than by an ifunc, which sanitizers do not survive.
#define HWFLOW_INLINE inline __attribute__((always_inline))
#if defined(__x86_64__)
#define HWFLOW_AVX2 __attribute__((target("avx2")))
#endif

namespace hwflow::train {
namespace {

bool has_avx2() {
#if defined(__x86_64__)
  static const bool supported = __builtin_cpu_supports("avx2");
  return supported;
#else
  return false;
#endif
}

/// Four pixels by 16 channels at a time: enough sums in flight to hide the multiplier's latency.
template <int P>
HWFLOW_INLINE void plain_tile(const RowGeometry& g, const PackedWeights& packed, std::int64_t block,
                              const std::uint8_t* input, const std::int32_t* bias,
                              std::int32_t* sums) {
  std::int32_t total[P][kChannelBlock];
  for (int p = 0; p < P; ++p)
    for (int o = 0; o < kChannelBlock; ++o) total[p][o] = bias[block * kChannelBlock + o];
  const std::int32_t* weights =
      packed.plain.data() + block * packed.taps * packed.channels * kChannelBlock;
  for (std::int64_t y = 0; y < g.kernel_height; ++y) {
    for (std::int64_t x = 0; x < g.kernel_width; ++x) {
      const std::uint8_t* at = input + y * g.tap_row + x * g.tap_column;
      for (std::int64_t c = 0; c < packed.channels; ++c, ++at, weights += kChannelBlock)
        for (int p = 0; p < P; ++p) {
          const std::int32_t value = at[p * g.step];
          for (int o = 0; o < kChannelBlock; ++o) total[p][o] += value * weights[o];
        }
    }
  }
  for (int p = 0; p < P; ++p)
    std::copy_n(total[p], kChannelBlock, sums + (p * packed.blocks + block) * kChannelBlock);
}

HWFLOW_INLINE void plain_dense(const RowGeometry& g, const PackedWeights& packed,
                               const std::uint8_t* input, const std::int32_t* bias,
                               std::int32_t* sums) {
  const std::int64_t stride = packed.blocks * kChannelBlock;
  for (std::int64_t block = 0; block < packed.blocks; ++block) {
    std::int64_t at = 0;
    for (; at + 4 <= g.pixels; at += 4)
      plain_tile<4>(g, packed, block, input + at * g.step, bias, sums + at * stride);
    for (; at < g.pixels; ++at)
      plain_tile<1>(g, packed, block, input + at * g.step, bias, sums + at * stride);
  }
}

/// weights * (now - before) of one group through one tap.
HWFLOW_INLINE void plain_change(const PackedWeights& packed, std::int64_t tap,
                                const ChangedGroup& group, std::int32_t* sums) {
  for (int i = 0; i < kInputGroup; ++i) {
    const std::int32_t difference = static_cast<std::int32_t>(group.now >> (8 * i) & 255U) -
                                    static_cast<std::int32_t>(group.before >> (8 * i) & 255U);
    if (difference == 0) continue;
    const std::int64_t channel = group.group * kInputGroup + i;
    for (std::int64_t block = 0; block < packed.blocks; ++block) {
      const std::int32_t* weights =
          packed.plain.data() +
          ((block * packed.taps + tap) * packed.channels + channel) * kChannelBlock;
      for (int o = 0; o < kChannelBlock; ++o)
        sums[block * kChannelBlock + o] += difference * weights[o];
    }
  }
}

HWFLOW_INLINE void plain_changes(const PackedWeights& packed, const ConvShape& conv,
                                 const ChangedMap& input, std::int64_t row, std::int64_t column,
                                 const std::int32_t* before, std::int32_t* sums) {
  std::copy_n(before, packed.blocks * kChannelBlock, sums);
  for_each_run(conv, row, column,
               [&](std::int64_t first, std::int64_t end, std::int64_t tap, std::int64_t at) {
                 for (std::int32_t i = input.first[first]; i < input.first[end]; ++i)
                   plain_change(packed, tap + input.groups[i].column - at, input.groups[i], sums);
               });
}

HWFLOW_INLINE void plain_depthwise(const RowGeometry& g, std::int64_t channels,
                                   const std::int32_t* weights, const std::uint8_t* input,
                                   const std::int32_t* bias, std::int32_t* sums) {
  const std::int64_t stride = round_up(channels, kChannelBlock);
  for (std::int64_t p = 0; p < g.pixels; ++p, sums += stride, input += g.step) {
    std::copy_n(bias, channels, sums);
    const std::int32_t* w = weights;
    for (std::int64_t y = 0; y < g.kernel_height; ++y)
      for (std::int64_t x = 0; x < g.kernel_width; ++x, w += channels) {
        const std::uint8_t* at = input + y * g.tap_row + x * g.tap_column;
        for (std::int64_t c = 0; c < channels; ++c) sums[c] += at[c] * w[c];
      }
  }
}

HWFLOW_INLINE void plain_wide(const RowGeometry& g, std::int64_t channels, std::int64_t outputs,
                              const std::int32_t* weights, const std::int32_t* input,
                              const std::int64_t* bias, std::int64_t* sums) {
  for (std::int64_t p = 0; p < g.pixels; ++p, sums += outputs, input += g.step) {
    std::copy_n(bias, outputs, sums);
    const std::int32_t* w = weights;
    for (std::int64_t y = 0; y < g.kernel_height; ++y)
      for (std::int64_t x = 0; x < g.kernel_width; ++x) {
        const std::int32_t* at = input + y * g.tap_row + x * g.tap_column;
        for (std::int64_t c = 0; c < channels; ++c, w += outputs) {
          const std::int64_t value = at[c];
          for (std::int64_t o = 0; o < outputs; ++o) sums[o] += value * w[o];
        }
      }
  }
}

HWFLOW_INLINE void plain_moments(std::int64_t pixels, std::int64_t channels,
                                 const std::int32_t* sums, double* sum, double* squares) {
  const std::int64_t stride = round_up(channels, kChannelBlock);
  for (std::int64_t first = 0; first < channels; first += kChannelBlock) {
    const std::int64_t count = std::min(kChannelBlock, channels - first);
    double s[kChannelBlock] = {}, q[kChannelBlock] = {};
    std::copy_n(sum + first, count, s);
    std::copy_n(squares + first, count, q);
    for (std::int64_t p = 0; p < pixels; ++p)
      for (int o = 0; o < kChannelBlock; ++o) {
        const double value = sums[p * stride + first + o];
        s[o] += value;
        q[o] += value * value;
      }
    std::copy_n(s, count, sum + first);
    std::copy_n(q, count, squares + first);
  }
}

HWFLOW_INLINE void plain_requantize(const Requantizer& r, std::int64_t pixels,
                                    std::int64_t channels, const std::int32_t* sums,
                                    std::uint8_t* output) {
  const std::int64_t stride = round_up(channels, kChannelBlock);
  for (std::int64_t p = 0; p < pixels; ++p, sums += stride, output += channels)
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t product =
          std::int64_t{sums[c]} * r.multiplier[static_cast<std::size_t>(c)];
      const std::int64_t shift = r.shift[static_cast<std::size_t>(c)];
      const std::int64_t code = (product + (std::int64_t{1} << (shift - 1))) >> shift;
      output[c] =
          static_cast<std::uint8_t>(std::clamp<std::int64_t>(code, r.low, r.high) + r.offset);
    }
}

#if defined(__x86_64__)
HWFLOW_AVX2 void avx2_dense(const RowGeometry& g, const PackedWeights& packed,
                            const std::uint8_t* input, const std::int32_t* bias,
                            std::int32_t* sums) {
  plain_dense(g, packed, input, bias, sums);
}
HWFLOW_AVX2 void avx2_changes(const PackedWeights& packed, const ConvShape& conv,
                              const ChangedMap& input, std::int64_t row, std::int64_t column,
                              const std::int32_t* before, std::int32_t* sums) {
  plain_changes(packed, conv, input, row, column, before, sums);
}
HWFLOW_AVX2 void avx2_depthwise(const RowGeometry& g, std::int64_t channels,
                                const std::int32_t* weights, const std::uint8_t* input,
                                const std::int32_t* bias, std::int32_t* sums) {
  plain_depthwise(g, channels, weights, input, bias, sums);
}
HWFLOW_AVX2 void avx2_wide(const RowGeometry& g, std::int64_t channels, std::int64_t outputs,
                           const std::int32_t* weights, const std::int32_t* input,
                           const std::int64_t* bias, std::int64_t* sums) {
  plain_wide(g, channels, outputs, weights, input, bias, sums);
}
// AVX2 without FMA, which would round otherwise than the plain loop.
HWFLOW_AVX2 void avx2_moments(std::int64_t pixels, std::int64_t channels, const std::int32_t* sums,
                              double* sum, double* squares) {
  plain_moments(pixels, channels, sums, sum, squares);
}
#endif

}  // namespace

bool uses_vnni(KernelSet set) { return set == KernelSet::best && vnni::is_supported(); }

PackedWeights pack_weights(std::span<const std::int16_t> codes, std::int64_t out, std::int64_t in,
                           std::int64_t taps, KernelSet set) {
  PackedWeights packed;
  packed.blocks = round_up(out, kChannelBlock) / kChannelBlock;
  packed.taps = taps;
  packed.channels = round_up(in, kInputGroup);
  const auto count =
      static_cast<std::size_t>(packed.blocks * kChannelBlock * taps * packed.channels);
  const bool dot = uses_vnni(set);
  if (dot)
    packed.dot.resize(count);
  else
    packed.plain.resize(count);
  for (std::int64_t o = 0; o < out; ++o)
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t t = 0; t < taps; ++t) {
        const std::int16_t code = codes[static_cast<std::size_t>((o * in + c) * taps + t)];
        const std::int64_t row = o / kChannelBlock * taps + t;
        const std::int64_t lane = o % kChannelBlock;
        if (dot) {
          const std::int64_t group = row * (packed.channels / kInputGroup) + c / kInputGroup;
          packed.dot[static_cast<std::size_t>((group * kChannelBlock + lane) * kInputGroup +
                                              c % kInputGroup)] = static_cast<std::int8_t>(code);
        } else {
          packed
              .plain[static_cast<std::size_t>((row * packed.channels + c) * kChannelBlock + lane)] =
              code;
        }
      }
  return packed;
}

void dense_row(const RowGeometry& geometry, const PackedWeights& weights, const std::uint8_t* input,
               const std::int32_t* bias, std::int32_t* sums) {
  if (!weights.dot.empty()) return vnni::dense_row(geometry, weights, input, bias, sums);
#if defined(__x86_64__)
  if (has_avx2()) return avx2_dense(geometry, weights, input, bias, sums);
#endif
  plain_dense(geometry, weights, input, bias, sums);
}

void change_sums(const PackedWeights& weights, const ConvShape& conv, const ChangedMap& input,
                 std::int64_t row, std::int64_t column, const std::int32_t* before,
                 std::int32_t* sums) {
  if (!weights.dot.empty())
    return vnni::change_sums(weights, conv, input, row, column, before, sums);
#if defined(__x86_64__)
  if (has_avx2()) return avx2_changes(weights, conv, input, row, column, before, sums);
#endif
  plain_changes(weights, conv, input, row, column, before, sums);
}

void depthwise_row(const RowGeometry& geometry, std::int64_t channels, const std::int32_t* weights,
                   const std::uint8_t* input, const std::int32_t* bias, std::int32_t* sums) {
#if defined(__x86_64__)
  if (has_avx2()) return avx2_depthwise(geometry, channels, weights, input, bias, sums);
#endif
  plain_depthwise(geometry, channels, weights, input, bias, sums);
}

void wide_row(const RowGeometry& geometry, std::int64_t channels, std::int64_t outputs,
              const std::int32_t* weights, const std::int32_t* input, const std::int64_t* bias,
              std::int64_t* sums) {
#if defined(__x86_64__)
  if (has_avx2()) return avx2_wide(geometry, channels, outputs, weights, input, bias, sums);
#endif
  plain_wide(geometry, channels, outputs, weights, input, bias, sums);
}

void add_moments_of_pixels(std::int64_t pixels, std::int64_t channels, const std::int32_t* sums,
                           double* sum, double* squares) {
#if defined(__x86_64__)
  if (has_avx2()) return avx2_moments(pixels, channels, sums, sum, squares);
#endif
  plain_moments(pixels, channels, sums, sum, squares);
}

void Requantizer::set_factors(std::span<const double> factors, std::int64_t largest_sum) {
  const auto padded =
      static_cast<std::size_t>(round_up(static_cast<std::int64_t>(factors.size()), kChannelBlock));
  multiplier.assign(padded, 0);
  shift.assign(padded, 1);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const FixedPoint factor = to_fixed_point(factors[i]);
    multiplier[i] = factor.multiplier;
    shift[i] = factor.shift;
  }
  const double largest = factors.empty() ? 0.0 : *std::max_element(factors.begin(), factors.end());
  fits = static_cast<double>(largest_sum) * largest < 1073741824.0;  // 2^30: room for rounding
}

void AddRequantizer::check_fit() {
  const std::int64_t largest = 255 * (left + right) + (constant < 0 ? -constant : constant);
  fits = largest >> shift < 0x40000000;
}

void requantize_row(const Requantizer& requantizer, std::int64_t pixels, std::int64_t channels,
                    const std::int32_t* sums, std::uint8_t* output, KernelSet set) {
  if (uses_vnni(set)) return vnni::requantize_row(requantizer, pixels, channels, sums, output);
  plain_requantize(requantizer, pixels, channels, sums, output);
}

void requantize_pixel(const Requantizer& requantizer, std::int64_t channels,
                      const std::int32_t* sums, const std::uint8_t* before, std::uint8_t* output,
                      std::uint64_t* changed, KernelSet set) {
  if (uses_vnni(set))
    return vnni::requantize_pixel(requantizer, channels, sums, before, output, changed);
  plain_requantize(requantizer, 1, channels, sums, output);
  std::fill_n(changed, (channels + 255) / 256, std::uint64_t{0});
  for (std::int64_t c = 0; c < channels; ++c)
    if (output[c] != before[c]) changed[c / 256] |= std::uint64_t{1} << (c % 256 / kInputGroup);
}

void add_codes(const AddRequantizer& r, std::int64_t count, const std::uint8_t* a,
               const std::uint8_t* b, std::uint8_t* output, KernelSet set) {
  std::int64_t i = uses_vnni(set) ? vnni::add_codes(r, count, a, b, output) : 0;
  for (; i < count; ++i) {
    const std::int64_t code = (a[i] * r.left + b[i] * r.right + r.constant) >> r.shift;
    output[i] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(code, r.low, r.high) + r.offset);
  }
}

}  // namespace hwflow::train
