#include "train/nn/node_operations.hpp"

#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <limits>

#include "base/random.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

Tensor random_tensor(const std::vector<std::int64_t>& shape, Rng& rng) {
  Tensor t = torch::empty(shape);
  for (std::int64_t i = 0; i < t.numel(); ++i) {
    t.data_ptr<float>()[i] = static_cast<float>(rng.normal());
  }
  return t;
}

/// x[n, c, y, x] in double, 0 outside the image.
double at(const Tensor& t, std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
  if (y < 0 || y >= t.size(2) || x < 0 || x >= t.size(3)) return 0.0;
  return t.data_ptr<float>()[((n * t.size(1) + c) * t.size(2) + y) * t.size(3) + x];
}

void expect_near(const Tensor& got, const Tensor& wanted, const std::string& what) {
  ASSERT_EQ(got.sizes(), wanted.sizes()) << what;
  if (got.numel() == 0) return;
  ASSERT_LT((got - wanted).abs().max().item<double>(), 1e-4) << what;
}

/// A random geometry: groups, strides, dilations and four different pads.
ConvShape random_shape(Rng& rng) {
  ConvShape c;
  c.groups = rng.between(1, 3);
  c.in_channels = c.groups * rng.between(1, 3);
  c.out_channels = c.groups * rng.between(1, 3);
  c.kernel_height = rng.between(1, 3);
  c.kernel_width = rng.between(1, 3);
  c.stride_height = rng.between(1, 3);
  c.stride_width = rng.between(1, 3);
  c.dilation_height = rng.between(1, 2);
  c.dilation_width = rng.between(1, 2);
  c.pad_top = rng.between(0, 2);
  c.pad_left = rng.between(0, 2);
  c.pad_bottom = rng.between(0, 2);
  c.pad_right = rng.between(0, 2);
  c.in_height = rng.between(5, 8);
  c.in_width = rng.between(5, 8);
  return c;
}

/// O[n,k,p,q] = sum over c, r, s of W[k,c,r,s] I[n, c, p*stride + r*dilation - pad, ...].
Tensor convolve_by_definition(const ConvShape& c, const Tensor& x, const Tensor& w,
                              const Tensor& bias) {
  const std::int64_t in_group = c.in_channels / c.groups, out_group = c.out_channels / c.groups;
  Tensor y = torch::empty({x.size(0), c.out_channels, c.out_height(), c.out_width()});
  float* out = y.data_ptr<float>();
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t k = 0; k < c.out_channels; ++k)
      for (std::int64_t p = 0; p < c.out_height(); ++p)
        for (std::int64_t q = 0; q < c.out_width(); ++q) {
          double sum = bias.data_ptr<float>()[k];
          for (std::int64_t i = 0; i < in_group; ++i)
            for (std::int64_t r = 0; r < c.kernel_height; ++r)
              for (std::int64_t s = 0; s < c.kernel_width; ++s)
                sum +=
                    at(w, k, i, r, s) * at(x, n, k / out_group * in_group + i,
                                           p * c.stride_height + r * c.dilation_height - c.pad_top,
                                           q * c.stride_width + s * c.dilation_width - c.pad_left);
          *out++ = static_cast<float>(sum);
        }
  return y;
}

TEST(NodeOperations, ConvolutionIsItsDefinition) {
  Rng rng(11);
  for (int trial = 0; trial < 200; ++trial) {
    Node node;
    node.conv = random_shape(rng);
    const ConvShape& c = node.conv;
    const Tensor x = random_tensor({2, c.in_channels, c.in_height, c.in_width}, rng);
    const Tensor w = random_tensor(
        {c.out_channels, c.in_channels / c.groups, c.kernel_height, c.kernel_width}, rng);
    const Tensor b = random_tensor({c.out_channels}, rng);
    expect_near(convolve(node, x, w, b), convolve_by_definition(c, x, w, b),
                "trial " + std::to_string(trial));
  }
}

