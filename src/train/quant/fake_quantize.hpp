#pragma once

#include <torch/types.h>

#include "train/quant/fake_quantize_kernels.hpp"

namespace hwflow::train {

struct FakeQuantizeOptions {
  std::int32_t low = 0, high = 255;
  ScaleGradient rule = ScaleGradient::lsq;
  bool binary = false;
  double gradient_scale = 1.0;  ///< of the scale's gradient; LSQ: 1 / sqrt(elements * high)
};

/// Rounds x to the grid of `scale`, differentiable in both (see FakeQuantizer for the rule), as one
/// autograd function. Torch header.
///
/// Shapes   scale (1) for one grid, or (x.size(0)) for one per output channel of a weight.
/// Device   float32 on the CPU whose memory is dense runs the vector kernels (one scale: any dense
///          layout; several: contiguous); everything else the same rule by tensor operations.
/// The result does not depend on the number of threads.
[[nodiscard]] torch::Tensor fake_quantize(const torch::Tensor& x, const torch::Tensor& scale,
                                          const FakeQuantizeOptions& options);

}  // namespace hwflow::train
