#include "train/quant/fake_quantized_module.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <span>

#include "base/check.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

constexpr double kSmallestScale = 1e-8;
constexpr double kScaleRange = 4.0;  // learned scales stay within this factor of the calibrated
constexpr double kLeastGain = 0.01;  // of its first value: a gain of 0 could not be folded

/// torch wants no dots in parameter names.
std::string scale_name(const std::string& node, const std::string& what) {
  std::string name = "scale_" + what + "_" + node;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// LSQ: 1 / sqrt(elements that share the scale * highest code).
double lsq_gradient_scale(std::int64_t elements, const CodeRange& range) {
  return 1.0 / std::sqrt(static_cast<double>(elements) * range.high);
}

/// One number per output channel, or one for all, as a factor of `weight`.
Tensor per_group(const Tensor& numbers, const Tensor& weight) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(weight.dim()), 1);
  if (numbers.numel() > 1) shape[0] = numbers.numel();
  return numbers.view(shape);
}

/// How a code of the grid is stored: in two's complement where there are negative ones, else
/// unsigned; codes of one bit are +-1.
struct Word {
  int bits = 0;
  bool is_signed = false;
};
Word word_of(const FakeQuantizeOptions& grid) {
  if (grid.binary) return {1, true};
  const auto magnitude = static_cast<std::uint32_t>(std::max(grid.high, -1 - grid.low));
  return {std::bit_width(magnitude) + (grid.low < 0 ? 1 : 0), grid.low < 0};
}

std::int32_t flipped(std::int32_t code, Word word, unsigned bit) {
  if (word.bits == 1 && word.is_signed) return -code;
  const std::uint32_t raw = static_cast<std::uint32_t>(code) ^ (1U << bit);
  const auto unused = static_cast<unsigned>(32 - word.bits);
  if (!word.is_signed) return static_cast<std::int32_t>(raw);
  return static_cast<std::int32_t>(raw << unused) >> unused;  // the sign of the word's own width
}

/// By how much flipping every bit with probability `rate` changes the codes of `values`, which are
/// codes times their scale: one for all, or one for each of as many equal parts. The gaps between
/// flips are drawn, not the flips one by one.
void flip_codes(std::span<const float> values, std::span<const float> scales, Word word,
                double rate, Rng& rng, std::span<float> change) {
  const std::size_t part = values.size() / scales.size();
  const auto bits = static_cast<std::size_t>(word.bits);
  const double all = static_cast<double>(values.size() * bits);
  const double miss = std::log1p(-rate);
  const auto gap = [&] { return std::floor(std::log1p(-rng.uniform()) / miss); };
  for (double at = gap(); at < all; at += 1.0 + gap()) {
    const auto position = static_cast<std::size_t>(at);
    const std::size_t i = position / bits;
    const auto code =
        static_cast<std::int32_t>(std::lround(values[i] / scales[i / part] + change[i]));
    const std::int32_t changed = flipped(code, word, static_cast<unsigned>(position % bits));
    change[i] += static_cast<float>(changed - code);
  }
}

std::span<float> floats_of(const Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

/// Real values of DoReFa's codes (quantize_weights_dorefa); the gradient flows through tanh, for
/// one bit straight through.
Tensor dorefa_weight(const Tensor& weight, int bits, bool per_channel) {
  const Tensor size = weight.detach().abs().view({per_channel ? weight.size(0) : 1, -1});
  if (bits == 1) {
    const Tensor mean = per_group(size.mean(1), weight);
    return weight + (torch::where(weight < 0, -mean, mean) - weight).detach();
  }
  const Tensor largest = per_group(size.amax(1).clamp_min(1e-12), weight);
  const double levels = std::pow(2.0, bits) - 1.0;
  const Tensor share = torch::tanh(weight) / (2.0 * torch::tanh(largest)) + 0.5;
  const Tensor rounded = share + (torch::round(share.detach() * levels) / levels - share).detach();
  return largest * (2.0 * rounded - 1.0);
}

}  // namespace

