#pragma once

#include <torch/types.h>

#include "workload/network.hpp"

namespace hwflow::train {

/// What single nodes compute, on tensors (n, channels, height, width). Torch header.
torch::Tensor convolve(const Node& node, const torch::Tensor& x, const torch::Tensor& weight,
                       const torch::Tensor& bias);
torch::Tensor convolve_transposed(const Node& node, const torch::Tensor& x,
                                  const torch::Tensor& weight, const torch::Tensor& bias);
torch::Tensor connect_fully(const torch::Tensor& x, const torch::Tensor& weight,
                            const torch::Tensor& bias);
torch::Tensor pool_max(const Node& node, const torch::Tensor& x);
/// Padding counts in the divisor only with count_include_pad.
torch::Tensor pool_average(const Node& node, const torch::Tensor& x);
torch::Tensor pad_with_zeros(const Node& node, const torch::Tensor& x);
/// x[:, :, ::stride, ::stride] with zero channels before and after.
torch::Tensor subsample(const Node& node, const torch::Tensor& x);
/// Nearest neighbour: output pixel i reads input pixel floor(i * in / out).
torch::Tensor resize(const Node& node, const torch::Tensor& x);
torch::Tensor activate(const Node& node, const torch::Tensor& x);

}  // namespace hwflow::train
