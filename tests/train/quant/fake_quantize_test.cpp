#include "train/quant/fake_quantize.hpp"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "base/random.hpp"
#include "train/quant/quantizer.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

Tensor random_tensor(Rng& rng, std::vector<std::int64_t> shape, double size) {
  Tensor x = torch::empty(shape);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.data_ptr<float>()[i] = static_cast<float>(size * rng.normal());
  return x;
}

Tensor spread(const Tensor& x, const Tensor& scale) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  if (scale.numel() > 1) shape[0] = scale.numel();
  return scale.view(shape);
}

/// The second derivation: rounding as identity for gradients, all else left to autograd.
///     y = s * (c + detach(round(c) - c)),  c = clamp(x / s, low, high)
/// so that dy/dx = 1 inside, dy/ds = round(v) - v inside and low or high outside. For PACT, only
/// the clipped part keeps its gradient of s.
Tensor by_autograd(const Tensor& x, const Tensor& scale, const FakeQuantizeOptions& o) {
  const Tensor s = spread(x, scale);
  const Tensor scaled = s * o.gradient_scale;
  const Tensor learned = (s - scaled).detach() + scaled;  // value s, gradient scaled
  const Tensor v = x / learned;
  const Tensor inside = (v >= o.low).logical_and(v <= o.high).detach();
  const Tensor clamped = torch::clamp(v, o.low, o.high);
  const Tensor y = learned * (clamped + (torch::round(clamped) - clamped).detach());
  if (o.rule == ScaleGradient::lsq) return y;
  const Tensor fixed = torch::clamp(x / s.detach(), o.low, o.high);
  return torch::where(inside, s.detach() * (fixed + (torch::round(fixed) - fixed).detach()), y);
}

struct Gradients {
  Tensor y, x, scale;
};

template <class Function>
Gradients differentiate(const Function& f, const Tensor& x, const Tensor& scale,
                        const FakeQuantizeOptions& o, const Tensor& upstream) {
  const Tensor leaf = x.detach().clone().requires_grad_(true);
  const Tensor scale_leaf = scale.detach().clone().requires_grad_(true);
  const Tensor y = f(leaf, scale_leaf, o);
  y.backward(upstream);
  return {y.detach(), leaf.grad(), scale_leaf.grad()};
}

void expect_near(const Tensor& a, const Tensor& b, double tolerance) {
  const double largest = b.abs().max().item<double>() + 1e-6;
  EXPECT_LE((a - b).abs().max().item<double>() / largest, tolerance);
}

void compare(Rng& rng, std::vector<std::int64_t> shape, std::int64_t scales,
             const FakeQuantizeOptions& o) {
  const Tensor x = random_tensor(rng, shape, 1.0);
  const Tensor upstream = random_tensor(rng, shape, 1.0);
  Tensor scale = torch::empty({scales});
  // About a quarter of the values gets clipped.
  for (std::int64_t k = 0; k < scales; ++k)
    scale.data_ptr<float>()[k] = static_cast<float>((0.8 + rng.uniform()) / o.high);
  const Gradients ours = differentiate(fake_quantize, x, scale, o, upstream);
  const Gradients theirs = differentiate(by_autograd, x, scale, o, upstream);
  expect_near(ours.y, theirs.y, 1e-6);
  expect_near(ours.x, theirs.x, 1e-6);
  expect_near(ours.scale, theirs.scale, 2e-4);
}

FakeQuantizeOptions options_of(const CodeRange& range, ScaleGradient rule) {
  return {
      .low = range.low, .high = range.high, .rule = rule, .binary = false, .gradient_scale = 0.37};
}

TEST(FakeQuantize, GradientsEqualAutogradOfTheFormula) {
  Rng rng(1);
  for (const int bits : {2, 3, 4, 8})
    for (const ScaleGradient rule : {ScaleGradient::lsq, ScaleGradient::clip}) {
      SCOPED_TRACE("bits " + std::to_string(bits));
      compare(rng, {3, 5, 7, 6}, 1, options_of(activation_range(bits, false), rule));
      compare(rng, {3, 5, 7, 6}, 1, options_of(activation_range(bits, true), rule));
      compare(rng, {12, 5, 3, 3}, 12, options_of(weight_range(bits, false), rule));
      compare(rng, {40, 1000}, 1, options_of(weight_range(bits, true), rule));  // two chunks
    }
}

