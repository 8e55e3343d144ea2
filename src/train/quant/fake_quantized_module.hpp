#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "train/nn/network_module.hpp"
#include "train/quant/fake_quantize.hpp"
#include "train/quant/quantized_network.hpp"

namespace hwflow::train {

/// A QuantizedNetwork as a torch module: each arithmetic node reads its inputs through a
/// fake-quantizer, each compute node its weight; scales are parameters beside weights and biases.
/// Torch header.
///
/// Training mode: float convolutions of fake-quantized values, straight-through gradients, LSQ or
/// PACT gradients for scales (DoReFa: fixed activation clips, weights through tanh). The bias stays
/// float. Statistics are frozen: BatchNorm is folded.
/// Evaluation mode: convolutions of the codes themselves. Products of codes are integers, so these
/// sums are exact in float32 as long as they stay below 2^24; layers whose weights could leave that
/// bound have their codes split in two parts of which each stays below it; layers of more than 8
/// bits, and float ones, run as in training. Biases are rounded to the unit of the sum. Scales are
/// applied in double precision: what a reader rounds differs from the real number by 2^-50 or so.
class FakeQuantizedModule final : public NetworkModule {
 public:
  FakeQuantizedModule(const QuantizedNetwork& quantized, QuantizerMethod method);

  torch::Tensor forward(torch::Tensor images) override;
  torch::Tensor input_of(std::size_t node, std::size_t edge, torch::Tensor x) override;
  torch::Tensor weight_of(std::size_t node, torch::Tensor weight) override;

  /// The module's present numbers.
  [[nodiscard]] QuantizedNetwork quantized() const;

 private:
  struct Site {
    torch::Tensor scale;  ///< parameter; undefined: float
    FakeQuantizeOptions options;
    bool dorefa = false;
  };
  Site make_site(const std::string& name, const std::vector<double>& scales, int bits,
                 CodeRange range, std::int64_t elements);

  QuantizedNetwork initial_;
  QuantizerMethod method_;
  std::vector<std::vector<Site>> inputs_;   ///< per node and edge; sites of equal grids share a scale
  std::vector<Site> weights_;
  std::map<std::pair<std::int64_t, const void*>, torch::Tensor> shared_;  ///< within one forward pass
};

/// Logits (images, classes) of the fake-quantized network, as evaluation mode above says.
[[nodiscard]] torch::Tensor exact_logits(const QuantizedNetwork& quantized,
                                         const torch::Tensor& images);

}  // namespace hwflow::train
