#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "workload/layer.hpp"
#include "workload/operator.hpp"

namespace hwflow {

/// Index of a node in Network::nodes().
struct NodeId {
  std::int32_t value = -1;
  auto operator<=>(const NodeId&) const = default;  // NOLINT(modernize-use-nullptr): no pointer
};

enum class NodeKind : std::uint8_t {
  input,                   ///< a network input; attributes: output shape only
  convolution,             ///< `conv`
  transposed_convolution,  ///< `conv`
  fully_connected,         ///< out_features in `conv.out_channels`; input is flattened
  matrix_product,          ///< two inputs, or one and a constant right side
  max_pooling,             ///< `conv` (kernel, stride, pads); kernel 0x0 = global
  average_pooling,         ///< `conv`; count_include_pad
  add,                     ///< element-wise, 2 inputs
  multiply,                ///< element-wise, 2 inputs (broadcast allowed)
  concat,                  ///< along `axis`
  pad,                     ///< explicit spatial padding by `conv.pad_*` and channel padding
  subsample,               ///< x[:, :, ::stride, ::stride] with zero channels before and after:
                           ///< the option-A shortcut of He et al., "Deep Residual Learning", 2016
  resize,                  ///< spatial resize to output_shape
  reshape,                 ///< any data movement that keeps the elements (flatten, transpose...)
  softmax,
  activation,  ///< stand-alone non-linearity: `activation`
};
[[nodiscard]] std::string_view name(NodeKind kind);

enum class Activation : std::uint8_t {
  none,
  relu,
  relu6,
  clip,
  leaky_relu,
  sigmoid,
  hard_sigmoid,
  hard_swish,
  tanh,
  prelu,  ///< slopes below zero are trained: Node::prelu_slopes of them
  elu,
  selu,
  gelu,
  silu,
  mish,
  softplus,
  other  ///< element-wise, known to cost models only: Node::not_executable names it
};
[[nodiscard]] std::string_view name(Activation activation);

/// Shape of an activation tensor without the batch: (channels, height, width); vectors are (f,1,1).
struct FeatureShape {
  std::int64_t channels = 1, height = 1, width = 1;
  [[nodiscard]] std::int64_t elements() const { return channels * height * width; }
  bool operator==(const FeatureShape&) const = default;
};

/// One node of a network graph. BatchNorm and activation belong to their producer.
struct Node {
  std::string name;
  NodeKind kind = NodeKind::input;
  std::vector<NodeId> inputs;
  ConvShape conv;  ///< geometry; input sizes and n are filled in by Network::make
  bool has_bias = false;
  bool has_batch_norm = false;
  double batch_norm_epsilon = 1e-5;
  Activation activation = Activation::none;
  double activation_alpha = 0.0;                               ///< leaky slope, clip minimum
  double activation_beta = 0.0;                                ///< clip maximum
  std::int64_t prelu_slopes = 0;                               ///< trained slopes of prelu
  int axis = 1;                                                ///< concat
  bool count_include_pad = false;                              ///< average pooling
  std::int64_t channel_pad_before = 0, channel_pad_after = 0;  ///< pad, subsample
  FeatureShape shape;  ///< of the output; given for input, resize, reshape;
                       ///< inferred by Network::make for all others
  /// Why the values of this node cannot be computed from this description, which is right for
  /// shapes and cost; empty: they can.
  std::string not_executable;
  bool operator==(const Node&) const = default;
};

/// Widths of the weights and input activations of one compute node; 32 = float.
struct PrecisionPair {
  int weights = 32;
  int inputs = 32;
  bool operator==(const PrecisionPair&) const = default;
};
inline constexpr int kFloatBits = 32;

/// What is done to a network: widths of every compute node (see Network::compute_nodes), in that
/// order, and how many channels stay.
struct CompressionPlan {
  std::vector<PrecisionPair> layers;
  /// Units that stay of each group of channels (workload/channel_groups.hpp); empty: all of all.
  /// Which ones is not for the plan to say: the least important leave first.
  std::vector<std::int32_t> channels = {};
  bool operator==(const CompressionPlan&) const = default;

