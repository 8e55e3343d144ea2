#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "workload/network.hpp"

namespace hwflow {

/// Shorthand for a square convolution or pooling window.
struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t pad = 0;  ///< on all four sides
  std::int64_t dilation = 1;
};

/// Geometry of a square window; channels and input sizes are left to the caller.
[[nodiscard]] ConvShape conv_shape(const Window& window);

/// "same" padding of TensorFlow: ceil(size / stride) outputs, the odd pad at the bottom and right.
[[nodiscard]] ConvShape same_conv_shape(std::int64_t kernel_height, std::int64_t kernel_width,
                                        std::int64_t stride, const FeatureShape& input);

/// A node of which nothing else is said yet.
[[nodiscard]] Node node_of(std::string name, NodeKind kind, std::vector<NodeId> inputs);

/// Writes down a network node by node, shapes at hand at every step. For networks in our own code:
/// a node that does not fit is a bug and throws.
class NetworkBuilder {
 public:
  NodeId input(const FeatureShape& shape);
  /// A node whose inputs, kind and attributes are set; its shape is inferred.
  NodeId add(Node node);

  /// Convolution with BatchNorm, without bias.
  NodeId conv_bn(std::string name, NodeId input, std::int64_t channels, const Window& window,
                 Activation activation);
  /// Convolution with bias, without BatchNorm.
  NodeId conv_bias(std::string name, NodeId input, std::int64_t channels, const Window& window,
                   Activation activation, std::int64_t groups = 1);
  /// Depthwise convolution with BatchNorm, without bias.
  NodeId depthwise_bn(std::string name, NodeId input, const Window& window, Activation activation);
  NodeId fully_connected(std::string name, NodeId input, std::int64_t features,
                         Activation activation = Activation::none);
  NodeId max_pool(std::string name, NodeId input, const Window& window);
  NodeId average_pool(std::string name, NodeId input, const Window& window);
  NodeId global_average_pool(std::string name, NodeId input);
  NodeId add(std::string name, NodeId left, NodeId right, Activation activation);
  NodeId concat(std::string name, std::vector<NodeId> inputs);

  [[nodiscard]] const FeatureShape& shape(NodeId id) const;
  [[nodiscard]] std::int64_t channels(NodeId id) const { return shape(id).channels; }

  /// The finished network.
  [[nodiscard]] Network finish(std::string name) &&;

 private:
  std::vector<Node> nodes_;
};

}  // namespace hwflow
