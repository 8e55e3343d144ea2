#include "study/layer_states.hpp"

#include <gtest/gtest.h>

#include "tests/study/small_world.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::study {
namespace {

PlanSpace space_of(const Network& network, std::vector<PinnedLayer> pinned = {}) {
  SearchOptions options;  // widths 2, 4, 8
  options.pinned = std::move(pinned);
  return {options, network};
}

void expect_features(const LayerFeatures& f, const std::vector<double>& expected) {
  EXPECT_EQ((std::vector<double>{f.depthwise, f.in_channels, f.out_channels, f.stride, f.kernel,
                                 f.weights, f.input_map, f.index}),
            expected);
}

// He et al. 2016 for CIFAR-10: conv 3 to 16, three stages of three blocks of two 3x3 convolutions
// with 16, 32, 64 channels on 32x32, 16x16, 8x8 maps, then 64 to 10. The shortcuts have no weights.
TEST(LayerFeatures, OfResNet20) {
  const Network network = make_builtin_network("resnet20").value();
  const std::vector<LayerFeatures> all = layer_features(network, space_of(network));
  ASSERT_EQ(all.size(), 20U);
  expect_features(all[0], {0, 3, 16, 1, 3, 3 * 16 * 9, 32 * 32, 0});
  expect_features(all[1], {0, 16, 16, 1, 3, 16 * 16 * 9, 32 * 32, 1});
  expect_features(all[7], {0, 16, 32, 2, 3, 16 * 32 * 9, 32 * 32, 7});  // first of stage 2
  expect_features(all[8], {0, 32, 32, 1, 3, 32 * 32 * 9, 16 * 16, 8});
  expect_features(all[18], {0, 64, 64, 1, 3, 64 * 64 * 9, 8 * 8, 18});
  expect_features(all[19], {0, 64, 10, 0, 1, 64 * 10, 1, 19});
}

// Howard et al. 2017, table 1: conv 3 to 32 with stride 2 on 224x224; depthwise 32 on 112x112;
// pointwise 32 to 64; depthwise 64 with stride 2.
TEST(LayerFeatures, OfMobileNet) {
  const Network network = make_builtin_network("mobilenetv1").value();
  const std::vector<LayerFeatures> all = layer_features(network, space_of(network));
  ASSERT_EQ(all.size(), 28U);
  expect_features(all[0], {0, 3, 32, 2, 3, 3 * 32 * 9, 224 * 224, 0});
  expect_features(all[1], {1, 32, 32, 1, 3, 32 * 9, 112 * 112, 1});
  expect_features(all[2], {0, 32, 64, 1, 1, 32 * 64, 112 * 112, 2});
  expect_features(all[3], {1, 64, 64, 2, 3, 64 * 9, 112 * 112, 3});
  expect_features(all[27], {0, 1024, 1000, 0, 1, 1024 * 1000, 1, 27});
}

TEST(LayerFeatures, PinnedLayersAreLeftOut) {
  const Network network = make_builtin_network("resnet20").value();
  const std::vector<LayerFeatures> all =
      layer_features(network, space_of(network, {{"first", 8, 8}, {"last", 8, 8}}));
  ASSERT_EQ(all.size(), 18U);
  expect_features(all[0], {0, 16, 16, 1, 3, 16 * 16 * 9, 32 * 32, 0});
}

// Least and most over ResNet-20: c_in 3..64, c_out 10..64, stride 0..2, kernel 1..3, weights
// 432..36864, map 1..1024, index 0..19; nothing is depthwise.
TEST(LayerStates, ScalesEveryFeatureOverTheLayers) {
  const Network network = make_builtin_network("resnet20").value();
  const LayerStates states(network, space_of(network));
  ASSERT_EQ(states.layers(), 20U);
  const std::vector<double> expected{0.0,
                                     (16.0 - 3.0) / 61.0,
                                     (32.0 - 10.0) / 54.0,
                                     1.0,
                                     1.0,
                                     (4608.0 - 432.0) / (36864.0 - 432.0),
                                     1.0,
                                     7.0 / 19.0,
                                     0.5,  // the last width was 4 of 8
                                     0.0};
  const std::vector<double> found = states.state(7, false, 4);
  ASSERT_EQ(found.size(), LayerStates::kFeatures);
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(found[i], expected[i]) << i;
}

TEST(LayerStates, TheFirstDecisionSeesTheGreatestWidthAndTheFlagOfWeights) {
  const Network network = make_builtin_network("mobilenetv1").value();
  const LayerStates states(network, space_of(network));
  const std::vector<double> first = states.state(0, true, 0);
  EXPECT_EQ(first[8], 1.0);
  EXPECT_EQ(first[9], 1.0);
  EXPECT_EQ(states.state(1, true, 2)[0], 1.0);  // depthwise
  EXPECT_EQ(states.state(1, true, 2)[8], 0.25);
  EXPECT_EQ(states.state(2, false, 2)[0], 0.0);
}

TEST(LayerStates, WhatIsTheSameEverywhereIsZero) {
  SearchOptions options;
  options.pinned = {{"fc", 8, 8}};
  const Network network = small_network();  // left: three 3x3 convolutions with stride 1
  const LayerStates states(network, PlanSpace(options, network));
  for (std::size_t layer = 0; layer < states.layers(); ++layer) {
    const std::vector<double> state = states.state(layer, true, 8);
    EXPECT_EQ(state[3], 0.0);
    EXPECT_EQ(state[4], 0.0);
  }
}

}  // namespace
}  // namespace hwflow::study
