#include "train/nn/weight_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "train/nn/weight_shapes.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

/// Every tensor of the network, filled with its own number.
WeightMap numbered_weights(const Network& network) {
  WeightMap weights;
  float number = 0.0F;
  for (const auto& [name, shape] : expected_tensors(network)) {
    std::int64_t elements = 1;
    for (const std::int64_t size : shape) elements *= size;
    weights[name] = {shape, std::vector<float>(static_cast<std::size_t>(elements), ++number)};
  }
  return weights;
}

using Rename = std::pair<const char*, const char*>;

/// The network's own weights under other names must come back under the old ones.
void expect_found(const char* network_name, const std::vector<Rename>& renames) {
  const Network network = *make_builtin_network(network_name);
  const WeightMap own = numbered_weights(network);
  WeightMap renamed = own;
  for (const auto& [ours, theirs] : renames) {
    auto node = renamed.extract(ours);
    ASSERT_FALSE(node.empty()) << ours;
    node.key() = theirs;
    renamed.insert(std::move(node));
  }
  const auto matched = match_weights(network, renamed, "file");
  ASSERT_TRUE(matched) << to_text(matched.error());
  EXPECT_EQ(matched.value(), own);
}

TEST(WeightNames, OwnNames) { expect_found("resnet20", {}); }

TEST(WeightNames, CifarResNetNames) {
  expect_found("resnet20", {{"conv1.batch_norm.weight", "bn1.weight"},
                            {"conv1.batch_norm.running_var", "module.bn1.running_var"},
                            {"layer1.0.conv2.batch_norm.bias", "layer1.0.bn2.bias"},
                            {"layer3.2.conv2.batch_norm.running_mean", "layer3.2.bn2.running_mean"},
                            {"layer3.2.conv2.weight", "module.layer3.2.conv2.weight"},
                            {"linear.weight", "fc.weight"},
                            {"linear.bias", "fc.bias"}});
}

TEST(WeightNames, ShortcutBranch) {
  expect_found("resnet20b",
               {{"layer2.0.downsample.weight", "layer2.0.downsample.0.weight"},
                {"layer2.0.downsample.batch_norm.weight", "layer2.0.downsample.1.weight"},
                {"layer2.0.downsample.batch_norm.running_var", "layer2.0.downsample.1.running_var"},
                {"layer3.0.downsample.weight", "layer3.0.shortcut.0.weight"},
                {"layer3.0.downsample.batch_norm.bias", "layer3.0.shortcut.1.bias"}});
}

TEST(WeightNames, KerasNames) {
  // conv2d_5 is a shortcut without BatchNorm, so the count goes from conv2d_4 to conv2d_6.
  expect_found("resnet8", {{"conv2d.batch_norm.weight", "batch_normalization.weight"},
                           {"conv2d_4.batch_norm.bias", "batch_normalization_4.bias"},
                           {"conv2d_6.batch_norm.weight", "batch_normalization_5.weight"},
                           {"conv2d_7.batch_norm.weight", "batch_normalization_6.weight"}});
}

TEST(WeightNames, CountsOfBatchesAreLeftOut) {
  const Network network = *make_builtin_network("resnet20");
  WeightMap weights = numbered_weights(network);
  weights["bn1.num_batches_tracked"] = {{}, {5.0F}};
  EXPECT_TRUE(match_weights(network, weights, "file"));
}

TEST(WeightNames, TellsAllThatIsMissingUnusedOrMisshapen) {
  const Network network = *make_builtin_network("resnet20");
  WeightMap weights = numbered_weights(network);
  weights.erase("conv1.weight");
  weights["layer9.conv.weight"] = {{1}, {0.0F}};
  weights["linear.weight"] = {{10, 63}, std::vector<float>(630)};
  weights["fc.bias"] = weights["linear.bias"];
  const auto matched = match_weights(network, weights, "w.safetensors");
  ASSERT_FALSE(matched);
  ASSERT_EQ(matched.error().size(), 4U);
  const std::string text = to_text(matched.error());
  EXPECT_THAT(text, HasSubstr("'conv1.weight': of network resnet20 is missing"));
  EXPECT_THAT(text, HasSubstr("'layer9.conv.weight': belongs to nothing"));
  EXPECT_THAT(text, HasSubstr("'linear.weight': has shape [10, 63], the network wants [10, 64]"));
  EXPECT_THAT(text, HasSubstr("is a second 'linear.bias'"));
}

TEST(WeightNames, AOneByOneConvolutionMayBeWrittenAsAMatrix) {
  const Network network = *make_builtin_network("resnet20b");
  WeightMap weights = numbered_weights(network);
  weights["layer2.0.downsample.weight"].shape = {32, 16};
  const auto matched = match_weights(network, weights, "file");
  ASSERT_TRUE(matched) << to_text(matched.error());
  EXPECT_THAT(matched->at("layer2.0.downsample.weight").shape, testing::ElementsAre(32, 16, 1, 1));
}

}  // namespace
}  // namespace hwflow::train