  [[nodiscard]] static CompressionPlan uniform(std::size_t layer_count, int weights, int inputs);
};
/// "8/8 4/4 ..." (weights/inputs per layer), and " | 12 32 ..." (channels per group) where some
/// were removed; from_text is its inverse.
[[nodiscard]] std::string to_text(const CompressionPlan& plan);
[[nodiscard]] Expected<CompressionPlan> compression_plan_from_text(std::string_view text);

/// A directed acyclic graph of nodes in topological order, shapes inferred and checked.
///
/// Errors  make() collects: unknown or later inputs, wrong number of inputs, shapes that do not
///         fit (adds, concatenations, channels against groups), duplicate names, no input node,
///         outputs that do not exist or are named twice.
class Network {
 public:
  /// `outputs` in their order; none given: the nodes without consumers.
  [[nodiscard]] static Expected<Network> make(std::string name, std::vector<Node> nodes,
                                              std::vector<NodeId> outputs = {});

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const Node& node(NodeId id) const;
  [[nodiscard]] std::optional<NodeId> find(std::string_view node_name) const;
  /// Nodes that read this one, in order.
  [[nodiscard]] std::vector<NodeId> consumers(NodeId id) const;
  /// What the network gives, in order; other nodes may read an output too.
  [[nodiscard]] const std::vector<NodeId>& outputs() const noexcept { return outputs_; }
  [[nodiscard]] bool is_output(NodeId id) const;
  /// Convolutions, transposed convolutions, fully connected and matrix products, in order: the
  /// layers that a CompressionPlan speaks of.
  [[nodiscard]] const std::vector<NodeId>& compute_nodes() const noexcept { return compute_nodes_; }

  /// MACs of one image (batch 1), compute nodes only.
  [[nodiscard]] std::int64_t macs() const;
  /// Trained parameters: weights, biases, slopes of PReLU, and two per channel for every BatchNorm.
  [[nodiscard]] std::int64_t parameters() const;
  /// Weights, biases and slopes of PReLU after folding BatchNorm away.
  [[nodiscard]] std::int64_t folded_parameters() const;

  /// The operator of a node at a batch size; none for nodes that only move data
  /// (input, concat, pad, subsample, reshape, resize, softmax, activation).
  [[nodiscard]] std::optional<Operator> operator_of(NodeId id, std::int64_t batch) const;

  bool operator==(const Network&) const = default;

 private:
  Network() = default;
  std::string name_;
  std::vector<Node> nodes_;
  std::vector<NodeId> compute_nodes_;
  std::vector<NodeId> outputs_;
};

/// Where numbers are rounded: every arithmetic node (compute, add, multiply, average pooling) reads
/// its inputs through a quantizer. Compute nodes read at the plan's width, all others at
/// `auxiliary_bits`. Nodes that only move data (max pooling, pad, subsample, concat, reshape,
/// resize, and stand-alone activations that are part of their producer) are transparent: the copy
/// that their reader wants passes through them. A producer stores one copy for every width that its
/// readers want, so the output width of a layer is the sum of the widths of these copies (64 at
/// most). A max pooling layer reads and writes the copies that its readers want. Softmax reads at
/// `network_output_bits`. A second, non-constant operand of a matrix product is read at `inputs`.
struct LoweringOptions {
  std::int64_t batch = 1;
  int float_bits = 16;  ///< width that stands for 'float' (32 in a plan) on the accelerator
  int partial_sum_bits = 32;
  int auxiliary_bits = 8;         ///< inputs of adds, multiplications and average pooling
  int network_output_bits = 16;   ///< outputs of the network, and what nobody reads
  bool include_auxiliary = true;  ///< adds, multiplications and poolings as layers of their own
};
struct LoweredLayer {
  NodeId node;
  Layer layer;
};
/// The arithmetic nodes as hardware layers, in order, each reading from and writing to DRAM.
[[nodiscard]] std::vector<LoweredLayer> lower(const Network& network, const CompressionPlan& plan,
                                              const LoweringOptions& options = {});

}  // namespace hwflow
