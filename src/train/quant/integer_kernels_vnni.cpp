#include "train/quant/integer_kernels_vnni.hpp"

#include "base/check.hpp"
#include "train/quant/window_runs.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

// Compiled for these instructions whatever the flags of the build; reached only after
// is_supported().
#define HWFLOW_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

namespace hwflow::train::vnni {
namespace {

/// P output pixels by B blocks of 16 channels, all sums in registers.
template <int P, int B>
HWFLOW_VNNI void tile(const RowGeometry& geometry, const PackedWeights& packed, std::int64_t block,
                      const std::uint8_t* input, const std::int32_t* bias, std::int32_t* sums) {
  const std::int64_t groups = packed.channels / kInputGroup;
  const std::int64_t block_bytes = packed.taps * groups * kChannelBlock * kInputGroup;
  const std::int8_t* weights = packed.dot.data() + block * block_bytes;
  __m512i total[P][B];
#pragma GCC unroll 16
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 2
    for (int b = 0; b < B; ++b)
      total[p][b] = _mm512_loadu_si512(bias + (block + b) * kChannelBlock);
  for (std::int64_t y = 0; y < geometry.kernel_height; ++y) {
    for (std::int64_t x = 0; x < geometry.kernel_width; ++x) {
      const std::uint8_t* at = input + y * geometry.tap_row + x * geometry.tap_column;
      for (std::int64_t c = 0; c < groups; ++c, at += kInputGroup, weights += 64) {
        __m512i w[B];
#pragma GCC unroll 2
        for (int b = 0; b < B; ++b) w[b] = _mm512_loadu_si512(weights + b * block_bytes);
#pragma GCC unroll 16
        for (int p = 0; p < P; ++p) {
          std::int32_t four = 0;
          std::memcpy(&four, at + p * geometry.step, sizeof four);
          const __m512i a = _mm512_set1_epi32(four);
#pragma GCC unroll 2
          for (int b = 0; b < B; ++b) total[p][b] = _mm512_dpbusd_epi32(total[p][b], a, w[b]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 2
    for (int b = 0; b < B; ++b)
      _mm512_storeu_si512(sums + (p * packed.blocks + block + b) * kChannelBlock, total[p][b]);
}

/// B blocks of 16 channels of one output pixel.
template <int B>
HWFLOW_VNNI void change(const PackedWeights& packed, const ConvShape& conv, const ChangedMap& input,
                        std::int64_t row, std::int64_t column, std::int64_t block,
                        const std::int32_t* before, std::int32_t* sums) {
  const std::int64_t tap_bytes = packed.channels * kChannelBlock;
  const std::int64_t block_bytes = packed.taps * tap_bytes;
  const std::int8_t* weights = packed.dot.data() + block * block_bytes;
  __m512i added[B], taken[B];
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b) {
    added[b] = _mm512_loadu_si512(before + (block + b) * kChannelBlock);
    taken[b] = _mm512_setzero_si512();
  }
  for_each_run(conv, row, column,
               [&](std::int64_t first, std::int64_t end, std::int64_t tap, std::int64_t at)
                   HWFLOW_VNNI {
                     const std::int8_t* origin = weights + (tap - at) * tap_bytes;
                     for (std::int32_t i = input.first[first]; i < input.first[end]; ++i) {
                       const ChangedGroup& g = input.groups[i];
                       const std::int8_t* w =
                           origin + g.column * tap_bytes + g.group * kChannelBlock * kInputGroup;
                       const __m512i now = _mm512_set1_epi32(static_cast<std::int32_t>(g.now));
                       const __m512i then = _mm512_set1_epi32(static_cast<std::int32_t>(g.before));
#pragma GCC unroll 4
                       for (int b = 0; b < B; ++b) {
                         const __m512i four = _mm512_loadu_si512(w + b * block_bytes);
                         added[b] = _mm512_dpbusd_epi32(added[b], now, four);
                         taken[b] = _mm512_dpbusd_epi32(taken[b], then, four);
                       }
                     }
                   });
#pragma GCC unroll 4
  for (int b = 0; b < B; ++b)
    _mm512_storeu_si512(sums + (block + b) * kChannelBlock, _mm512_sub_epi32(added[b], taken[b]));
}

template <int P, int B>
HWFLOW_VNNI std::int64_t tiles(const RowGeometry& geometry, const PackedWeights& packed,
                               std::int64_t block, std::int64_t first, const std::uint8_t* input,
                               const std::int32_t* bias, std::int32_t* sums) {
  for (; first + P <= geometry.pixels; first += P)
    tile<P, B>(geometry, packed, block, input + first * geometry.step, bias,
               sums + first * packed.blocks * kChannelBlock);
  return first;
}

/// 16 sums to 16 clamped codes.
HWFLOW_VNNI __m512i to_codes(__m512i sums, const Requantizer& r, std::int64_t channel) {
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i multiplier = _mm512_loadu_si512(r.multiplier.data() + channel);
  const auto half = [&](__m256i values, __m256i factors, const std::int64_t* shifts)
                        HWFLOW_VNNI -> __m256i {
    const __m512i shift = _mm512_loadu_si512(shifts);
    const __m512i product =
        _mm512_mul_epi32(_mm512_cvtepi32_epi64(values), _mm512_cvtepi32_epi64(factors));
    const __m512i rounding = _mm512_sllv_epi64(one, _mm512_sub_epi64(shift, one));
    return _mm512_cvtsepi64_epi32(_mm512_srav_epi64(_mm512_add_epi64(product, rounding), shift));
  };
  const __m256i lower = half(_mm512_castsi512_si256(sums), _mm512_castsi512_si256(multiplier),
                             r.shift.data() + channel);
  const __m256i upper =
      half(_mm512_extracti64x4_epi64(sums, 1), _mm512_extracti64x4_epi64(multiplier, 1),
           r.shift.data() + channel + 8);
  const __m512i codes = _mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1);
  const __m512i clamped = _mm512_min_epi32(_mm512_max_epi32(codes, _mm512_set1_epi32(r.low)),
                                           _mm512_set1_epi32(r.high));
  return _mm512_add_epi32(clamped, _mm512_set1_epi32(r.offset));
}

/// The even and the odd of 16 channels, 64 bits each.
struct Lanes {
  __m512i multiplier[2], shift[2], rounding[2];
};

HWFLOW_VNNI Lanes lanes_of(const Requantizer& r, std::int64_t channel) {
  const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i one = _mm512_set1_epi64(1);
  const __m512i lower = _mm512_loadu_si512(r.shift.data() + channel);
  const __m512i upper = _mm512_loadu_si512(r.shift.data() + channel + 8);
  Lanes lanes;
  lanes.multiplier[0] = _mm512_loadu_si512(r.multiplier.data() + channel);
  lanes.multiplier[1] = _mm512_srli_epi64(lanes.multiplier[0], 32);
  lanes.shift[0] = _mm512_permutex2var_epi64(lower, even, upper);
  lanes.shift[1] = _mm512_permutex2var_epi64(lower, _mm512_add_epi64(even, one), upper);
  for (int odd = 0; odd < 2; ++odd)
    lanes.rounding[odd] = _mm512_sllv_epi64(one, _mm512_sub_epi64(lanes.shift[odd], one));
  return lanes;
}

/// Lanes of 32 bits from the lower halves of even and odd ones.
HWFLOW_VNNI __m512i interleaved(__m512i even, __m512i odd) {
  return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA);
}

/// As above for products that fit.
HWFLOW_VNNI __m512i to_codes(__m512i sums, const Lanes& lanes, const Requantizer& r) {
  const auto shifted = [&](__m512i values, int odd) HWFLOW_VNNI -> __m512i {
    const __m512i product = _mm512_mul_epi32(values, lanes.multiplier[odd]);
    return _mm512_srav_epi64(_mm512_add_epi64(product, lanes.rounding[odd]), lanes.shift[odd]);
  };
  const __m512i codes = interleaved(shifted(sums, 0), shifted(_mm512_srli_epi64(sums, 32), 1));
  const __m512i clamped = _mm512_min_epi32(_mm512_max_epi32(codes, _mm512_set1_epi32(r.low)),
                                           _mm512_set1_epi32(r.high));
  return _mm512_add_epi32(clamped, _mm512_set1_epi32(r.offset));
}

}  // namespace

bool is_supported() {
  static const bool supported =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni");
  return supported;
}

HWFLOW_VNNI void dense_row(const RowGeometry& geometry, const PackedWeights& weights,
                           const std::uint8_t* input, const std::int32_t* bias,
                           std::int32_t* sums) {
  std::int64_t block = 0;
  for (; block + 2 <= weights.blocks; block += 2) {
    std::int64_t at = tiles<8, 2>(geometry, weights, block, 0, input, bias, sums);
    at = tiles<4, 2>(geometry, weights, block, at, input, bias, sums);
    tiles<1, 2>(geometry, weights, block, at, input, bias, sums);
  }
  if (block < weights.blocks) {
    std::int64_t at = tiles<16, 1>(geometry, weights, block, 0, input, bias, sums);
    at = tiles<8, 1>(geometry, weights, block, at, input, bias, sums);
    at = tiles<4, 1>(geometry, weights, block, at, input, bias, sums);
    tiles<1, 1>(geometry, weights, block, at, input, bias, sums);
  }
}

HWFLOW_VNNI void change_sums(const PackedWeights& weights, const ConvShape& conv,
                             const ChangedMap& input, std::int64_t row, std::int64_t column,
                             const std::int32_t* before, std::int32_t* sums) {
  std::int64_t block = 0;
  for (; block + 4 <= weights.blocks; block += 4)
    change<4>(weights, conv, input, row, column, block, before, sums);
  for (; block + 2 <= weights.blocks; block += 2)
    change<2>(weights, conv, input, row, column, block, before, sums);
  if (block < weights.blocks) change<1>(weights, conv, input, row, column, block, before, sums);
}

HWFLOW_VNNI void requantize_row(const Requantizer& requantizer, std::int64_t pixels,
                                std::int64_t channels, const std::int32_t* sums,
                                std::uint8_t* output) {
  const std::int64_t stride = round_up(channels, kChannelBlock);
  for (std::int64_t c = 0; c < channels; c += kChannelBlock) {
    const std::int64_t left = channels - c < kChannelBlock ? channels - c : kChannelBlock;
    const auto mask = static_cast<__mmask16>((1U << left) - 1U);
    if (requantizer.fits) {
      const Lanes lanes = lanes_of(requantizer, c);
      for (std::int64_t p = 0; p < pixels; ++p)
        _mm512_mask_cvtepi32_storeu_epi8(
            output + p * channels + c, mask,
            to_codes(_mm512_loadu_si512(sums + p * stride + c), lanes, requantizer));
      continue;
    }
    for (std::int64_t p = 0; p < pixels; ++p) {
      const __m512i codes = to_codes(_mm512_loadu_si512(sums + p * stride + c), requantizer, c);
      _mm512_mask_cvtepi32_storeu_epi8(output + p * channels + c, mask, codes);
    }
  }
}

HWFLOW_VNNI void requantize_pixel(const Requantizer& requantizer, std::int64_t channels,
                                  const std::int32_t* sums, const std::uint8_t* before,
                                  std::uint8_t* output, std::uint64_t* changed) {
  for (std::int64_t c = 0; c < channels; c += kChannelBlock) {
    const std::int64_t left = channels - c < kChannelBlock ? channels - c : kChannelBlock;
    const auto mask = static_cast<__mmask16>((1U << left) - 1U);
    const __m512i sixteen = _mm512_loadu_si512(sums + c);
    const __m512i codes = requantizer.fits
                              ? to_codes(sixteen, lanes_of(requantizer, c), requantizer)
                              : to_codes(sixteen, requantizer, c);
    const __m128i bytes = _mm_maskz_mov_epi8(mask, _mm512_cvtepi32_epi8(codes));
    const __m128i then = _mm_maskz_loadu_epi8(mask, before + c);
    _mm_mask_storeu_epi8(output + c, mask, bytes);
    const std::uint64_t differ = _mm_cmpneq_epi32_mask(bytes, then);
    std::uint64_t& word = changed[c / 256];
    word = (c % 256 == 0 ? 0 : word) | differ << (c % 256 / kInputGroup);
  }
}

HWFLOW_VNNI std::int64_t add_codes(const AddRequantizer& r, std::int64_t count,
                                   const std::uint8_t* a, const std::uint8_t* b,
                                   std::uint8_t* output) {
  if (!r.fits) return 0;
  const __m512i left = _mm512_set1_epi64(r.left);
  const __m512i right = _mm512_set1_epi64(r.right);
  const __m512i constant = _mm512_set1_epi64(r.constant);
  const __m512i low = _mm512_set1_epi32(r.low), high = _mm512_set1_epi32(r.high);
  const __m512i offset = _mm512_set1_epi32(r.offset);
  const __m512i shift = _mm512_set1_epi64(r.shift);
  const auto shifted = [&](__m512i x, __m512i y) HWFLOW_VNNI -> __m512i {
    const __m512i sum = _mm512_add_epi64(
        constant, _mm512_add_epi64(_mm512_mul_epu32(x, left), _mm512_mul_epu32(y, right)));
    return _mm512_srav_epi64(sum, shift);
  };
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512i x =
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i)));
    const __m512i y =
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i)));
    const __m512i code =
        interleaved(shifted(x, y), shifted(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(y, 32)));
    const __m512i clamped = _mm512_min_epi32(_mm512_max_epi32(code, low), high);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(output + i),
                     _mm512_cvtepi32_epi8(_mm512_add_epi32(clamped, offset)));
  }
  return i;
}

}  // namespace hwflow::train::vnni

