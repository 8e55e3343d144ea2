#include "train/prune/weight_refit.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/train/prune/made_images.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "train/prune/shrink_weights.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

const Normalization kNormalization{{0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}};

Tensor run(const Network& network, const WeightMap& weights, const ImageSet& images) {
  const torch::NoGradGuard no_gradient;
  NetworkModule module(network);
  load_weights(module, weights);
  module.eval();
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), 0);
  return module.forward(to_tensor(images, kNormalization, all));
}

double distance(const Tensor& a, const Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

/// Convolutions with BatchNorm, with bias, in groups, depthwise, and fully connected layers.
Network mixed() {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 8, 8});
  x = builder.conv_bn("norm", x, 8, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.depthwise_bn("depthwise", x, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.conv_bias("grouped", x, 8, {.kernel = 3, .stride = 2, .pad = 1}, Activation::relu, 2);
  x = builder.conv_bias("bias", x, 8, {.kernel = 3, .pad = 1, .dilation = 1}, Activation::relu);
  x = builder.fully_connected("hidden", x, 8, Activation::relu);
  builder.fully_connected("last", x, 4);
  return std::move(builder).finish("mixed");
}

/// Random weights in which every odd unit repeats the even one before it: bias, norm and all.
WeightMap doubled(const Network& network, const ChannelGroups& groups) {
  NetworkModule module(network);
  initialise(module, 2);
  Rng rng(4);
  WeightMap weights = weights_of(module);
  for (auto& [name, tensor] : weights) {
    if (name.ends_with("bias") || name.ends_with("running_mean"))
      for (float& value : tensor.values) value = static_cast<float>(0.3 * rng.normal());
  }
  for (const ChannelGroup& group : groups.groups())
    for (std::size_t u = 1; u < group.units.size(); u += 2)
      for (std::size_t m = 0; m < group.units[u].made.size(); ++m) {
        const std::int64_t to = group.units[u].made[m].channel;
        const std::int64_t from = group.units[u - 1].made[m].channel;
        const std::string& node = network.node(group.units[u].made[m].node).name;
        for (const char* of : {".weight", ".bias", ".batch_norm.weight", ".batch_norm.bias",
                               ".batch_norm.running_mean", ".batch_norm.running_var"}) {
          const auto found = weights.find(node + of);
          if (found == weights.end()) continue;
          std::vector<float>& values = found->second.values;
          const std::int64_t inner = std::ssize(values) / found->second.shape[0];
          std::copy_n(values.begin() + from * inner, inner, values.begin() + to * inner);
        }
      }
  return weights;
}

KeptUnits even_units(const ChannelGroups& groups) {
  KeptUnits kept;
  for (const ChannelGroup& group : groups.groups()) {
    std::vector<std::int32_t>& units = kept.groups.emplace_back();
    for (std::int32_t u = 0; u < std::ssize(group.units); u += 2) units.push_back(u);
  }
  return kept;
}

/// A law as witness: what was there twice can be removed without any loss, once readers have
/// learned to count it double.
TEST(RefitWeights, RepeatedChannelsAreRemovedWithoutLoss) {
  for (const Network& network : {mixed(), make_builtin_network("resnet8").value()}) {
    SCOPED_TRACE(network.name());
    const ChannelGroups groups(network);
    const WeightMap weights = doubled(network, groups);
    const ShrunkNetwork shrunk = shrink(network, groups, even_units(groups)).value();
    const FeatureShape& input = network.nodes().front().shape;
    const ImageSet images = made_images(60, input.channels, input.height, 4);
    const WeightMap small = shrink_weights(network, shrunk, weights);
    const WeightMap fitted = WeightRefit(network, weights, images, kNormalization,
                                         {.points_per_image = 60, .ridge = 1e-9})
                                 .refitted(shrunk, small);
    const Tensor whole = run(network, weights, images);
    EXPECT_GT(distance(run(shrunk.network, small, images), whole), 0.1);
    EXPECT_LT(distance(run(shrunk.network, fitted, images), whole), 2e-3);
  }
}

TEST(RefitWeights, NothingRemovedNothingChanged) {
  const Network network = mixed();
  const ChannelGroups groups(network);
  const WeightMap weights = doubled(network, groups);
  const ShrunkNetwork shrunk = shrink(network, groups, KeptUnits::all(groups)).value();
  const WeightMap fitted = WeightRefit(network, weights, made_images(20, 3, 8, 4), kNormalization)
                               .refitted(shrunk, weights);
  for (const auto& [name, tensor] : weights)
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      ASSERT_NEAR(fitted.at(name).values[i], tensor.values[i], 1e-4) << name;
}

/// One layer by hand: y = 2 a + 3 b + 1, where b is removed, on points with mean(ab) known.
/// The best of W a + c is W = 2 + 3 cov(a, b) / var(a), c = mean(y - W a).
TEST(RefitWeights, OneLayerHasTheLeastSquaresSolution) {
  NetworkBuilder builder;
  NodeId x = builder.input({2, 1, 1});
  const NodeId ab = builder.conv_bias("ab", x, 2, {}, Activation::none);
  builder.fully_connected("last", ab, 1);
  const Network network = std::move(builder).finish("plain");
  const WeightMap weights{{"ab.weight", {{2, 2, 1, 1}, {1, 0, 0, 1}}},
                          {"ab.bias", {{2}, {0, 0}}},
                          {"last.weight", {{1, 2}, {2, 3}}},
                          {"last.bias", {{1}, {1}}}};
  const ChannelGroups groups(network);
  const ShrunkNetwork shrunk = shrink(network, groups, {{{0}}}).value();
  ImageSet images{.name = "made", .channels = 2, .height = 1, .width = 1, .classes = 2};
  images.pixels = {10, 20, 50, 90, 200, 120, 90, 30};  // (a, b) of four images
  images.labels = {0, 1, 0, 1};
  const Normalization plain{{0.0F, 0.0F}, {1.0F, 1.0F}};
  double a_mean = 0, b_mean = 0, ab_mean = 0, aa_mean = 0;
  for (std::size_t i = 0; i < 8; i += 2) {
    const double a = images.pixels[i] / 255.0, b = images.pixels[i + 1] / 255.0;
    a_mean += a / 4;
    b_mean += b / 4;
    ab_mean += a * b / 4;
    aa_mean += a * a / 4;
  }
  const double slope = 2 + 3 * (ab_mean - a_mean * b_mean) / (aa_mean - a_mean * a_mean);
  const WeightMap fitted =
      WeightRefit(network, weights, images, plain, {.points_per_image = 1, .ridge = 0.0})
          .refitted(shrunk, shrink_weights(network, shrunk, weights));
  EXPECT_NEAR(fitted.at("last.weight").values[0], slope, 1e-4);
  EXPECT_NEAR(fitted.at("last.bias").values[0], 1 + 2 * a_mean + 3 * b_mean - slope * a_mean, 1e-4);
}

/// Three points of four inputs: the gradient of the sum that is to be least is 0, by the formula.
TEST(RefitWeights, FewerPointsThanInputsAreSolvedToo) {
  NetworkBuilder builder;
  const NodeId x = builder.input({6, 1, 1});
  const NodeId same = builder.conv_bias("same", x, 6, {}, Activation::none);
  builder.fully_connected("last", same, 2);
  const Network network = std::move(builder).finish("wide");
  Rng rng(9);
  WeightMap weights{{"same.weight", {{6, 6, 1, 1}, std::vector<float>(36)}},
                    {"same.bias", {{6}, std::vector<float>(6)}},
                    {"last.weight", {{2, 6}, std::vector<float>(12)}},
                    {"last.bias", {{2}, {0.5F, -0.25F}}}};
  for (std::size_t k = 0; k < 6; ++k) weights["same.weight"].values[7 * k] = 1.0F;
  for (float& w : weights["last.weight"].values) w = static_cast<float>(rng.normal());
  const ChannelGroups groups(network);
  const ShrunkNetwork shrunk = shrink(network, groups, {{{0, 1, 3, 4}}}).value();
  ImageSet images = made_images(3, 6, 1, 3);
  const Normalization plain{std::vector<float>(6, 0.0F), std::vector<float>(6, 1.0F)};
  constexpr double kRidge = 0.1;
  const WeightMap small = shrink_weights(network, shrunk, weights);
  // The first layer loses rows alone: its fit is perfect and changes nothing.
  const WeightMap fitted =
      WeightRefit(network, weights, images, plain, {.points_per_image = 1, .ridge = kRidge})
          .refitted(shrunk, small);

  const std::vector<std::size_t> kept{0, 1, 3, 4};
  const auto pixel = [&](std::size_t image, std::size_t channel) {
    return images.pixels[6 * image + channel] / 255.0;
  };
  double centred[3][4], squares = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    const double mean = (pixel(0, kept[k]) + pixel(1, kept[k]) + pixel(2, kept[k])) / 3.0;
    for (std::size_t i = 0; i < 3; ++i) {
      centred[i][k] = pixel(i, kept[k]) - mean;
      squares += centred[i][k] * centred[i][k] / 4.0;
    }
  }
  for (std::size_t out = 0; out < 2; ++out) {
    double missed[3], changed = 0.0;
    for (std::size_t i = 0; i < 3; ++i) {
      missed[i] = weights["last.bias"].values[out] - fitted.at("last.bias").values[out];
      for (std::size_t c = 0; c < 6; ++c)
        missed[i] += weights["last.weight"].values[6 * out + c] * pixel(i, c);
      for (std::size_t k = 0; k < 4; ++k)
        missed[i] -= fitted.at("last.weight").values[4 * out + k] * pixel(i, kept[k]);
    }
    EXPECT_NEAR(missed[0] + missed[1] + missed[2], 0.0, 1e-5);  // the gradient in c
    for (std::size_t k = 0; k < 4; ++k) {
      const double moved = fitted.at("last.weight").values[4 * out + k] -
                           small.at("last.weight").values[4 * out + k];
      double gradient = -kRidge * squares * moved;
      for (std::size_t i = 0; i < 3; ++i) gradient += missed[i] * centred[i][k];
      EXPECT_NEAR(gradient, 0.0, 1e-5);
      changed += moved * moved;
    }
    EXPECT_GT(changed, 1e-3);
  }
}

}  // namespace
}  // namespace hwflow::train
