#include <fmt/format.h>

#include <string>
#include <utility>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

constexpr double kKerasBatchNormEpsilon = 1e-3;

/// A Keras convolution: "same" padding, bias; names count up as in the public checkpoint.
NodeId conv(NetworkBuilder& builder, std::string name, NodeId input, std::int64_t channels,
            const Window& window, bool has_batch_norm, Activation activation) {
  Node node;
  node.name = std::move(name);
  node.kind = NodeKind::convolution;
  node.inputs = {input};
  node.conv = same_conv_shape(window.kernel, window.kernel, window.stride, builder.shape(input));
  node.conv.out_channels = channels;
  node.has_bias = true;
  node.has_batch_norm = has_batch_norm;
  node.batch_norm_epsilon = kKerasBatchNormEpsilon;
  node.activation = activation;
  return builder.add(std::move(node));
}

struct StageNames {
  const char *first, *second, *shortcut, *add;
};

NodeId stage(NetworkBuilder& builder, const StageNames& names, NodeId input,
             std::int64_t channels) {
  NodeId x = conv(builder, names.first, input, channels, {.kernel = 3, .stride = 2}, true,
                  Activation::relu);
  x = conv(builder, names.second, x, channels, {.kernel = 3}, true, Activation::none);
  const NodeId skip =
      conv(builder, names.shortcut, input, channels, {.stride = 2}, false, Activation::none);
  return builder.add(names.add, skip, x, Activation::relu);
}

/// As conv(), with a rectangular kernel or depthwise; always followed by BatchNorm and ReLU.
NodeId keyword_conv(NetworkBuilder& builder, std::string name, NodeId input,
                    const ConvShape& geometry) {
  Node node;
  node.name = std::move(name);
  node.kind = NodeKind::convolution;
  node.inputs = {input};
  node.conv = geometry;
  node.has_bias = node.has_batch_norm = true;
  node.batch_norm_epsilon = kKerasBatchNormEpsilon;
  node.activation = Activation::relu;
  return builder.add(std::move(node));
}

}  // namespace

Network dscnn() {
  constexpr std::int64_t kChannels = 64;
  NetworkBuilder builder;
  NodeId x = builder.input({1, 49, 10});
  ConvShape stem = same_conv_shape(10, 4, 2, builder.shape(x));
  stem.out_channels = kChannels;
  x = keyword_conv(builder, "conv2d", x, stem);
  for (int block = 1; block <= 4; ++block) {
    ConvShape depthwise = same_conv_shape(3, 3, 1, builder.shape(x));
    depthwise.out_channels = depthwise.groups = kChannels;
    x = keyword_conv(builder, fmt::format("depthwise_conv2d_{}", block), x, depthwise);
    ConvShape pointwise;
    pointwise.out_channels = kChannels;
    x = keyword_conv(builder, fmt::format("conv2d_{}", block), x, pointwise);
  }
  x = builder.global_average_pool("average_pooling2d", x);
  builder.fully_connected("dense", x, 12);
  return std::move(builder).finish("dscnn");
}

Network resnet8() {
  NetworkBuilder builder;
  const NodeId stem = conv(builder, "conv2d", builder.input({3, 32, 32}), 16, {.kernel = 3}, true,
                           Activation::relu);
  NodeId x = conv(builder, "conv2d_1", stem, 16, {.kernel = 3}, true, Activation::relu);
  x = conv(builder, "conv2d_2", x, 16, {.kernel = 3}, true, Activation::none);
  x = builder.add("add", stem, x, Activation::relu);
  x = stage(builder, {"conv2d_3", "conv2d_4", "conv2d_5", "add_1"}, x, 32);
  x = stage(builder, {"conv2d_6", "conv2d_7", "conv2d_8", "add_2"}, x, 64);
  x = builder.global_average_pool("average_pooling2d", x);
  builder.fully_connected("dense", x, 10);
  return std::move(builder).finish("resnet8");
}

}  // namespace hwflow::networks