TEST(FakeQuantize, ForwardEqualsTheScalarDefinition) {
  Rng rng(2);
  for (const int bits : {1, 2, 4, 7, 8}) {
    const CodeRange range = activation_range(bits, bits % 2 == 0);
    const Tensor x = random_tensor(rng, {1000}, 2.0);
    const Tensor scale = torch::full({1}, 0.25F);  // a power of two: x / s is exact, ties happen
    x[0] = 0.125F;                                 // 0.5 -> 0 (half to even)
    x[1] = 0.375F;                                 // 1.5 -> 2
    const Tensor y = fake_quantize(x, scale, options_of(range, ScaleGradient::lsq));
    for (std::int64_t i = 0; i < x.numel(); ++i)
      ASSERT_EQ(y.data_ptr<float>()[i], 0.25 * code_of(x.data_ptr<float>()[i], 0.25, range));
  }
}

TEST(FakeQuantize, OneBitWeightsAreSigns) {
  // x = (-0.2, 0, 0.7), s = 0.5: y = (-s, s, s); dy/dx = 1; dy/ds = sum of g * code.
  const Tensor x = torch::tensor({-0.2F, 0.0F, 0.7F});
  const Tensor upstream = torch::tensor({1.0F, 2.0F, 4.0F});
  const Gradients g = differentiate(
      fake_quantize, x, torch::full({1}, 0.5F),
      {.low = -1, .high = 1, .rule = ScaleGradient::lsq, .binary = true, .gradient_scale = 1.0},
      upstream);
  EXPECT_TRUE(torch::equal(g.y, torch::tensor({-0.5F, 0.5F, 0.5F})));
  EXPECT_TRUE(torch::equal(g.x, upstream));
  EXPECT_FLOAT_EQ(g.scale.item<float>(), -1.0F + 2.0F + 4.0F);
}

TEST(FakeQuantize, LayoutAndStridesDoNotMatter) {
  Rng rng(3);
  const FakeQuantizeOptions o = options_of({0, 15}, ScaleGradient::lsq);
  const Tensor x = random_tensor(rng, {4, 6, 8, 10}, 1.0);
  const Tensor upstream = random_tensor(rng, {4, 6, 8, 10}, 1.0);
  const Tensor scale = torch::full({1}, 0.1F);
  const Gradients plain = differentiate(fake_quantize, x, scale, o, upstream);
  const Gradients last = differentiate(fake_quantize, x.contiguous(at::MemoryFormat::ChannelsLast),
                                       scale, o, upstream);
  const Tensor wide = torch::zeros({4, 6, 8, 20});
  const Tensor strided = wide.slice(3, 0, 20, 2);
  strided.copy_(x);
  const Tensor leaf = strided.detach().requires_grad_(true);
  const Tensor scale_leaf = scale.clone().requires_grad_(true);
  fake_quantize(leaf, scale_leaf, o).backward(upstream);  // by tensor operations
  EXPECT_TRUE(torch::equal(plain.y, last.y));
  EXPECT_TRUE(torch::equal(plain.x, last.x));
  expect_near(last.scale, plain.scale, 1e-4);
  expect_near(leaf.grad(), plain.x, 1e-6);
  expect_near(scale_leaf.grad(), plain.scale, 1e-4);
}

TEST(FakeQuantize, GradientsDoNotDependOnThreads) {
  Rng rng(4);
  const Tensor x = random_tensor(rng, {200000}, 1.0);
  const Tensor upstream = random_tensor(rng, {200000}, 1.0);
  const FakeQuantizeOptions o = options_of({-8, 7}, ScaleGradient::lsq);
  const Tensor scale = torch::full({1}, 0.2F);
  at::set_num_threads(1);
  const Gradients one = differentiate(fake_quantize, x, scale, o, upstream);
  at::set_num_threads(3);
  const Gradients three = differentiate(fake_quantize, x, scale, o, upstream);
  at::set_num_threads(1);
  EXPECT_TRUE(torch::equal(one.x, three.x));
  EXPECT_TRUE(torch::equal(one.scale, three.scale));
}

}  // namespace
}  // namespace hwflow::train
