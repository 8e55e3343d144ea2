#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace hwflow::train {

/// Dense layers with ReLU between them, none after the last; all parameters in one piece.
///
/// Shapes  matrices are row-major, a row for every example; layer l has weights (sizes[l],
///         sizes[l + 1]), then sizes[l + 1] biases.
class DenseNetwork {
 public:
  /// What flowed through the layers: values[0] the inputs, values.back() the outputs.
  struct Trace {
    std::vector<std::vector<float>> values;
    [[nodiscard]] const std::vector<float>& outputs() const { return values.back(); }
  };

  /// Parameters are 0.  sizes: of the inputs, of every layer's outputs.
  explicit DenseNetwork(std::vector<std::size_t> sizes);

  /// Uniform in +-1 / sqrt(inputs), weights and biases, as torch.nn.Linear. The first layer is the
  /// sum of several such layers, each of which reads a group of the inputs.
  void randomise(Rng& rng, std::span<const std::size_t> input_groups);

  [[nodiscard]] Trace forward(std::vector<float> inputs) const;

  /// Adds to `gradient` (as parameters(); empty: not wanted) and returns the gradient of the
  /// inputs.  outputs: the gradient of trace.outputs().
  std::vector<float> backward(const Trace& trace, std::vector<float> outputs,
                              std::span<float> gradient);

  [[nodiscard]] std::span<float> parameters() noexcept { return parameters_; }
  [[nodiscard]] std::span<const float> parameters() const noexcept { return parameters_; }

 private:
  struct Layer {
    std::size_t inputs, outputs, weights, biases;  // the last two: where they start
  };
  std::vector<Layer> layers_;
  std::vector<float> parameters_;
  std::vector<float> scratch_;  // of backward(): what is large is allocated once
};

}  // namespace hwflow::train
