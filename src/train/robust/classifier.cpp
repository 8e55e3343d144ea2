#include "train/robust/classifier.hpp"

#include <torch/utils.h>

#include <array>
#include <span>
#include <utility>

#include "base/check.hpp"
#include "train/nn/network_module.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/robust/pixel_box.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

Tensor per_channel(const std::vector<float>& values, torch::Device device) {
  return torch::tensor(values).view({1, -1, 1, 1}).to(device);
}

/// A module in float32 behind its normalisation.
class ModuleClassifier final : public Classifier {
 public:
  ModuleClassifier(std::unique_ptr<NetworkModule> module, const Normalization& normalization,
                   torch::Device device)
      : module_(std::move(module)),
        mean_(per_channel(normalization.mean, device)),
        std_(per_channel(normalization.std, device)) {
    module_->to(device);
    module_->eval();
    for (Tensor& parameter : module_->parameters()) parameter.set_requires_grad(false);
  }

  Tensor logits(const Tensor& pixels) override { return module_->forward((pixels - mean_) / std_); }
  [[nodiscard]] bool has_gradient() const override { return true; }

 private:
  std::unique_ptr<NetworkModule> module_;
  Tensor mean_, std_;
};

class ExactFakeClassifier final : public Classifier {
 public:
  ExactFakeClassifier(const QuantizedNetwork& quantized, bool reads_bytes)
      : quantized_(quantized), reads_bytes_(reads_bytes) {}

  Tensor logits(const Tensor& pixels) override {
    const torch::NoGradGuard no_gradients;
    return exact_logits(quantized_, input_of(pixels)).to(pixels.device());
  }
  [[nodiscard]] bool has_gradient() const override { return false; }

 private:
  [[nodiscard]] Tensor input_of(const Tensor& pixels) const {
    const Normalization& n = quantized_.normalization;
    if (!reads_bytes_) {
      return (pixels.to(torch::kCPU) - per_channel(n.mean, torch::kCPU)) /
             per_channel(n.std, torch::kCPU);
    }
    const Tensor bytes = bytes_of_pixels(pixels).to(torch::kInt64);
    std::vector<Tensor> channels;
    for (std::int64_t c = 0; c < bytes.size(1); ++c) {
      const std::array<float, 256> table = n.table(static_cast<std::size_t>(c));
      const Tensor plane = bytes.select(1, c);
      channels.push_back(torch::tensor(std::vector<float>(table.begin(), table.end()))
                             .index_select(0, plane.flatten())
                             .view(plane.sizes()));
    }
    return torch::stack(channels, 1);
  }

  QuantizedNetwork quantized_;
  bool reads_bytes_;
};

class IntegerClassifier final : public Classifier {
 public:
  explicit IntegerClassifier(IntegerExecutor executor) : executor_(std::move(executor)) {}

  Tensor logits(const Tensor& pixels) override {
    const Tensor bytes = bytes_of_pixels(pixels);
    const Tensor distance = (bytes.to(torch::kFloat64) / 255.0 - pixels.detach().to(torch::kCPU));
    HWFLOW_CHECK(pixels.numel() == 0 || distance.abs().max().item<double>() < 1e-6,
                 "integer networks read bytes");
    const std::int64_t count = bytes.size(0);
    if (count == 0) return torch::empty({0, 0}, torch::kFloat64);
    const std::vector<std::int64_t> sums = executor_.logits(
        {bytes.data_ptr<std::uint8_t>(), static_cast<std::size_t>(bytes.numel())}, count, 1);
    // Sums of integers stay below 2^53: as doubles they are the same numbers.
    return torch::tensor(sums, torch::kInt64)
        .view({count, -1})
        .to(torch::kFloat64)
        .to(pixels.device());
  }
  [[nodiscard]] bool has_gradient() const override { return false; }

 private:
  IntegerExecutor executor_;
};

}  // namespace

std::unique_ptr<Classifier> float_classifier(const WeightedNetwork& model,
                                             const Normalization& normalization,
                                             torch::Device device) {
  auto module = std::make_unique<NetworkModule>(model.network);
  load_weights(*module, model.weights);
  return std::make_unique<ModuleClassifier>(std::move(module), normalization, device);
}

std::unique_ptr<Classifier> straight_through_classifier(const QuantizedNetwork& quantized,
                                                        torch::Device device) {
  return std::make_unique<ModuleClassifier>(
      std::make_unique<FakeQuantizedModule>(quantized, QuantizerMethod::lsq),
      quantized.normalization, device);
}

std::unique_ptr<Classifier> exact_fake_classifier(const QuantizedNetwork& quantized,
                                                  bool reads_bytes) {
  return std::make_unique<ExactFakeClassifier>(quantized, reads_bytes);
}

std::unique_ptr<Classifier> integer_classifier(const IntegerNetwork& network) {
  Expected<IntegerExecutor> executor = IntegerExecutor::make(network);
  HWFLOW_CHECK(executor.has_value(), to_text(executor.error()));
  return std::make_unique<IntegerClassifier>(std::move(*executor));
}

}  // namespace hwflow::train::robust
