#include "train/quant/fake_quantized_module.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "tests/train/quant/quadrants.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/quantized_testing.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

using torch::Tensor;

/// Three features, two classes; step 0.1 with codes 0..15, so the clip is 1.5.
QuantizedNetwork one_layer(const WeightQuantizer& weights) {
  NetworkBuilder builder;
  builder.fully_connected("last", builder.input({3, 1, 1}), 2);
  QuantizedNetwork quantized{.network = std::move(builder).finish("one"),
                             .weights = {},
                             .plan = CompressionPlan::uniform(1, weights.bits, 4),
                             .nodes = {},
                             .normalization = {{0.0F, 0.0F, 0.0F}, {1.0F, 1.0F, 1.0F}}};
  quantized.weights["last.weight"] = {{2, 3}, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}};
  quantized.weights["last.bias"] = {{2}, {0.0F, 0.0F}};
  quantized.nodes = {{}, {.inputs = {{0.1, 0, 15, 4}}, .weights = weights}};
  return quantized;
}

/// Gradient of the step for the sum of all logits of one image; undefined when it is not trained.
Tensor step_gradient(QuantizerMethod method, double clip_decay) {
  FakeQuantizedModule module(one_layer({}), method, clip_decay);
  const Tensor image = torch::tensor({0.2F, 1.7F, 2.0F}).view({1, 3, 1, 1});
  module.forward(image).sum().backward();
  for (const auto& item : module.named_parameters())
    if (item.key().rfind("scale_", 0) == 0) return item.value().grad();
  return {};
}

TEST(FakeQuantizedModule, ClipsAndStepsHaveTheGradientsOfTheirPapers) {
  // Features 2 and 3 are clipped; their weights add up to 0.2 + 0.5 + 0.3 + 0.6 = 1.6, feature 1
  // (0.2, two steps exactly) has no rounding error.
  // PACT: dL/da = 1.6 (1 for each clipped value), a = 15 s: a gradient step of a is one of s by
  // dL/da / 15, and the decay of a by 0.01 is one of s by 0.01 (0.01 * 0.1).
  EXPECT_NEAR(step_gradient(QuantizerMethod::pact, 0.0).item<float>(), 1.6 / 15.0, 1e-6);
  EXPECT_NEAR(step_gradient(QuantizerMethod::pact, 0.01).item<float>(), 1.6 / 15.0 + 0.001, 1e-6);
  // LSQ: dL/ds = 15 * 1.6, times 1 / sqrt(3 elements * 15).
  EXPECT_NEAR(step_gradient(QuantizerMethod::lsq, 0.01).item<float>(), 24.0 / std::sqrt(45.0),
              1e-4);
  // DoReFa: the clip is no parameter to be trained.
  EXPECT_FALSE(step_gradient(QuantizerMethod::dorefa, 0.0).defined());
}

/// Weights of one_layer() at 4 bits as a forward pass uses them, as codes of step 0.1.
std::vector<int> codes_in_use(FakeQuantizedModule& module) {
  const torch::NoGradGuard no_gradients;
  const Tensor weight = torch::round(module.weight_of(1, module.tensors(1).weight) / 0.1);
  std::vector<int> codes;
  for (std::int64_t i = 0; i < 6; ++i) codes.push_back(weight.flatten()[i].item<int>());
  return codes;
}

