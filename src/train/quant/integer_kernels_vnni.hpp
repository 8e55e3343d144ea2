#pragma once

#include "train/quant/integer_kernels.hpp"

namespace hwflow::train::vnni {

/// The same functions for processors with AVX-512 VNNI; call only where uses_vnni().
[[nodiscard]] bool is_supported();
void dense_row(const RowGeometry& geometry, const PackedWeights& weights, const std::uint8_t* input,
               const std::int32_t* bias, std::int32_t* sums);
void change_sums(const PackedWeights& weights, const ConvShape& conv, const ChangedMap& input,
                 std::int64_t row, std::int64_t column, const std::int32_t* before,
                 std::int32_t* sums);
void requantize_row(const Requantizer& requantizer, std::int64_t pixels, std::int64_t channels,
                    const std::int32_t* sums, std::uint8_t* output);
void requantize_pixel(const Requantizer& requantizer, std::int64_t channels,
                      const std::int32_t* sums, const std::uint8_t* before, std::uint8_t* output,
                      std::uint64_t* changed);
/// Handles a first part of the elements and returns their number.
std::int64_t add_codes(const AddRequantizer& requantizer, std::int64_t count, const std::uint8_t* a,
                       const std::uint8_t* b, std::uint8_t* output);

}  // namespace hwflow::train::vnni
