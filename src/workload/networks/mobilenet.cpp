#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

/// A convolution with TensorFlow's "same" padding, BatchNorm and ReLU.
NodeId same_conv(NetworkBuilder& builder, std::string name, NodeId input, std::int64_t channels,
                 const Window& window, bool is_depthwise) {
  Node node;
  node.name = std::move(name);
  node.kind = NodeKind::convolution;
  node.inputs = {input};
  node.conv = same_conv_shape(window.kernel, window.kernel, window.stride, builder.shape(input));
  node.conv.out_channels = channels;
  if (is_depthwise) node.conv.groups = channels;
  node.has_batch_norm = true;
  node.activation = Activation::relu;
  return builder.add(std::move(node));
}

/// Row of Table 2 of Sandler et al. 2018.
struct Stage {
  std::int64_t expansion, channels;
  int blocks;
  std::int64_t stride;
};

NodeId inverted_residual(NetworkBuilder& builder, const std::string& name, NodeId input,
                         const Stage& stage, std::int64_t stride) {
  const std::int64_t in_channels = builder.channels(input);
  NodeId x = input;
  int part = 0;  // position in torchvision's sequence
  const auto next = [&] { return fmt::format("{}.conv.{}", name, part++); };
  if (stage.expansion != 1) {
    x = builder.conv_bn(next() + ".0", x, in_channels * stage.expansion, {}, Activation::relu6);
  }
  x = builder.depthwise_bn(next() + ".0", x, {.kernel = 3, .stride = stride, .pad = 1},
                           Activation::relu6);
  x = builder.conv_bn(next(), x, stage.channels, {}, Activation::none);
  if (stride != 1 || in_channels != stage.channels) return x;
  return builder.add(name + ".add", input, x, Activation::none);
}

}  // namespace

Network mobilenetv1() {
  constexpr std::array<std::array<std::int64_t, 2>, 13> kBlocks{{{64, 1},
                                                                 {128, 2},
                                                                 {128, 1},
                                                                 {256, 2},
                                                                 {256, 1},
                                                                 {512, 2},
                                                                 {512, 1},
                                                                 {512, 1},
                                                                 {512, 1},
                                                                 {512, 1},
                                                                 {512, 1},
                                                                 {1024, 2},
                                                                 {1024, 1}}};
  NetworkBuilder builder;
  NodeId x = same_conv(builder, "conv1", builder.input({3, 224, 224}), 32,
                       {.kernel = 3, .stride = 2}, false);
  for (std::size_t i = 0; i < kBlocks.size(); ++i) {
    const auto [channels, stride] = kBlocks[i];
    x = same_conv(builder, fmt::format("conv_dw_{}", i + 1), x, builder.channels(x),
                  {.kernel = 3, .stride = stride}, true);
    x = same_conv(builder, fmt::format("conv_pw_{}", i + 1), x, channels, {}, false);
  }
  x = builder.global_average_pool("avgpool", x);
  builder.fully_connected("fc", x, 1000);
  return std::move(builder).finish("mobilenetv1");
}

Network mobilenetv2() {
  constexpr std::array<Stage, 7> kStages{{{1, 16, 1, 1},
                                          {6, 24, 2, 2},
                                          {6, 32, 3, 2},
                                          {6, 64, 4, 2},
                                          {6, 96, 3, 1},
                                          {6, 160, 3, 2},
                                          {6, 320, 1, 1}}};
  NetworkBuilder builder;
  NodeId x = builder.conv_bn("features.0.0", builder.input({3, 224, 224}), 32,
                             {.kernel = 3, .stride = 2, .pad = 1}, Activation::relu6);
  int feature = 1;
  for (const Stage& stage : kStages) {
    for (int block = 0; block < stage.blocks; ++block) {
      const std::string name = fmt::format("features.{}", feature++);
      x = inverted_residual(builder, name, x, stage, block == 0 ? stage.stride : 1);
    }
  }
  x = builder.conv_bn("features.18.0", x, 1280, {}, Activation::relu6);
  x = builder.global_average_pool("avgpool", x);
  builder.fully_connected("classifier.1", x, 1000);
  return std::move(builder).finish("mobilenetv2");
}

}  // namespace hwflow::networks
