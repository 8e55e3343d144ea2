#include <fmt/format.h>

#include <string>
#include <utility>

#include "workload/network_builder.hpp"
#include "workload/networks/families.hpp"

namespace hwflow::networks {
namespace {

// FSRCNN(d, s, m) of Dong et al. 2016: feature channels, shrunk channels, mapping layers.
constexpr std::int64_t kFeatures = 56, kShrunk = 12;
constexpr int kMappings = 4;

/// All layers up to the one that enlarges the image.
NodeId trunk(NetworkBuilder& builder, NodeId input) {
  NodeId x =
      builder.conv_bias("feature", input, kFeatures, {.kernel = 5, .pad = 2}, Activation::prelu);
  x = builder.conv_bias("shrink", x, kShrunk, {}, Activation::prelu);
  for (int i = 1; i <= kMappings; ++i)
    x = builder.conv_bias(fmt::format("map{}", i), x, kShrunk, {.kernel = 3, .pad = 1},
                          Activation::prelu);
  return builder.conv_bias("expand", x, kFeatures, {}, Activation::prelu);
}

}  // namespace

Network fsrcnn() {
  NetworkBuilder builder;
  Node enlarge;
  enlarge.inputs = {trunk(builder, builder.input({1, 270, 480}))};
  enlarge.name = "deconv";
  enlarge.kind = NodeKind::transposed_convolution;
  enlarge.conv = conv_shape({.kernel = 9, .stride = 2, .pad = 4});
  enlarge.conv.output_pad_height = enlarge.conv.output_pad_width = 1;
  enlarge.conv.out_channels = 1;
  enlarge.has_bias = true;
  builder.add(std::move(enlarge));
  return std::move(builder).finish("fsrcnn");
}

Network fsrcnn_subpixel() {
  NetworkBuilder builder;
  const NodeId x = trunk(builder, builder.input({1, 540, 960}));
  builder.conv_bias("enlarge", x, 16, {.kernel = 3, .pad = 1}, Activation::none);
  return std::move(builder).finish("fsrcnn_subpixel");
}

}  // namespace hwflow::networks
