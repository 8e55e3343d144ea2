#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/quant/fixed_point.hpp"
#include "workload/operator.hpp"

namespace hwflow::train {

/// Which instructions the narrow kernels use. All give the same numbers.
enum class KernelSet : std::uint8_t {
  best,      ///< the fastest that this processor has
  portable,  ///< plain loops (compiled for AVX2 too where the processor has it)
};
/// True when this processor runs the AVX-512 VNNI kernels and `set` allows them.
[[nodiscard]] bool uses_vnni(KernelSet set);

inline constexpr std::int64_t kChannelBlock = 16;  ///< output channels of one vector of sums
inline constexpr std::int64_t kInputGroup = 4;     ///< input channels of one dot-product step

[[nodiscard]] constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// 8-bit weights reordered for the kernels: blocks of 16 output channels, then taps, then groups of
/// 4 input channels; channels that do not exist have weight 0.
struct PackedWeights {
  std::vector<std::int8_t> dot;                     ///< [block][tap][c/4][16][4], VNNI only
  std::vector<std::int32_t> plain;                  ///< [block][tap][c][16], portable only
  std::int64_t blocks = 0, taps = 0, channels = 0;  ///< channels: rounded up to a multiple of 4
};
/// codes(o, c, tap) in -128..127, row-major [out][in][tap].
[[nodiscard]] PackedWeights pack_weights(std::span<const std::int16_t> codes, std::int64_t out,
                                         std::int64_t in, std::int64_t taps, KernelSet set);

/// Distances in bytes within a padded image of layout (row, column, channel).
struct RowGeometry {
  std::int64_t kernel_height = 1, kernel_width = 1;
  std::int64_t tap_row = 0, tap_column = 0;  ///< from one filter row or column to the next
  std::int64_t step = 0;                     ///< from one output pixel to the next
  std::int64_t pixels = 0;                   ///< output pixels of the row
};

/// sums[pixel][channel] = bias[channel] + sum of weights * input over the window of the pixel.
/// input: first byte of the first window; sums: pixels * blocks * 16.
void dense_row(const RowGeometry& geometry, const PackedWeights& weights, const std::uint8_t* input,
               const std::int32_t* bias, std::int32_t* sums);

/// Four channels of a pixel that differ from what they were; channels that do not exist are 0.
struct ChangedGroup {
  std::int32_t column = 0;
  std::int32_t group = 0;  ///< channels 4 * group to 4 * group + 3
  std::uint32_t now = 0, before = 0;
};
/// What of a feature map of bytes differs: the groups of pixel i (row by row) are
/// groups[first[i]] to groups[first[i + 1] - 1].
struct ChangedMap {
  const ChangedGroup* groups = nullptr;
  const std::int32_t* first = nullptr;
};
/// The sums of output pixel (row, column) of a convolution without groups: `before` and what the
/// changes of its window add. blocks * 16 sums each.
void change_sums(const PackedWeights& weights, const ConvShape& conv, const ChangedMap& input,
                 std::int64_t row, std::int64_t column, const std::int32_t* before,
                 std::int32_t* sums);

/// As dense_row for one input channel per output channel; weights [tap][channel].
void depthwise_row(const RowGeometry& geometry, std::int64_t channels, const std::int32_t* weights,
                   const std::uint8_t* input, const std::int32_t* bias, std::int32_t* sums);

/// sums[pixel][channel] in 64 bits on codes of any width; weights [tap][channel][out].
void wide_row(const RowGeometry& geometry, std::int64_t channels, std::int64_t outputs,
              const std::int32_t* weights, const std::int32_t* input, const std::int64_t* bias,
              std::int64_t* sums);

/// Adds sums[pixel][channel] (channels filled up to a multiple of 16) and their squares, pixel
/// after pixel, to `sum` and `squares` of each channel.
void add_moments_of_pixels(std::int64_t pixels, std::int64_t channels, const std::int32_t* sums,
                           double* sum, double* squares);

/// Sums to codes: stored = clamp(rescale(sum, factor[channel]), low, high) + offset.
struct Requantizer {
  std::vector<std::int32_t> multiplier;  ///< per channel, padded to a multiple of 16
  std::vector<std::int64_t> shift;
  std::int32_t low = 0, high = 255, offset = 0;
  bool fits = false;  ///< no product, shifted, leaves int32

  /// largest_sum: of the sums to come, in magnitude.
  void set_factors(std::span<const double> factors, std::int64_t largest_sum = 0x7fffffff);
};
void requantize_row(const Requantizer& requantizer, std::int64_t pixels, std::int64_t channels,
                    const std::int32_t* sums, std::uint8_t* output, KernelSet set);

/// One pixel as requantize_row(), beside the codes that it had: bit g % 64 of word g / 64 of
/// `changed` is set where channels 4 * g to 4 * g + 3 differ. `changed`: (channels + 255) / 256
/// words.
void requantize_pixel(const Requantizer& requantizer, std::int64_t channels,
                      const std::int32_t* sums, const std::uint8_t* before, std::uint8_t* output,
                      std::uint64_t* changed, KernelSet set);

/// stored = clamp((a * left + b * right + constant) >> shift, low, high) + offset.
struct AddRequantizer {
  std::int64_t left = 0, right = 0, constant = 0;
  int shift = 1;
  std::int32_t low = 0, high = 255, offset = 0;
  bool fits = false;  ///< no sum of two bytes, shifted, leaves int32

  /// Sets `fits`.
  void check_fit();
};
void add_codes(const AddRequantizer& requantizer, std::int64_t count, const std::uint8_t* a,
               const std::uint8_t* b, std::uint8_t* output, KernelSet set);

}  // namespace hwflow::train