FakeQuantizedModule::FakeQuantizedModule(const QuantizedNetwork& quantized, QuantizerMethod method,
                                         double clip_decay)
    : NetworkModule(quantized.network),
      initial_(quantized),
      method_(method),
      inputs_(quantized.nodes.size()),
      weights_(quantized.nodes.size()),
      least_gains_(quantized.nodes.size()) {
  load_weights(*this, quantized.weights);
  std::map<std::pair<std::size_t, double>, Tensor> shared;  // readers of one source share a scale
  const std::vector<std::size_t> sources = grid_sources(quantized.network);
  for (std::size_t i = 0; i < quantized.nodes.size(); ++i) {
    const Node& node = quantized.network.nodes()[i];
    for (std::size_t edge = 0; edge < quantized.nodes[i].inputs.size(); ++edge) {
      const QuantizerGrid& grid = quantized.nodes[i].inputs[edge];
      const NodeId read = node.inputs[edge];
      Site site;
      if (grid.bits != kFloatBits) {
        site = make_site({grid.scale}, {grid.low, grid.high},
                         quantized.network.node(read).shape.elements());
        const auto source = sources[static_cast<std::size_t>(read.value)];
        Tensor& scale = shared[{source, grid.scale * 64 + grid.bits}];
        if (!scale.defined())
          scale = register_clip(scale_name(node.name, "input" + std::to_string(edge)), site,
                                clip_decay);
        site.scale = scale;
      }
      inputs_[i].push_back(site);
    }
    if (tensors(i).norm_weight.defined())
      least_gains_[i] = tensors(i).norm_weight.detach().clone() * kLeastGain;
    const WeightQuantizer& weights = quantized.nodes[i].weights;
    if (!tensors(i).weight.defined() || weights.bits == kFloatBits) continue;
    weights_[i].dorefa = weights.dorefa;
    if (weights.dorefa) continue;
    weights_[i] = make_site(weights.scales, weights.range, tensors(i).weight.numel());
    weights_[i].options.binary = weights.bits == 1;
    weights_[i].options.rule = ScaleGradient::lsq;
    weights_[i].options.gradient_scale =
        lsq_gradient_scale(tensors(i).weight.numel() / std::ssize(weights.scales), weights.range);
    weights_[i].scale = register_parameter(scale_name(node.name, "weight"), weights_[i].scale);
  }
}

FakeQuantizedModule::Site FakeQuantizedModule::make_site(const std::vector<double>& scales,
                                                         CodeRange range, std::int64_t elements) {
  Site site;
  site.scale = torch::empty({static_cast<std::int64_t>(scales.size())});
  for (std::size_t k = 0; k < scales.size(); ++k)
    site.scale.data_ptr<float>()[k] = static_cast<float>(scales[k]);
  // At wide widths a scale is small against the step of the optimiser, which would carry it
  // through 0 and kill its channel or layer; calibration is never off by such a factor.
  site.least = site.scale / kScaleRange;
  site.most = site.scale * kScaleRange;
  site.options.low = range.low;
  site.options.high = range.high;
  site.options.rule = method_ == QuantizerMethod::lsq ? ScaleGradient::lsq : ScaleGradient::clip;
  // PACT trains the clip a = s high as it is: a step of a by its gradient, dL/da = dL/ds / high, is
  // a step of s by dL/ds / high^2.
  site.options.gradient_scale =
      method_ == QuantizerMethod::lsq
          ? lsq_gradient_scale(elements / std::ssize(scales), range)
          : 1.0 / (static_cast<double>(range.high) * static_cast<double>(range.high));
  return site;
}

Tensor FakeQuantizedModule::register_clip(const std::string& parameter, const Site& site,
                                          double decay) {
  Tensor& scale = register_parameter(parameter, site.scale,
                                     /*requires_grad=*/method_ != QuantizerMethod::dorefa);
  if (method_ == QuantizerMethod::pact && decay > 0.0) {
    // The parameter as it is then: on another device it has another storage. It owns its hook, so
    // the hook must not own it.
    const c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl> parameter_of_hook(
        scale.getIntrusivePtr());
    scale.register_hook([parameter_of_hook, decay](const Tensor& gradient) {
      return gradient + decay * Tensor(parameter_of_hook.lock()).detach();
    });
  }
  return scale;
}

void FakeQuantizedModule::project_scales() {
  const torch::NoGradGuard no_gradient;
  const auto project = [](const Site& site) {
    if (!site.least.defined()) return;
    const auto device = site.scale.device();
    site.scale.copy_(torch::clamp(site.scale, site.least.to(device), site.most.to(device)));
  };
  for (const std::vector<Site>& edges : inputs_) std::for_each(edges.begin(), edges.end(), project);
  std::for_each(weights_.begin(), weights_.end(), project);
  for (std::size_t i = 0; i < least_gains_.size(); ++i) {
    if (!least_gains_[i].defined()) continue;
    const Tensor& gain = tensors(i).norm_weight;
    gain.copy_(torch::maximum(gain, least_gains_[i].to(gain.device())));
  }
}