/// Each input pixel adds its weighted kernel at p*stride + r*dilation - pad.
Tensor scatter_by_definition(const ConvShape& c, const Tensor& x, const Tensor& w,
                             const Tensor& bias) {
  const std::int64_t in_group = c.in_channels / c.groups, out_group = c.out_channels / c.groups;
  const std::int64_t height = c.transposed_out_height(), width = c.transposed_out_width();
  Tensor y = torch::zeros({x.size(0), c.out_channels, height, width}) + bias.view({1, -1, 1, 1});
  float* out = y.data_ptr<float>();
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t i = 0; i < c.in_channels; ++i)
      for (std::int64_t p = 0; p < c.in_height; ++p)
        for (std::int64_t q = 0; q < c.in_width; ++q)
          for (std::int64_t k = 0; k < out_group; ++k)
            for (std::int64_t r = 0; r < c.kernel_height; ++r)
              for (std::int64_t s = 0; s < c.kernel_width; ++s) {
                const std::int64_t to = i / in_group * out_group + k;
                const std::int64_t row = p * c.stride_height + r * c.dilation_height - c.pad_top;
                const std::int64_t column = q * c.stride_width + s * c.dilation_width - c.pad_left;
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                out[((n * c.out_channels + to) * height + row) * width + column] +=
                    static_cast<float>(at(x, n, i, p, q) * at(w, i, k, r, s));
              }
  return y;
}

TEST(NodeOperations, TransposedConvolutionIsItsDefinition) {
  Rng rng(12);
  for (int trial = 0; trial < 200; ++trial) {
    Node node;
    node.conv = random_shape(rng);
    ConvShape& c = node.conv;
    c.output_pad_height = rng.between(0, c.stride_height - 1);
    c.output_pad_width = rng.between(0, c.stride_width - 1);
    const Tensor x = random_tensor({2, c.in_channels, c.in_height, c.in_width}, rng);
    const Tensor w = random_tensor(
        {c.in_channels, c.out_channels / c.groups, c.kernel_height, c.kernel_width}, rng);
    const Tensor b = random_tensor({c.out_channels}, rng);
    expect_near(convolve_transposed(node, x, w, b), scatter_by_definition(c, x, w, b),
                "trial " + std::to_string(trial));
  }
}

struct Window {
  double sum = 0.0, most = -std::numeric_limits<double>::infinity();
  std::int64_t inside = 0;
};

Window window_at(const ConvShape& c, const Tensor& x, std::int64_t k, std::int64_t p,
                 std::int64_t q) {
  Window window;
  for (std::int64_t r = 0; r < c.kernel_height; ++r)
    for (std::int64_t s = 0; s < c.kernel_width; ++s) {
      const std::int64_t row = p * c.stride_height + r * c.dilation_height - c.pad_top;
      const std::int64_t column = q * c.stride_width + s * c.dilation_width - c.pad_left;
      if (row < 0 || row >= x.size(2) || column < 0 || column >= x.size(3)) continue;
      window.sum += at(x, 0, k, row, column);
      window.most = std::max(window.most, at(x, 0, k, row, column));
      ++window.inside;
    }
  return window;
}

TEST(NodeOperations, PoolingIsItsDefinition) {
  Rng rng(13);
  for (int trial = 0; trial < 200; ++trial) {
    Node node;
    node.conv = random_shape(rng);
    ConvShape& c = node.conv;
    c.out_channels = c.in_channels;
    for (std::int64_t* pad : {&c.pad_top, &c.pad_bottom}) *pad %= c.kernel_height;
    for (std::int64_t* pad : {&c.pad_left, &c.pad_right}) *pad %= c.kernel_width;
    const bool average = trial % 2 == 0;
    node.count_include_pad = trial % 4 == 0;
    const Tensor x = random_tensor({1, c.in_channels, c.in_height, c.in_width}, rng);
    const Tensor got = average ? pool_average(node, x) : pool_max(node, x);
    Tensor wanted = torch::empty({1, c.in_channels, c.out_height(), c.out_width()});
    float* out = wanted.data_ptr<float>();
    for (std::int64_t k = 0; k < c.in_channels; ++k)
      for (std::int64_t p = 0; p < c.out_height(); ++p)
        for (std::int64_t q = 0; q < c.out_width(); ++q) {
          const Window window = window_at(c, x, k, p, q);
          const std::int64_t divisor =
              node.count_include_pad ? c.kernel_height * c.kernel_width : window.inside;
          *out++ =
              static_cast<float>(average ? window.sum / static_cast<double>(divisor) : window.most);
        }
    if (!average && !torch::isfinite(wanted).all().item<bool>()) continue;
    expect_near(got, wanted, "trial " + std::to_string(trial));
  }
}

TEST(NodeOperations, GlobalPoolingTakesTheWholeImage) {
  Node node;
  node.conv.kernel_height = node.conv.kernel_width = 0;
  const Tensor x = torch::arange(1, 13, torch::kFloat32).view({1, 2, 2, 3});
  // Channel 0 holds 1..6, channel 1 holds 7..12.
  EXPECT_TRUE(torch::equal(pool_average(node, x), torch::tensor({3.5F, 9.5F}).view({1, 2, 1, 1})));
  EXPECT_TRUE(torch::equal(pool_max(node, x), torch::tensor({6.0F, 12.0F}).view({1, 2, 1, 1})));
}

