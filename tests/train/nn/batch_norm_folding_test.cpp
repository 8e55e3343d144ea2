#include "train/nn/batch_norm_folding.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/nn/small_networks.hpp"
#include "train/nn/network_module.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

Tensor run(const Network& network, const WeightMap& weights, const Tensor& images) {
  torch::NoGradGuard no_gradients;
  NetworkModule module(network);
  load_weights(module, weights);
  module.eval();
  return module.forward(images);
}

/// BatchNorm executed and BatchNorm folded must agree to rounding.
void expect_equal_results(const Network& network, std::uint64_t seed) {
  const WeightMap weights = random_weights(network, seed);
  const FoldedNetwork folded = fold_batch_norm(network, weights);
  for (const Node& node : folded.network.nodes()) EXPECT_FALSE(node.has_batch_norm);
  EXPECT_EQ(folded.network.parameters(), network.folded_parameters());
  const FeatureShape& s = network.nodes().front().shape;
  torch::manual_seed(static_cast<std::int64_t>(seed));
  const Tensor images = torch::randn({2, s.channels, s.height, s.width});
  const Tensor executed = run(network, weights, images);
  const Tensor after = run(folded.network, folded.weights, images);
  const double scale = executed.abs().max().item<double>();
  EXPECT_GT(scale, 0.0) << network.name();
  EXPECT_LT((executed - after).abs().max().item<double>(), 2e-4 * scale) << network.name();
}

TEST(BatchNormFolding, AgreesOnEveryBuiltinNetworkThatHasBatchNorm) {
  int tested = 0;
  for (const BuiltinNetwork& row : builtin_networks()) {
    const Network network = row.build();
    const auto& nodes = network.nodes();
    const bool normalised =
        std::any_of(nodes.begin(), nodes.end(), [](const Node& n) { return n.has_batch_norm; });
    constexpr std::int64_t kMostMacs = 700'000'000;  // keeps the test short
    if (!normalised || network.macs() > kMostMacs || !unsupported_parts(network).empty()) continue;
    expect_equal_results(network, 17);
    ++tested;
  }
  EXPECT_GE(tested, 6);
}

TEST(BatchNormFolding, AgreesOnGroupsBiasesAndTransposedConvolutions) {
  Node grouped = make_node("g", NodeKind::convolution, {0});
  grouped.conv.groups = 2;
  grouped.conv.out_channels = 6;
  grouped.conv.kernel_height = grouped.conv.kernel_width = 3;
  Node up = make_node("t", NodeKind::transposed_convolution, {1});
  up.conv.groups = 3;
  up.conv.out_channels = 12;
  up.conv.kernel_height = up.conv.kernel_width = 2;
  up.conv.stride_height = up.conv.stride_width = 2;
  Node head = make_node("f", NodeKind::fully_connected, {2});
  head.conv.out_channels = 5;
  for (Node* node : {&grouped, &up, &head}) node->has_batch_norm = true;
  up.has_bias = true;
  const auto network = Network::make("n", {make_input({4, 6, 6}), grouped, up, head});
  ASSERT_TRUE(network) << to_text(network.error());
  for (std::uint64_t seed = 1; seed <= 5; ++seed) expect_equal_results(network.value(), seed);
}

TEST(BatchNormFolding, ByHand) {
  Node conv = make_node("c", NodeKind::convolution, {0});
  conv.has_bias = conv.has_batch_norm = true;
  conv.batch_norm_epsilon = 0.25;
  const Network network = Network::make("n", {make_input({1, 1, 1}), conv}).value();
  // scale = 3 / sqrt(3.75 + 0.25) = 1.5; w = 2 * 1.5; b = (5 - 1) * 1.5 + 7.
  const FoldedNetwork folded =
      fold_batch_norm(network, {{"c.weight", {{1, 1, 1, 1}, {2.0F}}},
                                {"c.bias", {{1}, {5.0F}}},
                                {"c.batch_norm.weight", {{1}, {3.0F}}},
                                {"c.batch_norm.bias", {{1}, {7.0F}}},
                                {"c.batch_norm.running_mean", {{1}, {1.0F}}},
                                {"c.batch_norm.running_var", {{1}, {3.75F}}}});
  EXPECT_EQ(folded.weights.at("c.weight").values, std::vector<float>{3.0F});
  EXPECT_EQ(folded.weights.at("c.bias").values, std::vector<float>{13.0F});
}

}  // namespace
}  // namespace hwflow::train
