// Seconds of one training step (forward, backward, SGD) of ResNet-20 on a batch of 128 CIFAR-sized
// images: the ordinary float step (BatchNorm in training mode) against quantization-aware training
// (4-bit weights and activations, LSQ, BatchNorm folded), interleaved in one run on one thread.
//
// Prints both medians, their ratio, and the ratio of the minima. Exit code 1 above 1.2.

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "train/nn/module_training.hpp"
#include "train/nn/sgd.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "workload/builtin_networks.hpp"

namespace {

using namespace hwflow;
using namespace hwflow::train;

Sgd optimizer_of(const NetworkModule& module) {
  std::vector<TrainedTensor> tensors;
  for (const auto& item : module.named_parameters())
    tensors.push_back({item.key(), item.value(), 1e-4, 1.0, {}});
  return Sgd(std::move(tensors), 0.9, true);
}

double step_seconds(NetworkModule& module, Sgd& optimizer, const torch::Tensor& images,
                    const torch::Tensor& labels) {
  const auto start = std::chrono::steady_clock::now();
  optimizer.zero_gradients();
  torch::cross_entropy_loss(module.forward(images), labels).backward();
  optimizer.step(1e-4);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

QuantizedNetwork quantized(const NetworkModule& real) {
  ImageSet images{
      "noise", 3, 32, 32, 10, std::vector<std::uint8_t>(64 * 3072), std::vector<std::uint8_t>(64)};
  Rng rng(1);
  for (std::uint8_t& pixel : images.pixels) pixel = static_cast<std::uint8_t>(rng.below(256));
  std::vector<std::int64_t> indices(64);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::int64_t>(i);
  const FoldedNetwork folded = fold_for_quantization(real.network(), weights_of(real));
  const auto calibrated = CalibratedNetwork::make(folded.network, folded.weights, images, indices,
                                                  {{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}}, {});
  const std::size_t layers = folded.network.compute_nodes().size();
  return calibrated.value()->quantize(CompressionPlan::uniform(layers, 4, 4));
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::max(3, std::atoi(argv[1])) : 15;
  at::set_num_threads(1);
  NetworkModule real(make_builtin_network("resnet20").value());
  initialise(real, 1);
  FakeQuantizedModule fake(quantized(real), QuantizerMethod::lsq);
  real.train();
  fake.train();
  Sgd real_optimizer = optimizer_of(real), fake_optimizer = optimizer_of(fake);
  const torch::Tensor images = torch::randn({128, 3, 32, 32});
  const torch::Tensor labels = torch::randint(10, {128});
  std::vector<double> a, b;
  for (int i = 0; i < repeats + 2; ++i) {
    const double float_seconds = step_seconds(real, real_optimizer, images, labels);
    const double quantized_seconds = step_seconds(fake, fake_optimizer, images, labels);
    if (i < 2) continue;  // warm-up
    a.push_back(float_seconds);
    b.push_back(quantized_seconds);
  }
  const double ratio = median(b) / median(a);
  fmt::print(
      "float {:.1f} ms, quantized {:.1f} ms, ratio {:.3f}; minima {:.1f} / {:.1f} = {:.3f}\n",
      1e3 * median(a), 1e3 * median(b), ratio, 1e3 * *std::min_element(b.begin(), b.end()),
      1e3 * *std::min_element(a.begin(), a.end()),
      *std::min_element(b.begin(), b.end()) / *std::min_element(a.begin(), a.end()));
  return ratio <= 1.2 ? 0 : 1;
}
