#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

constexpr Activation kRelu = Activation::relu;

/// Convolutions of one resolution in a VGG network, all 3x3.
struct VggStage {
  std::int64_t channels;
  int convolutions;
};

NodeId classifier(NetworkBuilder& builder, NodeId input) {
  NodeId x = builder.fully_connected("fc6", input, 4096, kRelu);
  x = builder.fully_connected("fc7", x, 4096, kRelu);
  return builder.fully_connected("fc8", x, 1000);
}

Network vgg(std::string name, const std::array<VggStage, 5>& stages) {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 224, 224});
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const std::size_t stage = i + 1;
    for (int conv = 1; conv <= stages[i].convolutions; ++conv) {
      x = builder.conv_bias(fmt::format("conv{}_{}", stage, conv), x, stages[i].channels,
                            {.kernel = 3, .pad = 1}, kRelu);
    }
    x = builder.max_pool(fmt::format("pool{}", stage), x, {.kernel = 2, .stride = 2});
  }
  classifier(builder, x);
  return std::move(builder).finish(std::move(name));
}

}  // namespace

Network lenet5() {
  NetworkBuilder builder;
  NodeId x = builder.input({1, 28, 28});
  x = builder.conv_bias("conv1", x, 6, {.kernel = 5, .pad = 2}, kRelu);
  x = builder.average_pool("pool1", x, {.kernel = 2, .stride = 2});
  x = builder.conv_bias("conv2", x, 16, {.kernel = 5}, kRelu);
  x = builder.average_pool("pool2", x, {.kernel = 2, .stride = 2});
  x = builder.fully_connected("fc1", x, 120, kRelu);
  x = builder.fully_connected("fc2", x, 84, kRelu);
  builder.fully_connected("fc3", x, 10);
  return std::move(builder).finish("lenet5");
}

Network alexnet() {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 227, 227});
  x = builder.conv_bias("conv1", x, 96, {.kernel = 11, .stride = 4}, kRelu);
  x = builder.max_pool("pool1", x, {.kernel = 3, .stride = 2});
  x = builder.conv_bias("conv2", x, 256, {.kernel = 5, .pad = 2}, kRelu, 2);
  x = builder.max_pool("pool2", x, {.kernel = 3, .stride = 2});
  x = builder.conv_bias("conv3", x, 384, {.kernel = 3, .pad = 1}, kRelu);
  x = builder.conv_bias("conv4", x, 384, {.kernel = 3, .pad = 1}, kRelu, 2);
  x = builder.conv_bias("conv5", x, 256, {.kernel = 3, .pad = 1}, kRelu, 2);
  x = builder.max_pool("pool5", x, {.kernel = 3, .stride = 2});
  classifier(builder, x);
  return std::move(builder).finish("alexnet");
}

Network vgg16() { return vgg("vgg16", {{{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}}}); }
Network vgg19() { return vgg("vgg19", {{{64, 2}, {128, 2}, {256, 4}, {512, 4}, {512, 4}}}); }

}  // namespace hwflow::networks
