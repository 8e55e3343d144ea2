#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/quant/quadrants.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train {
namespace {

TEST(BiasCorrection, BringTheMeansBack) {
  // With correction the mean of the last layer's logits equals the float network's on these images,
  // but for the rounding of the bias to the unit of the sum.
  const QuantizedNetwork quantized = quantize_quadrants(PrecisionPlan::uniform(4, 3, 3));
  const IntegerExecutor executor = *IntegerExecutor::make(*to_integer_network(quantized));
  const std::size_t used = 64 * 2 * 12 * 12;
  const auto logits = executor.logits({trained().data->train.pixels.data(), used}, 64, 1);
  NetworkModule real(trained().network);
  load_weights(real, trained().weights);
  real.eval();
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 64; ++i) indices.push_back(i);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor means =
      real.forward(to_tensor(trained().data->train, trained().options.normalization, indices))
          .mean(0);
  for (std::size_t k = 0; k < 4; ++k) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 64; ++i)
      sum += static_cast<double>(logits[i * 4 + k]) * executor.logit_unit();
    const IntegerNode& last = executor.network().nodes.back();
    const double unit = last.compute->scales[k] * last.inputs[0].scale;
    EXPECT_NEAR(sum / 64.0, means.data_ptr<float>()[k], 0.5 * unit + 1e-4) << k;
  }
}

TEST(BiasCorrection, LeavesNetworksWithFloatOrWideWidthsAlone) {
  for (const int bits : {16, 32}) {
    const QuantizedNetwork quantized = quantize_quadrants(PrecisionPlan::uniform(4, bits, bits));
    const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
    EXPECT_EQ(quantized.weights, folded.weights) << bits;
  }
}

}  // namespace
}  // namespace hwflow::train
