#include "study/stored_words.hpp"

#include <gtest/gtest.h>

#include "tests/study/small_world.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::study {
namespace {

using train::fault::Site;

/// Weights 4*4*9, 4*4*9, 4*8*9 and 8*8*8*10; maps of 4, 4, 4 and 8 channels of 8 by 8, the image
/// among them and the logits not.
TEST(StoredWords, AreWeightsAndWhatLayersRead) {
  const CompressionPlan plan{{{8, 4}, {4, 2}, {2, 8}, {8, 4}}, {}};
  const auto words = stored_words(small_network(), plan, 8, {Site::weights, Site::activations});
  EXPECT_EQ(words, (std::vector<StoredWords>{{Site::weights, 1, 8, 144},
                                             {Site::weights, 2, 4, 144},
                                             {Site::weights, 3, 2, 288},
                                             {Site::weights, 4, 8, 5120},
                                             {Site::activations, 0, 4, 256},
                                             {Site::activations, 1, 2, 256},
                                             {Site::activations, 2, 8, 256},
                                             {Site::activations, 3, 4, 512}}));
  EXPECT_EQ(words.front().stored_bits(), 1152);
  EXPECT_EQ(stored_words(small_network(), plan, 8, {Site::weights}).size(), 4U);
}

/// conv1 is read by conv2 at 2 bits and by the addition at 6; behind the pooling conv3 reads the
/// sum at 4, which the pooling passes on, and the average pooling reads at 6.
TEST(StoredWords, AMapIsStoredOnceForEachWidthThatReadersWant) {
  NetworkBuilder net;
  const Window window{.kernel = 3, .pad = 1};
  const NodeId image = net.input({2, 8, 8});
  const NodeId first = net.conv_bias("conv1", image, 4, window, Activation::relu);
  const NodeId second = net.conv_bias("conv2", first, 4, window, Activation::relu);
  const NodeId sum = net.add("sum", first, second, Activation::relu);
  const NodeId pooled = net.max_pool("pool", sum, {.kernel = 2, .stride = 2});
  const NodeId third = net.conv_bias("conv3", pooled, 4, window, Activation::relu);
  net.fully_connected("fc", net.global_average_pool("mean", third), 10);
  const Network network = std::move(net).finish("branched");
  const CompressionPlan plan{{{8, 8}, {8, 2}, {8, 4}, {8, 3}}, {}};
  std::vector<StoredWords> expected;
  const auto at = [&](const char* name) {
    return static_cast<std::size_t>(network.find(name)->value);
  };
  expected.push_back({Site::activations, 0, 8, 128});
  expected.push_back({Site::activations, at("conv1"), 2, 256});
  expected.push_back({Site::activations, at("conv1"), 6, 256});
  expected.push_back({Site::activations, at("conv2"), 6, 256});
  expected.push_back({Site::activations, at("sum"), 4, 256});
  expected.push_back({Site::activations, at("conv3"), 6, 64});
  expected.push_back({Site::activations, at("mean"), 3, 4});
  EXPECT_EQ(stored_words(network, plan, 6, {Site::activations}), expected);
}

}  // namespace
}  // namespace hwflow::study
