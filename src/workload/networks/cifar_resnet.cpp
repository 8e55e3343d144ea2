#include <fmt/format.h>

#include <string>
#include <utility>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

/// The shortcuts that change the shape: A takes every second pixel and adds as many zero channels
/// before as after; B is a 1x1 convolution with BatchNorm.
enum class Option : std::uint8_t { a, b };

NodeId shortcut(NetworkBuilder& builder, const std::string& block, NodeId input,
                std::int64_t channels, std::int64_t stride, Option option) {
  if (stride == 1 && builder.channels(input) == channels) return input;
  if (option == Option::b) {
    return builder.conv_bn(block + ".downsample", input, channels, {.kernel = 1, .stride = stride},
                           Activation::none);
  }
  Node node;
  node.name = block + ".shortcut";
  node.kind = NodeKind::subsample;
  node.inputs = {input};
  node.conv.stride_height = node.conv.stride_width = stride;
  node.channel_pad_before = node.channel_pad_after = (channels - builder.channels(input)) / 2;
  return builder.add(std::move(node));
}

NodeId basic_block(NetworkBuilder& builder, const std::string& block, NodeId input,
                   std::int64_t channels, std::int64_t stride, Option option) {
  NodeId x = builder.conv_bn(block + ".conv1", input, channels,
                             {.kernel = 3, .stride = stride, .pad = 1}, Activation::relu);
  x = builder.conv_bn(block + ".conv2", x, channels, {.kernel = 3, .pad = 1}, Activation::none);
  const NodeId skip = shortcut(builder, block, input, channels, stride, option);
  return builder.add(block + ".add", x, skip, Activation::relu);
}

/// Three stages of 16, 32 and 64 channels (He et al. 2016, section 4.2): 6 * blocks + 2 layers.
Network cifar_resnet(std::string name, const FeatureShape& input, int blocks,
                     Option option = Option::a) {
  NetworkBuilder builder;
  NodeId x =
      builder.conv_bn("conv1", builder.input(input), 16, {.kernel = 3, .pad = 1}, Activation::relu);
  std::int64_t channels = 16;
  for (int stage = 1; stage <= 3; ++stage, channels *= 2) {
    for (int block = 0; block < blocks; ++block) {
      const std::int64_t stride = stage > 1 && block == 0 ? 2 : 1;
      x = basic_block(builder, fmt::format("layer{}.{}", stage, block), x, channels, stride,
                      option);
    }
  }
  x = builder.global_average_pool("avgpool", x);
  builder.fully_connected("linear", x, 10);
  return std::move(builder).finish(std::move(name));
}

}  // namespace

Network resnet20() { return cifar_resnet("resnet20", {3, 32, 32}, 3); }
Network resnet20b() { return cifar_resnet("resnet20b", {3, 32, 32}, 3, Option::b); }
Network resnet32() { return cifar_resnet("resnet32", {3, 32, 32}, 5); }
Network resnet44() { return cifar_resnet("resnet44", {3, 32, 32}, 7); }
Network resnet56() { return cifar_resnet("resnet56", {3, 32, 32}, 9); }
Network fmnist_resnet() { return cifar_resnet("fmnist_resnet", {1, 28, 28}, 2); }

}  // namespace hwflow::networks
