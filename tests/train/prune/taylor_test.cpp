#include "train/prune/taylor.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "base/random.hpp"
#include "tests/train/prune/made_images.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

/// Every kind of layer whose channels can be judged, few of each.
Network mixed() {
  NetworkBuilder builder;
  NodeId x = builder.input({1, 6, 6});
  x = builder.conv_bn("norm", x, 4, {.kernel = 3, .pad = 1}, Activation::none);
  x = builder.depthwise_bn("depthwise", x, {.kernel = 3, .pad = 1}, Activation::sigmoid);
  Node up = node_of("up", NodeKind::transposed_convolution, {x});
  up.conv = conv_shape({.kernel = 2, .stride = 2});
  up.conv.out_channels = 6;
  up.conv.groups = 2;
  up.has_bias = true;
  up.activation = Activation::tanh;
  x = builder.add(up);
  x = builder.conv_bias("bias", x, 3, {.kernel = 3}, Activation::sigmoid);
  builder.fully_connected("last", x, 3);
  return std::move(builder).finish("mixed");
}

/// The loss of the images `first` to `last` with a channel of a layer multiplied by z.
double loss(const Network& network, WeightMap weights, const Node& node, std::int64_t channel,
            double z, const ImageSet& set, const Normalization& normalization, std::int64_t first,
            std::int64_t last) {
  const auto scale = [&](const std::string& name, std::int64_t at) {
    float& value = weights.at(name).values[static_cast<std::size_t>(at)];
    value = static_cast<float>(value * z);
  };
  if (node.has_batch_norm) {
    scale(node.name + ".batch_norm.weight", channel);
    scale(node.name + ".batch_norm.bias", channel);
  } else {
    scale(node.name + ".bias", channel);
    const FloatTensor& weight = weights.at(node.name + ".weight");
    const std::int64_t size = std::ssize(weight.values), columns = weight.shape[1];
    const std::int64_t inner = size / (weight.shape[0] * columns);
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t row = i / (columns * inner), column = i / inner % columns;
      const std::int64_t made =
          node.kind == NodeKind::transposed_convolution
              ? row / (node.conv.in_channels / node.conv.groups) * columns + column
              : row;
      if (made == channel) scale(node.name + ".weight", i);
    }
  }
  const torch::NoGradGuard no_gradient;
  NetworkModule module(network);
  load_weights(module, weights);
  module.eval();
  std::vector<std::int64_t> indices, labels;
  for (std::int64_t i = first; i < last; ++i) {
    indices.push_back(i);
    labels.push_back(set.labels[static_cast<std::size_t>(i)]);
  }
  module.to(torch::kFloat64);
  const torch::Tensor x = to_tensor(set, normalization, indices).to(torch::kFloat64);
  return torch::cross_entropy_loss(module.forward(x), torch::tensor(labels, torch::kInt64))
      .item<double>();
}

/// The witness: central differences of the loss in the multiplier itself, batch by batch.
TEST(TaylorScores, AreSquaredSlopesOfTheLoss) {
  Rng rng(11);
  const Network network = mixed();
  const ImageSet set = made_images(10, 1, 6, 3);
  const Normalization normalization{{0.5F}, {0.25F}};
  NetworkModule module(network);
  initialise(module, 5);
  WeightMap weights = weights_of(module);
  for (auto& [name, tensor] : weights) {
    if (name.find(".weight") != std::string::npos && name.find("norm") == std::string::npos)
      continue;
    for (float& value : tensor.values) value = static_cast<float>(0.5 + rng.uniform());
  }
  const ChannelScores scores = taylor_scores(network, weights, set, normalization, 4);
  constexpr double kStep = 1e-2;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const Node& node = network.nodes()[i];
    for (std::size_t k = 0; k < scores[i].size(); ++k) {
      double expected = 0.0;
      for (const std::int64_t first : {0, 4, 8}) {  // batches of 4, 4 and 2
        const auto at = [&](double z) {
          return loss(network, weights, node, static_cast<std::int64_t>(k), z, set, normalization,
                      first, std::min<std::int64_t>(first + 4, 10));
        };
        const double slope = (at(1.0 + kStep) - at(1.0 - kStep)) / (2.0 * kStep);
        expected += slope * slope / 3.0;
      }
      EXPECT_NEAR(scores[i][k], expected, 2e-3 * expected + 1e-9) << node.name << " " << k;
    }
  }
  EXPECT_EQ(scores[1].size(), 4U);
  EXPECT_EQ(scores[3].size(), 6U);
}

}  // namespace
}  // namespace hwflow::train
