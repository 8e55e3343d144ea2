#include "train/quant/integer_executor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/quant/naive_integer.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "train/quant/integer_checks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

/// Compares all codes that arithmetic nodes read, and the logits. False: the image proves nothing.
bool compare_with_oracle(const IntegerNetwork& network, KernelSet kernels,
                         std::span<const std::uint8_t> image) {
  const NaiveResult naive = run_naively(network, image);
  if (naive.near_tie) return false;
  const auto executor = IntegerExecutor::make(network, kernels);
  EXPECT_TRUE(executor.has_value());
  for (std::size_t i = 0; i < network.nodes.size(); ++i)
    for (std::size_t edge = 0; edge < network.nodes[i].inputs.size(); ++edge)
      EXPECT_EQ(executor->input_codes(image, i, edge), naive.read[i][edge])
          << "node " << network.network.nodes()[i].name << " edge " << edge;
  const std::vector<std::int64_t> logits = executor->logits(image, 1, 1);
  EXPECT_EQ(logits.size(), naive.logits.size());
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const double expected = static_cast<double>(naive.logits[k]);
    EXPECT_NEAR(static_cast<double>(logits[k]) * executor->logit_unit(), expected,
                1e-5 * (std::abs(expected) + 1.0));
  }
  return true;
}

void compare_random_networks(std::uint64_t seed, int networks, const RandomNetworkOptions& options,
                             KernelSet kernels) {
  int compared = 0;
  for (int trial = 0; trial < networks && !testing::Test::HasFailure(); ++trial) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " trial " + std::to_string(trial));
    Rng rng = Rng::derive(seed, static_cast<std::uint64_t>(trial));
    const IntegerNetwork network = random_integer_network(rng, options);
    const auto image = random_images(rng, network, 1);
    compared += compare_with_oracle(network, kernels, image) ? 1 : 0;
  }
  EXPECT_GT(compared, networks / 2) << "too many ties to mean anything";
}

TEST(IntegerExecutor, EqualsScalarLoopsOnRandomNetworksOfMixedWidths) {
  compare_random_networks(1, 150, {}, KernelSet::best);
}

TEST(IntegerExecutor, PortableKernelsEqualScalarLoops) {
  compare_random_networks(2, 80, {}, KernelSet::portable);
}

TEST(IntegerExecutor, EveryWidthEqualsScalarLoops) {
  for (const int bits : {1, 2, 3, 4, 5, 6, 7, 8})
    compare_random_networks(static_cast<std::uint64_t>(10 + bits), 15, {bits, bits},
                            KernelSet::best);
}

TEST(IntegerExecutor, SixteenBitWidthsEqualScalarLoops) {
  compare_random_networks(31, 20, {16, 16}, KernelSet::best);
  compare_random_networks(32, 20, {8, 16}, KernelSet::best);
  compare_random_networks(33, 20, {16, 8}, KernelSet::best);
}

/// 1x1 image, one weight: everything by hand.
IntegerNetwork one_weight(std::int16_t weight, Activation activation) {
  NetworkBuilder builder;
  const NodeId input = builder.input({1, 1, 1});
  const NodeId first = builder.conv_bias("first", input, 1, {.kernel = 1}, activation);
  builder.fully_connected("last", first, 1);
  IntegerCompute compute{.codes = {weight},
                         .shape = {1, 1, 1, 1},
                         .scales = {0.5},
                         .low = -128,
                         .high = 127,
                         .bits = 8,
                         .bias = {3}};
  IntegerCompute identity{.codes = {1},
                          .shape = {1, 1},
                          .scales = {1.0},
                          .low = -128,
                          .high = 127,
                          .bits = 8,
                          .bias = {0}};
  IntegerNetwork network{.network = std::move(builder).finish("one"),
                         .nodes = {},
                         .input_mean = {0.0F},
                         .input_std = {1.0F},
                         .plan = {}};
  network.nodes = {{}, {{{1.0 / 255.0, 0, 255, 8}}, compute}, {{{0.25, -128, 127, 8}}, identity}};
  return network;
}

TEST(IntegerExecutor, HandComputedLayerRoundsHalfUpAndClamps) {
  // Pixel 101 is code 101 (real 101/255). Sum = 101 * 2 + 3 = 205, unit 0.5/255;
  // the reader's step is 0.25: 205 * 0.5 / 255 / 0.25 = 1.607843 -> 2.
  const std::vector<std::uint8_t> image{101};
  auto executor = IntegerExecutor::make(one_weight(2, Activation::none));
  ASSERT_TRUE(executor.has_value());
  EXPECT_THAT(executor->input_codes(image, 1, 0), testing::ElementsAre(101));
  EXPECT_THAT(executor->input_codes(image, 2, 0), testing::ElementsAre(2));
  // Weight -2: sum = -199 -> -1.560784 -> -2; ReLU makes it 0.
  EXPECT_THAT(IntegerExecutor::make(one_weight(-2, Activation::none))->input_codes(image, 2, 0),
              testing::ElementsAre(-2));
  EXPECT_THAT(IntegerExecutor::make(one_weight(-2, Activation::relu))->input_codes(image, 2, 0),
              testing::ElementsAre(0));
}

TEST(IntegerExecutor, ResultsDoNotDependOnThreads) {
  Rng rng(5);
  const IntegerNetwork network = random_integer_network(rng, {});
  const auto images = random_images(rng, network, 150);
  const auto executor = IntegerExecutor::make(network);
  ASSERT_TRUE(executor.has_value());
  const auto one = executor->logits(images, 150, 1);
  EXPECT_EQ(one, executor->logits(images, 150, 2));
  EXPECT_EQ(one, executor->logits(images, 150, 5));
}

TEST(IntegerExecutor, RefusesWhatHasNoIntegerForm) {
  NetworkBuilder builder;
  const NodeId input = builder.input({1, 2, 2});
  const NodeId first = builder.conv_bias("swish", input, 1, {.kernel = 1}, Activation::hard_swish);
  builder.fully_connected("last", first, 2);
  const Diagnostics problems =
      integer::unsupported_in_integers(std::move(builder).finish("refused"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].place, "refused: swish");
}

TEST(IntegerExecutor, TellsAllInconsistenciesAtOnce) {
  IntegerNetwork network = one_weight(2, Activation::none);
  network.nodes[1].inputs[0].scale = 0.0;
  network.nodes[1].compute->codes[0] = 200;
  network.nodes[2].compute->bias.clear();
  const auto executor = IntegerExecutor::make(network);
  ASSERT_FALSE(executor.has_value());
  EXPECT_THAT(to_text(executor.error()),
              testing::AllOf(testing::HasSubstr("scale must be a positive number"),
                             testing::HasSubstr("weight codes outside -128..127"),
                             testing::HasSubstr("0 biases for 1 channels")));
}

}  // namespace
}  // namespace hwflow::train