Tensor FakeQuantizedModule::forward(Tensor images) {
  reused_.clear();
  // Not in the second pass of a step, whose first one autograd still holds.
  if (is_training() && !flip_rates_.any()) project_scales();
  Tensor logits = NetworkModule::forward(images.contiguous(at::MemoryFormat::ChannelsLast));
  reused_.clear();
  return logits;
}

Tensor FakeQuantizedModule::input_of(std::size_t node, std::size_t edge, Tensor x) {
  const Site& site = inputs_[node].at(edge);
  if (!site.scale.defined()) return x;
  // Two readers of the same tensor on the same grid: round it once. The key holds the tensor, so
  // that its address cannot be used again within the pass.
  auto& entry = reused_[{x.unsafeGetTensorImpl(), site.scale.unsafeGetTensorImpl()}];
  if (entry.second.defined()) return entry.second;
  Tensor rounded = fake_quantize(x, site.scale, site.options);
  if (flip_rates_.activations > 0.0)
    rounded = with_flipped_bits(site, rounded, flip_rates_.activations);
  entry = {x, rounded};
  return entry.second;
}

Tensor FakeQuantizedModule::weight_of(std::size_t node, Tensor weight) {
  const Site& site = weights_[node];
  if (site.dorefa) {
    const WeightQuantizer& weights = initial_.nodes[node].weights;
    return dorefa_weight(weight, weights.bits, weights.scales.size() > 1);
  }
  if (!site.scale.defined()) return weight;
  const Tensor rounded = fake_quantize(weight, site.scale, site.options);
  return flip_rates_.weights > 0.0 ? with_flipped_bits(site, rounded, flip_rates_.weights)
                                   : rounded;
}

bool FakeQuantizedModule::flip_bits(const BitErrors& rates, Rng* rng) {
  const auto has_codes = [](const Site& site) { return site.scale.defined(); };
  const bool weights = std::ranges::any_of(weights_, has_codes);
  const bool activations = std::ranges::any_of(inputs_, [&](const std::vector<Site>& edges) {
    return std::ranges::any_of(edges, has_codes);
  });
  flip_rates_ = {};
  if ((rates.weights > 0.0 && !weights) || (rates.activations > 0.0 && !activations)) return false;
  flip_rates_ = rates;
  flips_ = rng;
  return true;
}

Tensor FakeQuantizedModule::with_flipped_bits(const Site& site, const Tensor& rounded,
                                              double rate) {
  // In the order of the memory: the channels of a weight follow one another in any, and of a map
  // all is alike to chance.
  const Tensor values = rounded.detach().to(torch::kCPU);
  const Tensor scales = site.scale.detach().to(torch::kCPU);
  const Tensor change = torch::zeros_like(values);
  HWFLOW_CHECK(change.strides() == values.strides(), "rounded values are not dense");
  flip_codes(floats_of(values), floats_of(scales), word_of(site.options), rate, *flips_,
             floats_of(change));
  const double share = site.options.gradient_scale;
  const Tensor scale = site.scale.requires_grad()
                           ? share * site.scale + (1.0 - share) * site.scale.detach()
                           : site.scale;
  return rounded + change.to(rounded.device()) * per_group(scale, rounded);
}

QuantizedNetwork FakeQuantizedModule::quantized() {
  project_scales();
  QuantizedNetwork result = initial_;
  const WeightMap present = weights_of(*this);
  for (auto& [name, tensor] : result.weights) tensor = present.at(name);
  const auto value = [](const Tensor& scale, std::int64_t k) {
    return std::max(scale[k].item<double>(), kSmallestScale);
  };
  for (std::size_t i = 0; i < result.nodes.size(); ++i) {
    for (std::size_t edge = 0; edge < inputs_[i].size(); ++edge)
      if (inputs_[i][edge].scale.defined())
        result.nodes[i].inputs[edge].scale = value(inputs_[i][edge].scale, 0);
    std::vector<double>& scales = result.nodes[i].weights.scales;
    if (weights_[i].dorefa) {
      scales = weight_codes(result, i).scales;
      continue;
    }
    for (std::size_t k = 0; k < scales.size(); ++k)
      scales[k] = value(weights_[i].scale, static_cast<std::int64_t>(k));
  }
  make_room_for_biases(result);
  return result;
}

}  // namespace hwflow::train
