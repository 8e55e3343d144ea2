#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"
#include "workload/networks/imagenet_resnet.hpp"

namespace hwflow::networks {
namespace {

constexpr std::int64_t kHeadChannels = 256;
constexpr std::int64_t kClasses = 21;  // Pascal VOC with background

NodeId resize(NetworkBuilder& builder, std::string name, NodeId input, std::int64_t height,
              std::int64_t width) {
  Node node;
  node.name = std::move(name);
  node.kind = NodeKind::resize;
  node.inputs = {input};
  node.shape = {builder.channels(input), height, width};
  return builder.add(std::move(node));
}

/// Atrous spatial pyramid pooling: a 1x1, three dilated 3x3 and an image-pooling branch.
NodeId pyramid(NetworkBuilder& builder, NodeId input) {
  std::vector<NodeId> branches{
      builder.conv_bn("aspp.0", input, kHeadChannels, {}, Activation::relu)};
  int branch = 1;
  for (const std::int64_t dilation : {6, 12, 18}) {
    branches.push_back(builder.conv_bn(fmt::format("aspp.{}", branch++), input, kHeadChannels,
                                       {.kernel = 3, .pad = dilation, .dilation = dilation},
                                       Activation::relu));
  }
  NodeId image = builder.global_average_pool("aspp.4.pool", input);
  image = builder.conv_bn("aspp.4", image, kHeadChannels, {}, Activation::relu);
  const FeatureShape& size = builder.shape(input);
  branches.push_back(resize(builder, "aspp.4.resize", image, size.height, size.width));
  const NodeId all = builder.concat("aspp.concat", std::move(branches));
  return builder.conv_bn("aspp.project", all, kHeadChannels, {}, Activation::relu);
}

}  // namespace

Network deeplabv3() {
  NetworkBuilder builder;
  const NodeId image = builder.input({3, 513, 513});
  NodeId x = bottleneck_trunk(builder, image, {3, 4, 6, 3}, 2);
  x = pyramid(builder, x);
  x = builder.conv_bn("head.0", x, kHeadChannels, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.conv_bias("head.1", x, kClasses, {}, Activation::none);
  resize(builder, "upsample", x, 513, 513);
  return std::move(builder).finish("deeplabv3");
}

}  // namespace hwflow::networks
