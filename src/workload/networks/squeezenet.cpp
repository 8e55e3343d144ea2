#include <fmt/format.h>

#include <string>
#include <utility>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

constexpr Activation kRelu = Activation::relu;

/// 1x1 squeeze, then 1x1 and 3x3 expansion side by side; the name as in torchvision.
NodeId fire(NetworkBuilder& builder, int index, NodeId input, std::int64_t squeeze,
            std::int64_t expand) {
  const std::string name = fmt::format("features.{}", index);
  const NodeId narrow = builder.conv_bias(name + ".squeeze", input, squeeze, {}, kRelu);
  const NodeId left = builder.conv_bias(name + ".expand1x1", narrow, expand, {}, kRelu);
  const NodeId right =
      builder.conv_bias(name + ".expand3x3", narrow, expand, {.kernel = 3, .pad = 1}, kRelu);
  return builder.concat(name + ".concat", {left, right});
}

/// 3x3 windows two apart, the last one cut at the border (ceil mode).
NodeId max_pool(NetworkBuilder& builder, int index, NodeId input) {
  Node node;
  node.name = fmt::format("features.{}", index);
  node.kind = NodeKind::max_pooling;
  node.inputs = {input};
  node.conv = conv_shape({.kernel = 3, .stride = 2});
  const FeatureShape& size = builder.shape(input);
  node.conv.pad_bottom = (size.height - 3) % 2;
  node.conv.pad_right = (size.width - 3) % 2;
  return builder.add(std::move(node));
}

Network finish(NetworkBuilder builder, NodeId x, std::string name) {
  x = builder.conv_bias("classifier.1", x, 1000, {}, kRelu);
  builder.global_average_pool("classifier.3", x);
  return std::move(builder).finish(std::move(name));
}

}  // namespace

Network squeezenet() {
  NetworkBuilder builder;
  NodeId x = builder.conv_bias("features.0", builder.input({3, 224, 224}), 96,
                               {.kernel = 7, .stride = 2}, kRelu);
  x = max_pool(builder, 2, x);
  x = fire(builder, 3, x, 16, 64);
  x = fire(builder, 4, x, 16, 64);
  x = fire(builder, 5, x, 32, 128);
  x = max_pool(builder, 6, x);
  x = fire(builder, 7, x, 32, 128);
  x = fire(builder, 8, x, 48, 192);
  x = fire(builder, 9, x, 48, 192);
  x = fire(builder, 10, x, 64, 256);
  x = max_pool(builder, 11, x);
  x = fire(builder, 12, x, 64, 256);
  return finish(std::move(builder), x, "squeezenet");
}

Network squeezenet1_1() {
  NetworkBuilder builder;
  NodeId x = builder.conv_bias("features.0", builder.input({3, 224, 224}), 64,
                               {.kernel = 3, .stride = 2}, kRelu);
  x = max_pool(builder, 2, x);
  x = fire(builder, 3, x, 16, 64);
  x = fire(builder, 4, x, 16, 64);
  x = max_pool(builder, 5, x);
  x = fire(builder, 6, x, 32, 128);
  x = fire(builder, 7, x, 32, 128);
  x = max_pool(builder, 8, x);
  x = fire(builder, 9, x, 48, 192);
  x = fire(builder, 10, x, 48, 192);
  x = fire(builder, 11, x, 64, 256);
  x = fire(builder, 12, x, 64, 256);
  return finish(std::move(builder), x, "squeezenet1_1");
}

}  // namespace hwflow::networks