#else

namespace hwflow::train::vnni {

bool is_supported() { return false; }
void dense_row(const RowGeometry&, const PackedWeights&, const std::uint8_t*, const std::int32_t*,
               std::int32_t*) {
  fail_check("is_supported()", __FILE__, __LINE__, "VNNI kernel on another processor");
}
void requantize_pixel(const Requantizer&, std::int64_t, const std::int32_t*, const std::uint8_t*,
                      std::uint8_t*, std::uint64_t*) {
  fail_check("is_supported()", __FILE__, __LINE__, "VNNI kernel on another processor");
}
void change_sums(const PackedWeights&, const ConvShape&, const ChangedMap&, std::int64_t,
                 std::int64_t, const std::int32_t*, std::int32_t*) {
  fail_check("is_supported()", __FILE__, __LINE__, "VNNI kernel on another processor");
}
void requantize_row(const Requantizer&, std::int64_t, std::int64_t, const std::int32_t*,
                    std::uint8_t*) {
  fail_check("is_supported()", __FILE__, __LINE__, "VNNI kernel on another processor");
}
std::int64_t add_codes(const AddRequantizer&, std::int64_t, const std::uint8_t*,
                       const std::uint8_t*, std::uint8_t*) {
  return 0;
}

}  // namespace hwflow::train::vnni

#endif
