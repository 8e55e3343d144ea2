#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "train/quant/integer_network.hpp"
#include "train/robust/flip_batch.hpp"

namespace hwflow::train::robust {

/// Derivatives of the batch's objective by the weight codes of these layers, parallel to their
/// codes. Of the fake-quantized twin: weights are scale times code as they are stored, also where
/// the quantizer has no such code; activations are rounded to their grids, gradients pass straight
/// through that (0 where a value is clamped); float32, summed over parts of the batch in order and
/// in double. The result does not depend on `threads`.
[[nodiscard]] std::vector<std::vector<double>> code_gradients(const IntegerNetwork& network,
                                                              const FlipBatch& batch,
                                                              std::span<const std::size_t> layers,
                                                              int threads);

}  // namespace hwflow::train::robust