TEST(NodeOperations, SubsampleTakesEverySecondPixelAndAddsZeroChannels) {
  Node node;
  node.conv.stride_height = node.conv.stride_width = 2;
  node.channel_pad_before = 1;
  node.channel_pad_after = 2;
  const Tensor x = torch::arange(9, torch::kFloat32).view({1, 1, 3, 3});
  const Tensor y = subsample(node, x);
  ASSERT_EQ(y.sizes(), (std::vector<std::int64_t>{1, 4, 2, 2}));
  EXPECT_TRUE(torch::equal(y.select(1, 1).flatten(), torch::tensor({0.0F, 2.0F, 6.0F, 8.0F})));
  EXPECT_EQ(y.sum().item<double>(), 16.0);
}

TEST(NodeOperations, PadAndResize) {
  Node node;
  node.conv.pad_top = 1;
  node.conv.pad_right = 2;
  node.channel_pad_after = 1;
  const Tensor x = torch::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({1, 1, 2, 2});
  const Tensor padded = pad_with_zeros(node, x);
  ASSERT_EQ(padded.sizes(), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_TRUE(torch::equal(
      padded.flatten(),
      torch::tensor({0.0F, 0.0F, 0.0F, 0.0F, 1.0F, 2.0F, 0.0F, 0.0F, 3.0F, 4.0F, 0.0F, 0.0F,
                     0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F})));
  node.shape = {1, 2, 4};  // columns floor(i * 2 / 4) = 0 0 1 1
  EXPECT_TRUE(torch::equal(resize(node, x).flatten(),
                           torch::tensor({1.0F, 1.0F, 2.0F, 2.0F, 3.0F, 3.0F, 4.0F, 4.0F})));
}

TEST(NodeOperations, Activations) {
  struct Case {
    Activation activation;
    double alpha, beta, x, y;
  };
  const std::vector<Case> cases{{Activation::none, 0, 0, -3, -3},
                                {Activation::relu, 0, 0, -3, 0},
                                {Activation::relu, 0, 0, 3, 3},
                                {Activation::relu6, 0, 0, 7, 6},
                                {Activation::relu6, 0, 0, -1, 0},
                                {Activation::clip, -1, 2, 5, 2},
                                {Activation::clip, -1, 2, -5, -1},
                                {Activation::leaky_relu, 0.1, 0, -3, -0.3},
                                {Activation::prelu, 0.25, 0, -4, -1},
                                {Activation::sigmoid, 0, 0, 0, 0.5},
                                {Activation::sigmoid, 0, 0, 1.0986123, 0.75},  // ln 3
                                {Activation::hard_sigmoid, 0.2, 0.5, 1, 0.7},
                                {Activation::hard_sigmoid, 0.2, 0.5, -9, 0},
                                {Activation::hard_swish, 0, 0, 1, 4.0 / 6.0},  // x (x + 3) / 6
                                {Activation::hard_swish, 0, 0, -4, 0},
                                {Activation::tanh, 0, 0, 0.5493061, 0.5},
                                {Activation::elu, 2, 0, -0.6931472, -1},  // 2 (1/2 - 1)
                                {Activation::elu, 2, 0, 3, 3},
                                // 1.0507010 * 1.6732632 * (1/2 - 1)
                                {Activation::selu, 0, 0, -0.6931472, -0.8790497},
                                {Activation::gelu, 0, 0, 1, 0.8413447},  // normal distribution at 1
                                {Activation::silu, 0, 0, 1.0986123, 0.8239592},      // 3/4 ln 3
                                {Activation::softplus, 0, 0, 1.0986123, 1.3862944},  // ln 4
                                // ln 3 times tanh(ln 4) = (16 - 1) / (16 + 1)
                                {Activation::mish, 0, 0, 1.0986123, 0.9693638}};
  for (const Case& c : cases) {
    Node node;
    node.activation = c.activation;
    node.activation_alpha = c.alpha;
    node.activation_beta = c.beta;
    const double got = activate(node, torch::full({1}, c.x)).item<double>();
    EXPECT_NEAR(got, c.y, 1e-6) << name(c.activation) << "(" << c.x << ")";
  }
}

}  // namespace
}  // namespace hwflow::train
