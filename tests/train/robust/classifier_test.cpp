#include "train/robust/classifier.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <numeric>

#include "tests/train/quant/quadrants.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/robust/losses.hpp"
#include "train/robust/pixel_box.hpp"

namespace hwflow::train::robust {
namespace {

using torch::Tensor;

constexpr std::int64_t kCount = 40;

const ImageSet& images() { return trained().data->test; }

std::span<const std::uint8_t> bytes() {
  return {images().pixels.data(), static_cast<std::size_t>(kCount * 2 * 12 * 12)};
}
Tensor pixels() { return pixels_of_bytes(bytes(), {kCount, 2, 12, 12}); }
std::vector<std::int64_t> indices() {
  std::vector<std::int64_t> all(kCount);
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}
/// What tests feed the networks.
Tensor inputs() { return to_tensor(images(), trained().options.normalization, indices()); }

QuantizedNetwork quantized() {
  const std::size_t layers = trained().network.compute_nodes().size();
  return quantize_quadrants(CompressionPlan::uniform(layers, 8, 8));
}

TEST(FloatClassifier, IsTheNetworkBehindItsNormalisation) {
  const auto classifier = float_classifier({trained().network, trained().weights},
                                           trained().options.normalization, torch::kCPU);
  NetworkModule module(trained().network);
  load_weights(module, trained().weights);
  module.eval();
  const torch::NoGradGuard no_gradients;
  EXPECT_TRUE(torch::allclose(classifier->logits(pixels()), module.forward(inputs()), 1e-4, 1e-4));
  // BatchNorm by running statistics: an image's logits do not depend on its company.
  EXPECT_TRUE(torch::allclose(classifier->logits(pixels().narrow(0, 3, 1))[0],
                              classifier->logits(pixels())[3], 1e-4, 1e-4));
}

TEST(FloatClassifier, ItsGradientIsByThePixelsNotByTheInput) {
  const auto classifier = float_classifier({trained().network, trained().weights},
                                           trained().options.normalization, torch::kCPU);
  const Tensor x = pixels().narrow(0, 0, 1).clone().requires_grad_(true);
  const Tensor label = torch::tensor(std::vector<std::int64_t>{images().labels[0]});
  margin(classifier->logits(x), label).sum().backward();
  const Tensor gradient = x.grad();
  // By a step along it: the change of the margin is the step times its squared length.
  const double length = gradient.pow(2).sum().item<double>();
  const double step = 1e-3 / std::sqrt(length);
  const torch::NoGradGuard no_gradients;
  const double change = (margin(classifier->logits(x + step * gradient), label) -
                         margin(classifier->logits(x - step * gradient), label))
                            .item<double>();
  EXPECT_NEAR(change / (2.0 * step * length), 1.0, 0.1);
}

TEST(StraightThroughClassifier, AnswersAsTheExactOneAndHasSlopes) {
  const QuantizedNetwork network = quantized();
  const auto classifier = straight_through_classifier(network, torch::kCPU);
  const Tensor x = pixels().requires_grad_(true);
  const Tensor logits = classifier->logits(x);
  const Tensor exact = exact_logits(network, inputs());
  EXPECT_GE(logits.argmax(1).eq(exact.argmax(1)).sum().item<std::int64_t>(), kCount - 1);
  logits.sum().backward();
  EXPECT_GT(x.grad().abs().max().item<float>(), 0.0F);
  EXPECT_TRUE(classifier->has_gradient());
}

TEST(ExactFakeClassifier, GivesBytesTheLogitsOfTheTestToTheLastBit) {
  const QuantizedNetwork network = quantized();
  const auto classifier = exact_fake_classifier(network, true);
  EXPECT_TRUE(torch::equal(classifier->logits(pixels()), exact_logits(network, inputs())));
  const auto continuous = exact_fake_classifier(network, false);
  EXPECT_TRUE(
      torch::allclose(continuous->logits(pixels()), classifier->logits(pixels()), 0.05, 0.05));
}

TEST(IntegerClassifier, IsTheExecutor) {
  const IntegerNetwork network = to_integer_network(quantized()).value();
  const auto classifier = integer_classifier(network);
  const Tensor logits = classifier->logits(pixels());
  const IntegerExecutor executor = IntegerExecutor::make(network).value();
  const std::vector<std::int64_t> expected = executor.logits(bytes(), kCount, 1);
  ASSERT_EQ(logits.numel(), std::ssize(expected));
  for (std::int64_t i = 0; i < logits.numel(); ++i)
    ASSERT_EQ(logits.data_ptr<double>()[i],
              static_cast<double>(expected[static_cast<std::size_t>(i)]));
  EXPECT_ANY_THROW((void)classifier->logits(pixels() + 0.001)) << "no bytes";
}

}  // namespace
}  // namespace hwflow::train::robust
