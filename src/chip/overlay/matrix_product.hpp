#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "base/expected.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {

/// Products of weights (m x k) and inputs (k x n), all alike, one after another.
///
/// A convolution has m output channels, k = input channels x filter, n = output pixels of the whole
/// batch, of one group each; a depthwise one is as many products of m = 1 as it has channels. A
/// transposed convolution has m = output channels x filter and k = input channels: its results
/// overlap and are added up elsewhere. A matrix product of two activations takes one of them for
/// the weights, at the width of the inputs.
struct MatrixProduct {
  std::int64_t m = 1, k = 1, n = 1;
  std::int64_t count = 1;  ///< groups
  int weight_bits = 1;
  int input_bits = 1;
  int output_bits = 32;
  /// Elements that one product's inputs are stored in before filters slide over them; k n at most.
  std::int64_t input_elements = 1;

  // NOLINTNEXTLINE(modernize-use-nullptr): the 0 of a rewritten < is no pointer
  auto operator<=>(const MatrixProduct&) const = default;

  /// ANDs and adds, each counted, of all bits of all products, nothing padded: 2 m k n w a count.
  [[nodiscard]] double binary_operations() const;
};

/// Widest operand of the overlay: a limit of this model, not of the hardware.
inline constexpr int kMaxOverlayBits = 16;

/// The product of a layer; none for layers without multiplications (poolings, additions), which
/// cost nothing on the overlay.
/// Errors  widths outside 1..16 (outputs: 1..64), a dimension that only one operand has, more than
///         2^52 cycles or bits on some overlay of up to 256 x 512 x 256.
[[nodiscard]] Expected<std::optional<MatrixProduct>> matrix_product(const Layer& layer);

/// No overlay of up to 256 x 512 x 256 needs more cycles, or moves more bits, for the product.
[[nodiscard]] double most_work(const MatrixProduct& product);

/// Sums of at most this much are exact in double precision, with room for one more bit.
inline constexpr double kMostExactWork = 0x1p52;

}  // namespace hwflow::chip
