#include "train/quant/fake_quantize.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/utils.h>

#include <vector>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Elements per task: fixed, so that sums do not depend on the number of threads.
constexpr std::int64_t kChunk = 32768;

bool runs_native(const Tensor& x, const Tensor& scale) {
  if (!x.device().is_cpu() || x.scalar_type() != torch::kFloat32) return false;
  return scale.numel() == 1 ? x.is_non_overlapping_and_dense() : x.is_contiguous();
}

FakeQuantizer quantizer_of(const FakeQuantizeOptions& o, float scale) {
  return {scale, o.low, o.high, o.rule, o.binary};
}

/// Calls body(first, count, channel) for all chunks of all channels.
template <class Body>
void for_each_chunk(std::int64_t count, std::int64_t channels, const Body& body) {
  const std::int64_t per_channel = count / channels;
  const std::int64_t chunks = (per_channel + kChunk - 1) / kChunk;
  at::parallel_for(0, channels * chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t at = i % chunks * kChunk;
      body(i / chunks * per_channel + at, std::min(kChunk, per_channel - at), i / chunks, i);
    }
  });
}

Tensor native_forward(const Tensor& x, const Tensor& scale, const FakeQuantizeOptions& o) {
  Tensor y = torch::empty_like(x);
  const float* scales = scale.data_ptr<float>();
  const float* from = x.data_ptr<float>();
  float* to = y.data_ptr<float>();
  for_each_chunk(x.numel(), scale.numel(),
                 [&](std::int64_t first, std::int64_t count, std::int64_t channel, std::int64_t) {
                   fake_quantize_forward(quantizer_of(o, scales[channel]), count, from + first,
                                         to + first);
                 });
  return y;
}

variable_list native_backward(const Tensor& x, const Tensor& scale, const Tensor& upstream,
                              const FakeQuantizeOptions& o) {
  Tensor gradient = torch::empty_like(x);
  const std::int64_t channels = scale.numel();
  const std::int64_t chunks = (x.numel() / channels + kChunk - 1) / kChunk;
  std::vector<double> sums(static_cast<std::size_t>(channels * chunks));
  const float* scales = scale.data_ptr<float>();
  const float* from = x.data_ptr<float>();
  const float* up = upstream.data_ptr<float>();
  float* to = gradient.data_ptr<float>();
  for_each_chunk(
      x.numel(), channels,
      [&](std::int64_t first, std::int64_t count, std::int64_t channel, std::int64_t chunk) {
        sums[static_cast<std::size_t>(chunk)] = fake_quantize_backward(
            quantizer_of(o, scales[channel]), count, from + first, up + first, to + first);
      });
  Tensor scale_gradient = torch::empty_like(scale);
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < chunks; ++i) sum += sums[static_cast<std::size_t>(c * chunks + i)];
    scale_gradient.data_ptr<float>()[c] = static_cast<float>(sum * o.gradient_scale);
  }
  return {gradient, scale_gradient};
}

Tensor spread(const Tensor& x, const Tensor& scale) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  if (scale.numel() > 1) shape[0] = scale.numel();
  return scale.view(shape);
}

Tensor tensor_forward(const Tensor& x, const Tensor& scale, const FakeQuantizeOptions& o) {
  const Tensor s = spread(x, scale);
  if (o.binary) return torch::where(x < 0, -s, s);
  return torch::round(torch::clamp(x / s, o.low, o.high)) * s;
}

variable_list tensor_backward(const Tensor& x, const Tensor& scale, const Tensor& upstream,
                              const FakeQuantizeOptions& o) {
  const Tensor v = x / spread(x, scale);
  Tensor gradient = upstream;
  Tensor slope = torch::where(x < 0, -torch::ones_like(x), torch::ones_like(x));
  if (!o.binary) {
    const Tensor inside = (v >= o.low).logical_and(v <= o.high);
    const Tensor clamped = torch::clamp(v, o.low, o.high);
    const Tensor error =
        o.rule == ScaleGradient::lsq ? torch::round(clamped) - v : torch::zeros_like(v);
    gradient = upstream * inside;
    slope = torch::where(inside, error, clamped);
  }
  const Tensor products = upstream * slope * o.gradient_scale;
  const Tensor sums =
      scale.numel() == 1 ? products.sum().view({1}) : products.flatten(1).sum(1).view_as(scale);
  return {gradient, sums};
}

class FakeQuantizeFunction : public torch::autograd::Function<FakeQuantizeFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& scale,
                        const FakeQuantizeOptions& o) {
    context->save_for_backward({x, scale});
    context->saved_data["low"] = std::int64_t{o.low};
    context->saved_data["high"] = std::int64_t{o.high};
    context->saved_data["lsq"] = o.rule == ScaleGradient::lsq;
    context->saved_data["binary"] = o.binary;
    context->saved_data["gradient_scale"] = o.gradient_scale;
    return runs_native(x, scale) ? native_forward(x, scale, o) : tensor_forward(x, scale, o);
  }

  static variable_list backward(AutogradContext* context, const variable_list& upstream) {
    auto& data = context->saved_data;
    const FakeQuantizeOptions o{
        .low = static_cast<std::int32_t>(data["low"].toInt()),
        .high = static_cast<std::int32_t>(data["high"].toInt()),
        .rule = data["lsq"].toBool() ? ScaleGradient::lsq : ScaleGradient::clip,
        .binary = data["binary"].toBool(),
        .gradient_scale = data["gradient_scale"].toDouble()};
    const variable_list saved = context->get_saved_variables();
    const Tensor& x = saved[0];
    Tensor g = upstream[0];
    variable_list gradients;
    if (runs_native(x, saved[1])) {
      // The kernel walks both arrays in memory order: bring the gradient into the layout of x.
      if (g.strides() != x.strides()) g = torch::empty_like(x).copy_(g);
      gradients = native_backward(x, saved[1], g, o);
    } else {
      gradients = tensor_backward(x, saved[1], g, o);
    }
    gradients.emplace_back();
    return gradients;
  }
};

}  // namespace

Tensor fake_quantize(const Tensor& x, const Tensor& scale, const FakeQuantizeOptions& options) {
  HWFLOW_CHECK(scale.dim() == 1 && (scale.numel() == 1 || scale.numel() == x.size(0)),
               "one scale, or one per output channel");
  return FakeQuantizeFunction::apply(x, scale, options);
}

}  // namespace hwflow::train
