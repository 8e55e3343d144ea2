#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "base/random.hpp"
#include "train/nn/bit_errors.hpp"
#include "workload/network.hpp"
#include "workload/weights.hpp"

namespace hwflow::train {

/// Share of a batch's statistics in the running ones of BatchNorm, in training.
inline constexpr double kBatchNormMomentum = 0.1;

/// Trained tensors of one node; undefined where the node has none.
struct NodeTensors {
  torch::Tensor weight, bias;
  torch::Tensor norm_weight, norm_bias, norm_mean, norm_variance;  ///< BatchNorm
};

/// What in a network the module cannot execute: several inputs, matrix products. Empty: nothing.
[[nodiscard]] Diagnostics unsupported_parts(const Network& network);

/// A network description as a torch module: the nodes one after the other, each tensor dropped
/// after its last reader.
///
/// Shapes   images (n, channels, height, width); the result is (n, features) where the output is a
///          vector, else (n, channels, height, width).
/// Names    parameters and buffers are called as in a WeightMap (workload/weights.hpp).
/// Values   weights are zero, BatchNorm the identity; see initialise() and load_weights().
/// Errors   InternalError for a network that unsupported_parts() refuses.
/// The hooks are the places where numbers get rounded (see LoweringOptions); a subclass that
/// quantizes overrides them. Their default is the identity.
class NetworkModule : public torch::nn::Module {
 public:
  explicit NetworkModule(const Network& network);

  /// The first output (networks that classify have one).
  virtual torch::Tensor forward(torch::Tensor images);
  /// All outputs, as Network::outputs() orders them.
  std::vector<torch::Tensor> forward_outputs(torch::Tensor images);

  /// Input `edge` of an arithmetic node: compute, add, multiply, average pooling.
  virtual torch::Tensor input_of(std::size_t node, std::size_t edge, torch::Tensor x);
  /// Weight, and bias if there is one, of a compute node, each time before it runs.
  virtual torch::Tensor weight_of(std::size_t node, torch::Tensor weight);
  virtual torch::Tensor bias_of(std::size_t node, torch::Tensor bias);

  /// Where weights and feature maps are stored as codes: their bits flip in the forward passes that
  /// follow, drawn anew each time by `rng`, which stays alive; rates of 0: no more. False:
  /// something that should flip has no codes, and nothing flips.
  virtual bool flip_bits(const BitErrors& rates, Rng* rng);

  [[nodiscard]] const Network& network() const noexcept { return network_; }
  [[nodiscard]] const NodeTensors& tensors(std::size_t node) const { return tensors_.at(node); }

 protected:
  /// One node without its activation; inputs already went through input_of().
  torch::Tensor run_node(std::size_t node, const std::vector<torch::Tensor>& inputs);

 private:
  void register_node(std::size_t node);
  torch::Tensor normalise(std::size_t node, torch::Tensor x);

  Network network_;
  std::vector<NodeTensors> tensors_;
  std::vector<std::vector<std::size_t>> last_read_;  ///< per node: tensors that it reads last
};

/// Weights by He's rule (normal, variance 2 / fan-in), biases 0, BatchNorm the identity.
/// Source  He et al., "Delving deep into rectifiers", 2015. The values depend on `seed` alone.
void initialise(NetworkModule& module, std::uint64_t seed);

/// Copies of all tensors, and the way back. load_weights() wants exactly the module's names and
/// shapes (match_weights() makes them from a public file); anything else is an InternalError.
[[nodiscard]] WeightMap weights_of(const NetworkModule& module);
void load_weights(NetworkModule& module, const WeightMap& weights);

/// The tensors that a node has, under their WeightMap names.
[[nodiscard]] std::vector<std::pair<std::string, torch::Tensor>> named_tensors(
    const NetworkModule& module);

}  // namespace hwflow::train
