#include "study/decision_states.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/study/small_world.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::study {
namespace {

/// Widths 2, 4, 8.
std::vector<Decision> decisions(const Network& network, std::vector<PinnedLayer> pinned = {}) {
  SearchOptions options;
  options.pinned = std::move(pinned);
  return decisions_of(PlanSpace(options, network), network);
}

std::vector<LayerFeatures> features(const Network& network, std::size_t first = 0) {
  std::vector<std::size_t> layers(network.compute_nodes().size() - first);
  std::iota(layers.begin(), layers.end(), first);
  return layer_features(network, layers);
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
  const std::vector<LayerFeatures> all = features(network);
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
  const std::vector<LayerFeatures> all = features(network);
  ASSERT_EQ(all.size(), 28U);
  expect_features(all[0], {0, 3, 32, 2, 3, 3 * 32 * 9, 224 * 224, 0});
  expect_features(all[1], {1, 32, 32, 1, 3, 32 * 9, 112 * 112, 1});
  expect_features(all[2], {0, 32, 64, 1, 1, 32 * 64, 112 * 112, 2});
  expect_features(all[3], {1, 64, 64, 2, 3, 64 * 9, 112 * 112, 3});
  expect_features(all[27], {0, 1024, 1000, 0, 1, 1024 * 1000, 1, 27});
}

TEST(LayerFeatures, CountLayersFromTheFirstThatIsAsked) {
  const Network network = make_builtin_network("resnet20").value();
  const std::vector<LayerFeatures> all = features(network, 1);
  ASSERT_EQ(all.size(), 19U);
  expect_features(all[0], {0, 16, 16, 1, 3, 16 * 16 * 9, 32 * 32, 0});
}

// Least and most over ResNet-20: c_in 3..64, c_out 10..64, stride 0..2, kernel 1..3, weights
// 432..36864, map 1..1024, index 0..19; nothing is depthwise.
TEST(DecisionStates, ScalesEveryFeatureOverTheLayers) {
  const Network network = make_builtin_network("resnet20").value();
  const DecisionStates states(network, decisions(network), false);
  ASSERT_EQ(states.decisions().size(), 40U);
  const std::vector<double> expected{0.0,
                                     (16.0 - 3.0) / 61.0,
                                     (32.0 - 10.0) / 54.0,
                                     1.0,
                                     1.0,
                                     (4608.0 - 432.0) / (36864.0 - 432.0),
                                     1.0,
                                     7.0 / 19.0,
                                     0.5,
                                     0.0};
  const std::vector<double> found = states.state(15, 0.5);  // inputs of layer 7
  ASSERT_EQ(found.size(), states.features());
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_DOUBLE_EQ(found[i], expected[i]) << i;
}

TEST(DecisionStates, TellsTheLastShareAndWhatIsDecided) {
  const Network network = make_builtin_network("mobilenetv1").value();
  const DecisionStates states(network, decisions(network), false);
  EXPECT_EQ(states.state(0, 1.0)[8], 1.0);
  EXPECT_EQ(states.state(0, 1.0)[9], 1.0);
  EXPECT_EQ(states.state(2, 0.25)[0], 1.0);  // depthwise
  EXPECT_EQ(states.state(3, 0.25)[8], 0.25);
  EXPECT_EQ(states.state(3, 0.25)[9], 0.0);
  EXPECT_EQ(states.state(4, 0.25)[0], 0.0);
}

TEST(DecisionStates, WhatIsTheSameEverywhereIsZero) {
  const Network network = small_network();  // but for fc: three 3x3 convolutions with stride 1
  const DecisionStates states(network, decisions(network, {{"fc", 8, 8}}), false);
  for (std::size_t i = 0; i < states.decisions().size(); ++i) {
    EXPECT_EQ(states.state(i, 1.0)[3], 0.0);
    EXPECT_EQ(states.state(i, 1.0)[4], 0.0);
  }
}

// Loads of conv1, conv2, conv3, fc; nothing is decided for fc. Energy 0.1 to 0.4: conv2's 0.3 is
// two thirds of the way.
TEST(DecisionStates, LoadsAreScaledLikeShapes) {
  const Network network = small_network();
  const std::vector<LayerLoad> loads{{0.1, 0.1, 0.0, 0.5, false},
                                     {0.3, 0.2, 0.1, 1.0, true},
                                     {0.4, 0.3, 0.2, 0.75, false},
                                     {0.2, 0.4, 0.7, 0.1, true}};
  const DecisionStates states(network, decisions(network, {{"fc", 8, 8}}), true, loads);
  const std::vector<double> found = states.state(2, 0.5);
  ASSERT_EQ(found.size(), 8U + 5U + 3U);
  EXPECT_EQ(states.features(), found.size());
  EXPECT_NEAR(found[8], 2.0 / 3.0, 1e-12);
  EXPECT_NEAR(found[9], 0.5, 1e-12);
  EXPECT_NEAR(found[10], 0.5, 1e-12);
  EXPECT_EQ(std::vector<double>(found.begin() + 11, found.end()),
            (std::vector<double>{1.0, 1.0, 0.5, 1.0, 0.0}));
}

}  // namespace
}  // namespace hwflow::study
