#pragma once

#include <cstdint>
#include <string>

#include "workload/operator.hpp"

namespace hwflow {

/// Widths in bits of what one layer moves. 32 stands for float.
struct LayerBits {
  int weights = 16;
  int inputs = 16;
  int outputs = 16;       ///< finished outputs
  int partial_sums = 32;  ///< unfinished outputs, wherever they are stored
  bool operator==(const LayerBits&) const = default;
};

[[nodiscard]] constexpr int bits_of(const LayerBits& bits, Role role) {
  switch (role) {
    case Role::weights: return bits.weights;
    case Role::inputs: return bits.inputs;
    case Role::outputs: return bits.outputs;
  }
  return 0;
}

/// One operator with its widths: all that the hardware side knows of a layer.
struct Layer {
  std::string name;
  Operator op;
  LayerBits bits;
};

/// A text that is equal for layers of equal shape and widths (the name left out): the cache key of
/// everything computed from a layer.
[[nodiscard]] std::string shape_key(const Layer& layer);

}  // namespace hwflow
