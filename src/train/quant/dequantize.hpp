#pragma once

#include "train/quant/integer_network.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// The network with float weights and grids that rounds to these integers: weights are scale *
/// code, biases scale * input scale * code in float32 (exact codes come back up to 2^24).
[[nodiscard]] QuantizedNetwork dequantize(const IntegerNetwork& network);

}  // namespace hwflow::train
