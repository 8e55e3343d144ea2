#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/expected.hpp"
#include "train/quant/integer_kernels.hpp"
#include "train/quant/integer_network.hpp"

namespace hwflow::train {

namespace integer {
struct Plan;
}

/// Runs an IntegerNetwork in integers only: the arbiter of every quantized accuracy.
///
/// Codes are multiplied and added in int32 (int64 for codes above 8 bits, and where a sum could
/// leave int32); every reader gets its own copy of a result, rounded once from the sum by a 31-bit
/// multiplier and a shift, half up (fixed_point.hpp). Additions rescale both inputs under one shift
/// and round once. Activations clamp codes to their rounded ends. Logits stay sums, brought to one
/// unit by integer factors. Softmax after the last layer is left out: it keeps the order.
///
/// Errors  make(): nodes or activations without an integer form (multiply, transposed convolution,
///         resize, matrix product; leaky ReLU, sigmoid, ...), inconsistent codes, grids or biases.
/// Source  Jacob et al., "Quantization and training of neural networks for efficient
///         integer-arithmetic-only inference", CVPR 2018.
class IntegerExecutor {
 public:
  [[nodiscard]] static Expected<IntegerExecutor> make(IntegerNetwork network,
                                                      KernelSet kernels = KernelSet::best);
  /// Of a network that is compiled already.
  [[nodiscard]] static IntegerExecutor of(std::shared_ptr<const integer::Plan> plan);

  /// Class of each image (the first one of equal logits). `pixels` holds `count` images as planes
  /// of bytes. The result does not depend on `threads`.
  [[nodiscard]] std::vector<std::int32_t> predict(std::span<const std::uint8_t> pixels,
                                                  std::int64_t count, int threads) const;

  /// Logits of all images, [image][class] in units of logit_unit().
  [[nodiscard]] std::vector<std::int64_t> logits(std::span<const std::uint8_t> pixels,
                                                 std::int64_t count, int threads) const;
  [[nodiscard]] double logit_unit() const;

  /// Codes that arithmetic node `node` reads at `edge` for one image, as (channel, row, column).
  [[nodiscard]] std::vector<std::int32_t> input_codes(std::span<const std::uint8_t> image,
                                                      std::size_t node, std::size_t edge) const;

  [[nodiscard]] const IntegerNetwork& network() const;

 private:
  explicit IntegerExecutor(std::shared_ptr<const integer::Plan> plan) : plan_(std::move(plan)) {}

  std::shared_ptr<const integer::Plan> plan_;
};

/// How many predictions equal the labels.
[[nodiscard]] std::int64_t count_correct(std::span<const std::int32_t> predictions,
                                         std::span<const std::uint8_t> labels);

}  // namespace hwflow::train
