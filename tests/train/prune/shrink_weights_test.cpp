#include "train/prune/shrink_weights.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>

#include "base/random.hpp"
#include "tests/workload/random_units.hpp"
#include "train/nn/network_module.hpp"
#include "train/nn/weight_shapes.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

/// Weights with BatchNorm that does something, so that every tensor matters.
WeightMap random_weights(const Network& network, Rng& rng) {
  NetworkModule module(network);
  initialise(module, 3);
  WeightMap weights = weights_of(module);
  for (auto& [name, tensor] : weights) {
    if (name.ends_with(".weight") && !name.ends_with("batch_norm.weight")) continue;
    const bool is_positive = name.ends_with("running_var") || name.ends_with("batch_norm.weight");
    for (float& value : tensor.values)
      value = static_cast<float>(is_positive ? 0.5 + rng.uniform() : 0.2 * rng.normal());
  }
  return weights;
}

/// Sets to 0 what makes a channel of a node's result.
void silence(const Node& node, std::int64_t channel, WeightMap& weights) {
  for (const char* of : {".bias", ".batch_norm.weight", ".batch_norm.bias"}) {
    const auto found = weights.find(node.name + of);
    if (found != weights.end()) found->second.values[static_cast<std::size_t>(channel)] = 0.0F;
  }
  FloatTensor& weight = weights.at(node.name + ".weight");
  const std::int64_t columns = weight.shape[1];
  const std::int64_t inner = std::ssize(weight.values) / (weight.shape[0] * columns);
  const auto clear = [&](std::int64_t first, std::int64_t count) {
    std::fill_n(weight.values.begin() + first, count, 0.0F);
  };
  if (node.kind != NodeKind::transposed_convolution) {
    clear(channel * columns * inner, columns * inner);
    return;
  }
  // (inputs, outputs of a group, ...): the column of the channel in the rows of its group.
  const std::int64_t rows = node.conv.in_channels / node.conv.groups;
  const std::int64_t first = channel / columns * rows;
  for (std::int64_t row = first; row < first + rows; ++row)
    clear((row * columns + channel % columns) * inner, inner);
}

/// The witness: the whole network with removed channels at 0. Right where activations map 0 to 0.
WeightMap masked(const Network& network, const ShrunkNetwork& shrunk, WeightMap weights) {
  for (std::size_t i = 0; i < network.nodes().size(); ++i) {
    const Node& node = network.nodes()[i];
    if (!has_weight(node)) continue;
    for (std::int64_t k = 0; k < node.shape.channels; ++k)
      if (!std::ranges::binary_search(shrunk.kept[i], k)) silence(node, k, weights);
  }
  return weights;
}

Tensor run(const Network& network, const WeightMap& weights, const Tensor& images) {
  const torch::NoGradGuard no_gradient;
  NetworkModule module(network);
  load_weights(module, weights);
  module.eval();
  return module.forward(images);
}

void expect_shrunk_equals_masked(const Network& network, std::uint64_t seed) {
  SCOPED_TRACE(network.name());
  Rng rng(seed);
  const ChannelGroups groups(network);
  const ShrunkNetwork shrunk = shrink(network, groups, random_units(groups, 0.6, rng)).value();
  ASSERT_LT(shrunk.network.macs(), network.macs());
  const WeightMap weights = random_weights(network, rng);
  const FeatureShape& input = network.nodes().front().shape;
  torch::manual_seed(seed);
  const Tensor images = torch::randn({1, input.channels, input.height, input.width});
  const Tensor small = run(shrunk.network, shrink_weights(network, shrunk, weights), images);
  const Tensor whole = run(network, masked(network, shrunk, weights), images);
  ASSERT_EQ(small.sizes(), whole.sizes());
  const double size = whole.abs().max().item<double>();
  EXPECT_GT(size, 0.0);
  EXPECT_LE((small - whole).abs().max().item<double>(), 1e-4 * size);
}

class ZooTest : public testing::TestWithParam<BuiltinNetwork> {};

TEST_P(ZooTest, ShrunkNetworkEqualsTheMaskedOne) {
  const Network network = GetParam().build();
  if (!unsupported_parts(network).empty()) GTEST_SKIP() << "for cost models only";
  expect_shrunk_equals_masked(network, 7);
}

INSTANTIATE_TEST_SUITE_P(Networks, ZooTest, testing::ValuesIn(builtin_networks()),
                         [](const auto& known) { return std::string(known.param.name); });

/// What no network of the zoo has: groups of several channels, depthwise layers with two outputs a
/// channel, transposed convolutions in groups, concatenations along the height, a flattened tensor.
TEST(ShrinkWeights, RareLayers) {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 8, 8});
  x = builder.conv_bn("a", x, 8, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.conv_bias("grouped", x, 12, {.kernel = 3, .pad = 1}, Activation::relu, 4);
  x = builder.conv_bias("twice", x, 24, {.kernel = 3, .pad = 1}, Activation::relu, 12);
  Node up = node_of("up", NodeKind::transposed_convolution, {x});
  up.conv = conv_shape({.kernel = 2, .stride = 2});
  up.conv.out_channels = 8;
  up.conv.groups = 4;
  up.has_bias = true;
  const NodeId upper = builder.add(up);
  up.name = "up_each";
  up.conv.out_channels = 48;
  up.conv.groups = 24;
  const NodeId each = builder.add(up);
  const NodeId lower = builder.conv_bias("lower", each, 8, {}, Activation::relu);
  Node both = node_of("both", NodeKind::concat, {upper, lower});
  both.axis = 2;
  Node flat = node_of("flat", NodeKind::reshape, {builder.add(both)});
  flat.shape = {8 * 32 * 16, 1, 1};
  x = builder.add(flat);
  x = builder.fully_connected("hidden", x, 6, Activation::relu);
  builder.fully_connected("last", x, 3);
  const Network network = std::move(builder).finish("rare");
  for (std::uint64_t seed = 1; seed <= 20; ++seed) expect_shrunk_equals_masked(network, seed);
}

}  // namespace
}  // namespace hwflow::train
