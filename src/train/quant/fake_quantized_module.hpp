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
/// Forward: float convolutions of fake-quantized values, straight-through gradients. Activations:
/// LSQ scales with LSQ's gradient scale; PACT's clip (scale * high) with its own gradient and
/// decay; DoReFa: the calibrated clip stays. Weights: LSQ scales, or tanh where the quantizer says
/// dorefa. The bias stays float. The forward pass is the same in evaluation mode, but for the
/// BatchNorm of networks that have one (with_batch_norm()); for measurements see exact_logits().
class FakeQuantizedModule final : public NetworkModule {
 public:
  /// `clip_decay`: PACT's L2 regularization of its clips; other methods have none.
  FakeQuantizedModule(const QuantizedNetwork& quantized, QuantizerMethod method,
                      double clip_decay = 0.0);

  torch::Tensor forward(torch::Tensor images) override;
  torch::Tensor input_of(std::size_t node, std::size_t edge, torch::Tensor x) override;
  torch::Tensor weight_of(std::size_t node, torch::Tensor weight) override;
  /// Of codes in two's complement at their widths, of maps without negative codes unsigned; the
  /// gradient passes through the flip as if it added a constant number of steps of the scale.
  /// DoReFa's weights have no such codes.
  bool flip_bits(const BitErrors& rates, Rng* rng) override;

  /// The module's present numbers; with BatchNorm if it was made with it (without_batch_norm).
  [[nodiscard]] QuantizedNetwork quantized();

 private:
  struct Site {
    torch::Tensor scale;  ///< parameter; undefined: float
    FakeQuantizeOptions options;
    bool dorefa = false;
    torch::Tensor least, most;  ///< between which the scale may be learned
  };
  Site make_site(const std::vector<double>& scales, CodeRange range, std::int64_t elements);
  /// Takes scales and gains that the last step carried out of their range back to its edge.
  void project_scales();
  torch::Tensor register_clip(const std::string& parameter, const Site& site, double decay);

  torch::Tensor with_flipped_bits(const Site& site, const torch::Tensor& rounded, double rate);

  BitErrors flip_rates_;
  Rng* flips_ = nullptr;
  QuantizedNetwork initial_;
  QuantizerMethod method_;
  std::vector<std::vector<Site>>
      inputs_;  ///< per node and edge; sites of equal grids share a scale
  std::vector<Site> weights_;
  std::vector<torch::Tensor> least_gains_;  ///< per node, of its BatchNorm; undefined: none
  /// (input, scale) -> (input, rounded input), within one forward pass.
  std::map<std::pair<const void*, const void*>, std::pair<torch::Tensor, torch::Tensor>> reused_;
};

/// Logits (images, classes) of the fake-quantized network without float32's own rounding, so that
/// it rounds what the mathematics say: convolutions run on the codes themselves, whose sums are
/// exact in float32 below 2^24 (codes are split in two parts, again and again, until that holds);
/// biases are rounded to the unit of the sum; scales are applied in double precision. Float layers
/// (width 32) run in float32. `images` as for NetworkModule.
[[nodiscard]] torch::Tensor exact_logits(const QuantizedNetwork& quantized,
                                         const torch::Tensor& images);

/// What arithmetic node `node` reads at `edge` in that pass, in steps of its grid before rounding
/// and clamping, (images, channels, rows, columns) in float64: for comparison with
/// IntegerExecutor::input_codes(). The grid must not be float.
[[nodiscard]] torch::Tensor exact_input_steps(const QuantizedNetwork& quantized,
                                              const torch::Tensor& images, std::size_t node,
                                              std::size_t edge);

}  // namespace hwflow::train