TEST(FakeQuantizedModule, FlippedBitsAreThoseOfTheWord) {
  FakeQuantizedModule module(one_layer({.bits = 4, .range = {-8, 7}, .scales = {0.1}}),
                             QuantizerMethod::lsq);
  const std::vector<int> plain{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(codes_in_use(module), plain);
  Rng rng(1);
  EXPECT_TRUE(module.flip_bits({.weights = 0.5}, &rng));
  // Every bit at random: every code from -8 to 7 as often as another. Mean -1/2, mean square 21.5
  // (the sum of squares of -8 .. 7 is 344). 12 000 draws: errors of 0.042 and 0.18.
  double sum = 0.0, squares = 0.0;
  for (int pass = 0; pass < 2000; ++pass) {
    for (const int code : codes_in_use(module)) {
      ASSERT_TRUE(code >= -8 && code <= 7);
      sum += code;
      squares += code * code;
    }
  }
  EXPECT_NEAR(sum / 12'000, -0.5, 0.15);
  EXPECT_NEAR(squares / 12'000, 21.5, 0.6);
  // Rarely: a flip of bit k changes the code by 2^k, each with probability p: on average
  // p (1 + 4 + 16 + 64) squared, but for two flips at once.
  (void)module.flip_bits({.weights = 0.01}, &rng);
  double changed = 0.0;
  for (int pass = 0; pass < 4000; ++pass) {
    const std::vector<int> codes = codes_in_use(module);
    for (std::size_t i = 0; i < 6; ++i) changed += (codes[i] - plain[i]) * (codes[i] - plain[i]);
  }
  EXPECT_NEAR(changed / 24'000, 0.85, 0.12);
  (void)module.flip_bits({}, nullptr);
  EXPECT_EQ(codes_in_use(module), plain);
}

TEST(FakeQuantizedModule, BitsOfMapsWithoutNegativeCodesAreUnsigned) {
  FakeQuantizedModule module(one_layer({}), QuantizerMethod::lsq);
  const torch::NoGradGuard no_gradients;
  const auto sums = [&](int passes) {
    std::pair<double, double> sum{0.0, 0.0};
    for (int pass = 0; pass < passes; ++pass) {
      // A tensor of its own: a second reader of the same one in a pass reads the same flips.
      const Tensor map = torch::full({1, 20, 1, 1}, 0.52);
      module.forward(torch::zeros({1, 3, 1, 1}));
      const Tensor codes = torch::round(module.input_of(1, 0, map) / 0.1);
      EXPECT_GE(codes.min().item<double>(), 0.0);
      EXPECT_LE(codes.max().item<double>(), 15.0);
      sum.first += codes.sum().item<double>();
      sum.second += codes.square().sum().item<double>();
    }
    return sum;
  };
  Rng rng(1);
  EXPECT_TRUE(module.flip_bits({.activations = 0.5}, &rng));
  const auto [sum, squares] = sums(500);  // 0 .. 15 alike: mean 7.5, mean square 1240 / 16
  EXPECT_NEAR(sum / 10'000, 7.5, 0.2);
  EXPECT_NEAR(squares / 10'000, 77.5, 3.0);
  EXPECT_EQ(module.weight_of(1, module.tensors(1).weight).equal(module.tensors(1).weight), true)
      << "weights are float here, and nobody asked for theirs";
  EXPECT_FALSE(module.flip_bits({.weights = 0.5}, &rng)) << "there are no codes of weights";
  const auto [plain, plain_squares] = sums(1);
  EXPECT_EQ(plain, 20 * 5);
}

TEST(FakeQuantizedModule, DorefaWeightsGoThroughTanh) {
  // 2 bits, n = 3, per channel. Channel 0, m = 0.3: shares tanh(w) / (2 tanh 0.3) + 1/2 are
  // 0.6711, 0.8388, 1 -> codes 2 round(2.013, 2.516, 3) - 3 = 1, 3, 3, unit 0.1.
  // Channel 1, m = 0.6: 0.8538, 0.9303, 1 -> round(2.56, 2.79, 3) -> 3, 3, 3, unit 0.2.
  FakeQuantizedModule module(
      one_layer({.bits = 2, .range = {-3, 3}, .scales = {0.1, 0.2}, .dorefa = true}),
      QuantizerMethod::dorefa);
  const Tensor w = torch::tensor({0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}).view({2, 3});
  const Tensor leaf = w.clone().requires_grad_(true);
  const Tensor rounded = module.weight_of(1, leaf);
  const Tensor expected = torch::tensor({0.1F, 0.3F, 0.3F, 0.6F, 0.6F, 0.6F}).view({2, 3});
  EXPECT_TRUE(torch::allclose(rounded, expected, 1e-5, 1e-6)) << rounded;
  // d/dw of m tanh(w) / tanh(m), m held: m (1 - tanh(w)^2) / tanh(m).
  rounded.sum().backward();
  for (int k = 0; k < 6; ++k) {
    const double m = k < 3 ? 0.3 : 0.6, value = 0.1 * (k + 1);
    const double slope = m * (1.0 - std::tanh(value) * std::tanh(value)) / std::tanh(m);
    EXPECT_NEAR(leaf.grad().data_ptr<float>()[k], slope, 1e-5) << k;
  }
}

TEST(FakeQuantizedModule, DorefaOneBitIsSignTimesMeanMagnitude) {
  // Means of the channels: 0.2 and 0.5; all weights are positive.
  FakeQuantizedModule module(
      one_layer({.bits = 1, .range = {-1, 1}, .scales = {0.2, 0.5}, .dorefa = true}),
      QuantizerMethod::dorefa);
  const Tensor w = torch::tensor({0.1F, -0.2F, 0.3F, 0.4F, 0.5F, -0.6F}).view({2, 3});
  const Tensor leaf = w.clone().requires_grad_(true);
  const Tensor rounded = module.weight_of(1, leaf);
  const Tensor expected = torch::tensor({0.2F, -0.2F, 0.2F, 0.5F, 0.5F, -0.5F}).view({2, 3});
  EXPECT_TRUE(torch::allclose(rounded, expected, 1e-6, 1e-6)) << rounded;
  rounded.sum().backward();
  EXPECT_TRUE(torch::equal(leaf.grad(), torch::ones({2, 3})));  // straight through
}

class TrainedBy : public testing::TestWithParam<QuantizerMethod> {};

TEST_P(TrainedBy, LossFallsAndTheIntegersSayTheSame) {
  const QuantizerMethod method = GetParam();
  const CompressionPlan plan{{{8, 8}, {2, 2}, {1, 3}, {4, 4}}};
  const QuantizedNetwork start = quantize_quadrants(plan, method);
  FakeQuantizedModule module(start, method, 1e-4);
  TrainOptions options;
  options.epochs = 3;
  options.batch_size = 50;
  options.learning_rate = 0.003;
  options.warmup_epochs = 0.0;
  const auto epochs =
      train_module(module, trained().data->train, trained().options.normalization, options, {}, {});
  ASSERT_TRUE(epochs.has_value());
  EXPECT_LT(epochs->back().loss, 0.9 * epochs->front().loss);
  const QuantizedNetwork end = module.quantized();
  EXPECT_NE(end.weights, start.weights);
  // Clips stay where they were for DoReFa, and only there (they are float32 in the module).
  const double before = start.nodes.back().inputs[0].scale;
  const double after = end.nodes.back().inputs[0].scale;
  EXPECT_EQ(std::abs(after / before - 1.0) < 1e-6, method == QuantizerMethod::dorefa);
  const auto integers = to_integer_network(end);
  ASSERT_TRUE(integers.has_value()) << to_text(integers.error());
  EXPECT_EQ(test_integers(*integers, trained().data->test, 1),
            test_fake_quantized(end, trained().data->test));
}

TEST(FakeQuantizedModule, LearnedScalesCannotRunAway) {
  // A rate that throws every scale far past 0 in one step; the law: a quarter to four times the
  // calibrated scale, whatever the rate.
  const QuantizedNetwork start =
      quantize_quadrants({{{8, 8}, {8, 8}, {8, 8}, {8, 8}}}, QuantizerMethod::lsq);
  FakeQuantizedModule module(start, QuantizerMethod::lsq, 0.0);
  TrainOptions options;
  options.epochs = 1;
  options.batch_size = 50;
  options.learning_rate = 10.0;
  options.warmup_epochs = 0.0;
  (void)train_module(module, trained().data->train, trained().options.normalization, options, {},
                     {});
  const QuantizedNetwork end = module.quantized();
  bool moved = false;
  for (std::size_t i = 0; i < start.nodes.size(); ++i) {
    for (std::size_t edge = 0; edge < start.nodes[i].inputs.size(); ++edge) {
      const double ratio = end.nodes[i].inputs[edge].scale / start.nodes[i].inputs[edge].scale;
      EXPECT_GE(ratio, 0.2499) << i;
      EXPECT_LE(ratio, 4.001) << i;
      moved |= std::abs(ratio - 1.0) > 0.5;
    }
  }
  EXPECT_TRUE(moved) << "the rate was to throw scales";
}

INSTANTIATE_TEST_SUITE_P(Methods, TrainedBy,
                         testing::Values(QuantizerMethod::lsq, QuantizerMethod::pact,
                                         QuantizerMethod::dorefa),
                         [](const auto& row) { return std::string(name(row.param)); });

}  // namespace
}  // namespace hwflow::train
