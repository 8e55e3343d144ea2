#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/quant/integer_network.hpp"

namespace hwflow::train {

/// The oracle of IntegerExecutor: one image, scalar loops over (channel, row, column), sums in
/// 64-bit integers, codes by long double arithmetic on the real scales: code = floor(x / s + 1/2).
struct NaiveResult {
  std::vector<long double> logits;                           ///< real values
  std::vector<std::vector<std::vector<std::int32_t>>> read;  ///< codes per node and input edge
  /// True where some number lies so near to a rounding tie that a 31-bit factor may decide
  /// otherwise: such an image proves nothing.
  bool near_tie = false;
};
[[nodiscard]] NaiveResult run_naively(const IntegerNetwork& network,
                                      std::span<const std::uint8_t> pixels);

}  // namespace hwflow::train
