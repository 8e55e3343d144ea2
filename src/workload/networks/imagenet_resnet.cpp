#include "workload/networks/imagenet_resnet.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

struct Block {
  std::string name;
  std::int64_t channels = 0;  ///< of the 3x3 convolutions
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
};

NodeId stem(NetworkBuilder& builder, NodeId input) {
  const NodeId x =
      builder.conv_bn("conv1", input, 64, {.kernel = 7, .stride = 2, .pad = 3}, Activation::relu);
  return builder.max_pool("maxpool", x, {.kernel = 3, .stride = 2, .pad = 1});
}

/// Identity, or a projection where the shape changes (option B).
NodeId shortcut(NetworkBuilder& builder, const Block& block, NodeId input,
                std::int64_t out_channels) {
  if (block.stride == 1 && builder.channels(input) == out_channels) return input;
  return builder.conv_bn(block.name + ".downsample.0", input, out_channels,
                         {.stride = block.stride}, Activation::none);
}

NodeId basic_block(NetworkBuilder& builder, const Block& block, NodeId input) {
  NodeId x = builder.conv_bn(block.name + ".conv1", input, block.channels,
                             {.kernel = 3, .stride = block.stride, .pad = 1}, Activation::relu);
  x = builder.conv_bn(block.name + ".conv2", x, block.channels, {.kernel = 3, .pad = 1},
                      Activation::none);
  const NodeId skip = shortcut(builder, block, input, block.channels);
  return builder.add(block.name + ".add", x, skip, Activation::relu);
}

/// The stride sits on the 3x3 convolution, as in torchvision ("ResNet v1.5").
NodeId bottleneck_block(NetworkBuilder& builder, const Block& block, NodeId input) {
  const std::int64_t out_channels = 4 * block.channels;
  NodeId x = builder.conv_bn(block.name + ".conv1", input, block.channels, {}, Activation::relu);
  x = builder.conv_bn(
      block.name + ".conv2", x, block.channels,
      {.kernel = 3, .stride = block.stride, .pad = block.dilation, .dilation = block.dilation},
      Activation::relu);
  x = builder.conv_bn(block.name + ".conv3", x, out_channels, {}, Activation::none);
  const NodeId skip = shortcut(builder, block, input, out_channels);
  return builder.add(block.name + ".add", x, skip, Activation::relu);
}

Network basic_resnet(std::string name, const std::array<int, 4>& blocks) {
  NetworkBuilder builder;
  NodeId x = stem(builder, builder.input({3, 224, 224}));
  for (int stage = 1; stage <= 4; ++stage) {
    for (int index = 0; index < blocks[static_cast<std::size_t>(stage) - 1]; ++index) {
      const std::int64_t stride = stage > 1 && index == 0 ? 2 : 1;
      const std::int64_t channels = std::int64_t{32} << stage;
      x = basic_block(builder, {fmt::format("layer{}.{}", stage, index), channels, stride, 1}, x);
    }
  }
  x = builder.global_average_pool("avgpool", x);
  builder.fully_connected("fc", x, 1000);
  return std::move(builder).finish(std::move(name));
}

}  // namespace

NodeId bottleneck_trunk(NetworkBuilder& builder, NodeId input, const std::array<int, 4>& blocks,
                        std::int64_t last_dilation) {
  NodeId x = stem(builder, input);
  for (int stage = 1; stage <= 4; ++stage) {
    const bool is_dilated = stage == 4 && last_dilation > 1;
    for (int index = 0; index < blocks[static_cast<std::size_t>(stage) - 1]; ++index) {
      Block block{fmt::format("layer{}.{}", stage, index), std::int64_t{32} << stage, 1, 1};
      if (stage > 1 && index == 0 && !is_dilated) block.stride = 2;
      if (is_dilated && index > 0) block.dilation = last_dilation;
      x = bottleneck_block(builder, block, x);
    }
  }
  return x;
}

Network resnet18() { return basic_resnet("resnet18", {2, 2, 2, 2}); }
Network resnet34() { return basic_resnet("resnet34", {3, 4, 6, 3}); }

Network resnet50() {
  NetworkBuilder builder;
  NodeId x = bottleneck_trunk(builder, builder.input({3, 224, 224}), {3, 4, 6, 3}, 1);
  x = builder.global_average_pool("avgpool", x);
  builder.fully_connected("fc", x, 1000);
  return std::move(builder).finish("resnet50");
}

}  // namespace hwflow::networks
