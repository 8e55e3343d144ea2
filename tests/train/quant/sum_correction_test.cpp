#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "tests/train/quant/quadrants.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train {
namespace {

struct LogitStatistics {
  double mean[4] = {}, deviation[4] = {};
};

LogitStatistics statistics_of(const std::vector<double>& logits) {
  LogitStatistics s;
  const auto count = static_cast<double>(logits.size() / 4);
  for (std::size_t i = 0; i < logits.size(); ++i) s.mean[i % 4] += logits[i] / count;
  for (std::size_t i = 0; i < logits.size(); ++i)
    s.deviation[i % 4] += std::pow(logits[i] - s.mean[i % 4], 2) / count;
  for (double& deviation : s.deviation) deviation = std::sqrt(deviation);
  return s;
}

/// Of the last layer, on the 64 images of the calibration.
LogitStatistics of_integers(const QuantizedNetwork& quantized) {
  const IntegerExecutor executor = *IntegerExecutor::make(*to_integer_network(quantized));
  const std::size_t used = 64 * 2 * 12 * 12;
  std::vector<double> logits;
  for (const std::int64_t logit :
       executor.logits({trained().data->train.pixels.data(), used}, 64, 1))
    logits.push_back(static_cast<double>(logit) * executor.logit_unit());
  return statistics_of(logits);
}

LogitStatistics of_floats() {
  NetworkModule real(trained().network);
  load_weights(real, trained().weights);
  real.eval();
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 64; ++i) indices.push_back(i);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor logits =
      real.forward(to_tensor(trained().data->train, trained().options.normalization, indices))
          .contiguous();
  return statistics_of({logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()});
}

QuantizedNetwork calibrated_quadrants(const CompressionPlan& plan,
                                      const CalibrationOptions& options,
                                      QuantizerMethod method = QuantizerMethod::lsq) {
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 64; ++i) indices.push_back(i);
  auto calibrated = CalibratedNetwork::make(folded.network, folded.weights, trained().data->train,
                                            indices, trained().options.normalization, options);
  return calibrated.value()->quantize(plan, method);
}

TEST(SumCorrection, BringsMeansAndDeviationsBack) {
  // With correction the logits have the float network's mean, but for the rounding of the bias to
  // the unit of the sum, and its deviation, on these images.
  for (const int bits : {1, 2, 3, 4}) {
    const QuantizedNetwork quantized = quantize_quadrants(CompressionPlan::uniform(4, bits, 3));
    const LogitStatistics got = of_integers(quantized), wanted = of_floats();
    const QuantizedNode& last = quantized.nodes.back();
    for (std::size_t k = 0; k < 4; ++k) {
      const double unit = last.weights.scales[k] * last.inputs[0].scale;
      EXPECT_NEAR(got.mean[k], wanted.mean[k], 0.5 * unit + 1e-4) << bits << " bits, " << k;
      EXPECT_NEAR(got.deviation[k] / wanted.deviation[k], 1.0, 1e-4) << bits << " bits, " << k;
    }
  }
}

TEST(SumCorrection, OneScaleForAllChannelsBringsTheTotalVarianceBack) {
  CalibrationOptions options;
  options.granularity = Granularity::per_tensor;
  const QuantizedNetwork quantized =
      calibrated_quadrants(CompressionPlan::uniform(4, 2, 3), options);
  ASSERT_EQ(quantized.nodes.back().weights.scales.size(), 1U);
  const LogitStatistics got = of_integers(quantized), wanted = of_floats();
  double total = 0.0, target = 0.0, worst = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    total += got.deviation[k] * got.deviation[k];
    target += wanted.deviation[k] * wanted.deviation[k];
    worst = std::max(worst, std::abs(got.deviation[k] / wanted.deviation[k] - 1.0));
  }
  EXPECT_NEAR(total / target, 1.0, 1e-4);
  EXPECT_GT(worst, 0.001) << "channels have no scales of their own";
}

TEST(SumCorrection, SumsOfIntegersAreThoseThatTheExecutorGives) {
  const QuantizedNetwork quantized = quantize_quadrants(CompressionPlan::uniform(4, 2, 3));
  const std::size_t used = 64 * 2 * 12 * 12;
  const std::vector<SumStatistics> sums =
      sums_of_integers(quantized, {trained().data->train.pixels.data(), used}, 64);
  const LogitStatistics wanted = of_integers(quantized);
  const SumStatistics& last = sums.back();
  ASSERT_EQ(last.count, 64);
  for (std::size_t k = 0; k < 4; ++k) {
    const double mean = last.sum[k] / 64.0;
    EXPECT_NEAR(mean, wanted.mean[k], 1e-9);
    EXPECT_NEAR(std::sqrt(last.squares[k] / 64.0 - mean * mean), wanted.deviation[k], 1e-6);
  }
  const QuantizedNetwork wide = quantize_quadrants(CompressionPlan::uniform(4, 16, 16));
  for (const SumStatistics& none :
       sums_of_integers(wide, {trained().data->train.pixels.data(), used}, 64))
    EXPECT_EQ(none.count, 0);
}

TEST(SumCorrection, LeavesTheCodesAlone) {
  CalibrationOptions without;
  without.correction_images = 0;
  const CompressionPlan plan{{{8, 8}, {2, 3}, {1, 4}, {4, 4}}};
  const QuantizedNetwork before = calibrated_quadrants(plan, without);
  const QuantizedNetwork after = calibrated_quadrants(plan, {});
  for (std::size_t i = 0; i < before.nodes.size(); ++i) {
    if (before.nodes[i].weights.scales.empty()) continue;
    EXPECT_EQ(weight_codes(after, i).codes, weight_codes(before, i).codes) << i;
    EXPECT_NE(after.nodes[i].weights.scales, before.nodes[i].weights.scales) << i;
  }
}

TEST(SumCorrection, MovesOnlyTheBiasesOfDorefa) {
  const QuantizedNetwork quantized =
      calibrated_quadrants(CompressionPlan::uniform(4, 3, 3), {}, QuantizerMethod::dorefa);
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  for (const auto& [name, tensor] : folded.weights) {
    const bool is_bias = name.ends_with(".bias");
    EXPECT_EQ(quantized.weights.at(name) != tensor, is_bias) << name;
  }
}

TEST(SumCorrection, LeavesNetworksWithFloatOrWideWidthsAlone) {
  for (const int bits : {16, 32}) {
    const QuantizedNetwork quantized = quantize_quadrants(CompressionPlan::uniform(4, bits, bits));
    const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
    EXPECT_EQ(quantized.weights, folded.weights) << bits;
  }
}

}  // namespace
}  // namespace hwflow::train
