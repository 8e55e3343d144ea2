#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hwflow {

/// A dense float tensor, row-major.
struct FloatTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
  bool operator==(const FloatTensor&) const = default;
};

/// Named tensors of a network, as in a safetensors file: "<node>.weight", "<node>.bias",
/// "<node>.batch_norm.{weight,bias,running_mean,running_var}".
using WeightMap = std::map<std::string, FloatTensor>;

}  // namespace hwflow
