#pragma once

#include <torch/types.h>

#include <memory>

#include "train/nn/normalization.hpp"
#include "train/nn/weighted_network.hpp"
#include "train/quant/integer_network.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train::robust {

/// A network as an attacker sees it: pixels from 0 to 1 in, logits out. Its normalisation is
/// inside, its weights are frozen, its BatchNorm uses running statistics. Torch header.
///
/// One object serves one thread.
class Classifier {
 public:
  virtual ~Classifier() = default;
  /// pixels (n, channels, rows, columns); the result is (n, classes), on the same device.
  virtual torch::Tensor logits(const torch::Tensor& pixels) = 0;
  /// Whether logits() can be differentiated by the pixels.
  [[nodiscard]] virtual bool has_gradient() const = 0;
};
/// The float network.
[[nodiscard]] std::unique_ptr<Classifier> float_classifier(const WeightedNetwork& model,
                                                           const Normalization& normalization,
                                                           torch::Device device);

/// The fake-quantized network in float32, gradients straight through its rounding
/// (FakeQuantizedModule).
[[nodiscard]] std::unique_ptr<Classifier> straight_through_classifier(
    const QuantizedNetwork& quantized, torch::Device device);

/// exact_logits(): what `hwflow test --mode fake` judges by. On the CPU, whatever the device of the
/// pixels. No gradient.
/// grid  bytes: the input is read from the table that tests read, so that equal bytes give equal
///       logits to the last bit
[[nodiscard]] std::unique_ptr<Classifier> exact_fake_classifier(const QuantizedNetwork& quantized,
                                                                bool reads_bytes);

/// The integer executor, in units of its logits (float64). No gradient; the pixels must be
/// multiples of 1/255. Errors  what IntegerExecutor::make() refuses is an InternalError: check
/// before.
[[nodiscard]] std::unique_ptr<Classifier> integer_classifier(const IntegerNetwork& network);

}  // namespace hwflow::train::robust
