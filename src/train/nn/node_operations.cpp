#include "train/nn/node_operations.hpp"

#include <array>
#include <limits>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;
using Sizes = std::vector<std::int64_t>;

bool pads_are_symmetric(const ConvShape& c) {
  return c.pad_top == c.pad_bottom && c.pad_left == c.pad_right;
}

Tensor pad_image(const ConvShape& c, const Tensor& x, double value) {
  return torch::constant_pad_nd(x, Sizes{c.pad_left, c.pad_right, c.pad_top, c.pad_bottom}, value);
}

bool has_no_pads(const ConvShape& c) {
  return c.pad_top == 0 && c.pad_bottom == 0 && c.pad_left == 0 && c.pad_right == 0;
}

/// Kernel 0 x 0 stands for the whole image.
bool is_global(const ConvShape& c) { return c.kernel_height == 0 && c.kernel_width == 0; }

Sizes kernel(const ConvShape& c) { return {c.kernel_height, c.kernel_width}; }
Sizes stride(const ConvShape& c) { return {c.stride_height, c.stride_width}; }
Sizes dilation(const ConvShape& c) { return {c.dilation_height, c.dilation_width}; }

/// Means over the windows of an image that is padded already.
Tensor window_means(const ConvShape& c, const Tensor& padded) {
  if (c.dilation_height == 1 && c.dilation_width == 1)
    return torch::avg_pool2d(padded, kernel(c), stride(c));
  // Torch has no dilated average: a depthwise convolution by ones.
  const std::int64_t channels = padded.size(1);
  const Tensor ones = torch::ones({channels, 1, c.kernel_height, c.kernel_width}, padded.options());
  return torch::conv2d(padded, ones, {}, stride(c), Sizes{0, 0}, dilation(c), channels) /
         static_cast<double>(c.kernel_height * c.kernel_width);
}

}  // namespace

Tensor convolve(const Node& node, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const ConvShape& c = node.conv;
  const bool symmetric = pads_are_symmetric(c);
  const Tensor padded = symmetric ? x : pad_image(c, x, 0.0);
  const Sizes pads = symmetric ? Sizes{c.pad_top, c.pad_left} : Sizes{0, 0};
  return torch::conv2d(padded, weight, bias, stride(c), pads, dilation(c), c.groups);
}

Tensor convolve_transposed(const Node& node, const Tensor& x, const Tensor& weight,
                           const Tensor& bias) {
  const ConvShape& c = node.conv;
  Tensor y = torch::conv_transpose2d(x, weight, {}, stride(c), Sizes{0, 0}, Sizes{0, 0}, c.groups,
                                     dilation(c));
  // Pads crop the full result; output padding adds pixels that no input reaches.
  const Sizes crop{-c.pad_left, c.output_pad_width - c.pad_right, -c.pad_top,
                   c.output_pad_height - c.pad_bottom};
  y = torch::constant_pad_nd(y, crop, 0.0);
  return bias.defined() ? y + bias.view({1, -1, 1, 1}) : y;
}

Tensor connect_fully(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return torch::linear(x.flatten(1), weight, bias).unsqueeze(-1).unsqueeze(-1);
}

Tensor pool_max(const Node& node, const Tensor& x) {
  const ConvShape& c = node.conv;
  if (is_global(c)) return x.amax({2, 3}, true);
  const Tensor padded =
      has_no_pads(c) ? x : pad_image(c, x, -std::numeric_limits<double>::infinity());
  return torch::max_pool2d(padded, kernel(c), stride(c), Sizes{0, 0}, dilation(c));
}

Tensor pool_average(const Node& node, const Tensor& x) {
  const ConvShape& c = node.conv;
  if (is_global(c)) return x.mean({2, 3}, true);
  if (has_no_pads(c)) return window_means(c, x);
  const Tensor means = window_means(c, pad_image(c, x, 0.0));
  if (node.count_include_pad) return means;
  const Tensor ones = torch::ones({1, 1, x.size(2), x.size(3)}, x.options());
  return means / window_means(c, pad_image(c, ones, 0.0));
}

Tensor pad_with_zeros(const Node& node, const Tensor& x) {
  const ConvShape& c = node.conv;
  return torch::constant_pad_nd(x, Sizes{c.pad_left, c.pad_right, c.pad_top, c.pad_bottom,
                                         node.channel_pad_before, node.channel_pad_after});
}

Tensor subsample(const Node& node, const Tensor& x) {
  const ConvShape& c = node.conv;
  const Tensor rows = x.slice(2, 0, x.size(2), c.stride_height);
  const Tensor pixels = rows.slice(3, 0, x.size(3), c.stride_width);
  return torch::constant_pad_nd(pixels,
                                Sizes{0, 0, 0, 0, node.channel_pad_before, node.channel_pad_after});
}

Tensor resize(const Node& node, const Tensor& x) {
  return torch::upsample_nearest2d(x, Sizes{node.shape.height, node.shape.width});
}

Tensor activate(const Node& node, const Tensor& x) {
  switch (node.activation) {
    case Activation::none: return x;
    case Activation::relu: return torch::relu(x);
    case Activation::relu6: return torch::clamp(x, 0.0, 6.0);
    case Activation::clip: return torch::clamp(x, node.activation_alpha, node.activation_beta);
    case Activation::leaky_relu:
    case Activation::prelu: return torch::leaky_relu(x, node.activation_alpha);
    case Activation::sigmoid: return torch::sigmoid(x);
    case Activation::hard_sigmoid:
      return torch::clamp(node.activation_alpha * x + node.activation_beta, 0.0, 1.0);
    case Activation::hard_swish: return torch::hardswish(x);
    case Activation::tanh: return torch::tanh(x);
    case Activation::elu: return torch::elu(x, node.activation_alpha);
    case Activation::selu: return torch::selu(x);
    case Activation::gelu: return torch::gelu(x);
    case Activation::silu: return torch::silu(x);
    case Activation::mish: return torch::mish(x);
    case Activation::softplus: return torch::softplus(x);
    case Activation::other: break;
  }
  HWFLOW_CHECK(false, "an activation that cannot be executed");
  return x;
}

}  // namespace hwflow::train
