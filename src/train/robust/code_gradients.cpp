#include "train/robust/code_gradients.hpp"

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "base/parallel.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/dequantize.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/robust/losses.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

constexpr std::size_t kPart = 32;  // images: fixed, whatever the threads

/// The network in float whose weights are what their codes stand for: nothing rounds them again.
QuantizedNetwork twin_of(const IntegerNetwork& network) {
  QuantizedNetwork twin = dequantize(network);
  for (QuantizedNode& node : twin.nodes) node.weights.bits = kFloatBits;
  return twin;
}

/// Logits; softmax at the end, which integers leave out, is taken back.
Tensor logits_of(FakeQuantizedModule& module, const Tensor& images) {
  const Tensor output = module.forward(images).flatten(1);
  const Network& network = module.network();
  const bool is_softmax = network.node(network.outputs().front()).kind == NodeKind::softmax;
  return is_softmax ? output.clamp_min(1e-30).log() : output;
}

/// Gradients by the weights of `layers` (real numbers) of one part of the batch.
std::vector<Tensor> part_gradients(const QuantizedNetwork& twin, const FlipBatch& batch,
                                   std::size_t first, std::span<const std::size_t> layers) {
  torch::set_num_threads(1);
  FakeQuantizedModule module(twin, QuantizerMethod::lsq);
  module.eval();
  for (Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
  std::vector<Tensor> weights;
  for (const std::size_t node : layers)
    weights.push_back(Tensor(module.tensors(node).weight).set_requires_grad(true));
  const std::size_t count = std::min(kPart, batch.wanted.size() - first);
  std::vector<std::int64_t> indices(count);
  std::iota(indices.begin(), indices.end(), static_cast<std::int64_t>(first));
  Tensor wanted = torch::empty({static_cast<std::int64_t>(count)}, torch::kInt64);
  Tensor weight = torch::empty({static_cast<std::int64_t>(count)});
  for (std::size_t i = 0; i < count; ++i) {
    wanted.data_ptr<std::int64_t>()[i] = batch.wanted[first + i];
    weight.data_ptr<float>()[i] = static_cast<float>(batch.weight[first + i]);
  }
  const Tensor logits = logits_of(module, to_tensor(batch.images, twin.normalization, indices));
  return torch::autograd::grad({(weight * cross_entropy(logits, wanted)).sum()}, weights);
}

}  // namespace

std::vector<std::vector<double>> code_gradients(const IntegerNetwork& network,
                                                const FlipBatch& batch,
                                                std::span<const std::size_t> layers, int threads) {
  const QuantizedNetwork twin = twin_of(network);
  std::vector<std::vector<Tensor>> parts((batch.wanted.size() + kPart - 1) / kPart);
  parallel_for(parts.size(), threads, [&](std::size_t part) {
    parts[part] = part_gradients(twin, batch, part * kPart, layers);
  });
  std::vector<std::vector<double>> gradients;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    Tensor sum = parts.front()[layer].to(torch::kFloat64);
    for (std::size_t part = 1; part < parts.size(); ++part) sum = sum + parts[part][layer];
    sum = sum.contiguous();
    const IntegerCompute& compute = *network.nodes[layers[layer]].compute;
    const std::size_t per_scale = compute.codes.size() / compute.scales.size();
    std::vector<double>& own = gradients.emplace_back(compute.codes.size());
    for (std::size_t e = 0; e < own.size(); ++e)
      own[e] = sum.data_ptr<double>()[e] * compute.scales[e / per_scale];
  }
  return gradients;
}

}  // namespace hwflow::train::robust
