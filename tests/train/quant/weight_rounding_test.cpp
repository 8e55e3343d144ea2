#include "train/quant/weight_rounding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/utils.h>

#include <cmath>

#include "base/random.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/network_module.hpp"
#include "train/quant/calibration.hpp"
#include "train/quant/quantizer.hpp"

namespace hwflow::train {
namespace {

using testing::ElementsAre;

double error_of(const IntegerCompute& c, std::span<const float> w, const InputCovariance& cov) {
  const auto n = static_cast<std::size_t>(cov.fan_in);
  const std::size_t outputs = w.size() / n, groups = cov.values.size() / (n * n);
  double total = 0.0;
  for (std::size_t k = 0; k < outputs; ++k) {
    const double* matrix = cov.values.data() + k * groups / outputs * n * n;
    const double scale = c.scales[c.scales.size() == 1 ? 0 : k];
    const auto e = [&](std::size_t i) { return w[k * n + i] - scale * c.codes[k * n + i]; };
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) total += e(i) * matrix[i * n + j] * e(j);
  }
  return total;
}

/// Samples with common causes: correlated elements.
std::vector<float> random_samples(std::int64_t groups, std::int64_t count, std::int64_t fan_in,
                                  Rng& rng) {
  std::vector<float> samples;
  for (std::int64_t n = 0; n < groups * count; ++n) {
    const double cause = rng.normal();
    for (std::int64_t i = 0; i < fan_in; ++i)
      samples.push_back(
          static_cast<float>(1.0 + cause * static_cast<double>(i % 3) + 0.5 * rng.normal()));
  }
  return samples;
}

TEST(WeightRounding, TwoWeightsThatRunTogetherByHand) {
  // C = (1 0.9; 0.9 1), w = (0.4, 0.4), scale 1. Nearest codes (0, 0): error 0.32 + 1.8 * 0.16 =
  // 0.608. First code: 0.4 + 0.9 * 0.4 = 0.76 -> 1; second then 0.4 - 0.9 * 0.6 = -0.14 -> 0.
  // Scale (1 * 0.4 + 0.9 * 0.4) / 1 = 0.76; with it the codes stay. Error: e = (-0.36, 0.4),
  // 0.1296 + 0.16 - 1.8 * 0.144 = 0.0304.
  const std::vector<float> w{0.4F, 0.4F};
  const InputCovariance c{2, {1.0, 0.9, 0.9, 1.0}};
  const IntegerCompute start = quantize_weights({1, 2}, w, 2, {-1, 1}, {1.0});
  ASSERT_THAT(start.codes, ElementsAre(0, 0));
  EXPECT_NEAR(error_of(start, w, c), 0.608, 1e-6);
  const IntegerCompute end = round_for_sums(start, w, c);
  EXPECT_THAT(end.codes, ElementsAre(1, 0));
  EXPECT_NEAR(end.scales[0], 0.76, 1e-6);
  EXPECT_NEAR(error_of(end, w, c), 0.0304, 1e-6);
}

TEST(WeightRounding, EndsWhereNoCodeAndNoScaleAloneCanDoBetter) {
  Rng rng(5);
  for (int trial = 0; trial < 200; ++trial) {
    const std::int64_t groups = trial % 2 + 1, fan_in = rng.between(1, 9), outputs = 2 * groups;
    InputMoments moments(groups, fan_in);
    moments.add(random_samples(groups, 40, fan_in, rng));
    const InputCovariance c = covariance_of(moments);
    std::vector<float> w;
    for (std::int64_t i = 0; i < outputs * fan_in; ++i)
      w.push_back(static_cast<float>(rng.normal()));
    const auto granularity = trial % 3 == 0 ? Granularity::per_tensor : Granularity::per_channel;
    const IntegerCompute start =
        quantize_weights({outputs, fan_in}, w, 2 + trial % 3, Calibration::mse, granularity);
    const IntegerCompute end = round_for_sums(start, w, c);
    ASSERT_EQ(end.scales.size(), start.scales.size());
    const double least = error_of(end, w, c);
    ASSERT_LE(least, error_of(start, w, c) * (1.0 + 1e-9) + 1e-12) << trial;
    for (std::size_t i = 0; i < w.size(); ++i)
      for (const int step : {-1, 1}) {
        IntegerCompute other = end;
        other.codes[i] = static_cast<std::int16_t>(other.codes[i] + step);
        if (other.codes[i] < end.low || other.codes[i] > end.high) continue;
        ASSERT_GE(error_of(other, w, c), least * (1.0 - 1e-9) - 1e-12) << trial << " code " << i;
      }
    for (const double factor : {0.99, 1.01}) {
      IntegerCompute other = end;
      other.scales[0] *= factor;
      ASSERT_GE(error_of(other, w, c), least * (1.0 - 1e-9) - 1e-12) << trial;
    }
  }
}

TEST(WeightRounding, CovarianceEqualsTheDefinition) {
  // Two groups, 43 samples (no multiple of the block of 8), in two parts.
  Rng rng(6);
  constexpr std::int64_t kFanIn = 5;
  const std::vector<float> first = random_samples(2, 30, kFanIn, rng);
  const std::vector<float> second = random_samples(2, 13, kFanIn, rng);
  InputMoments moments(2, kFanIn);
  moments.add(first);
  moments.add(second);
  const InputCovariance c = covariance_of(moments);
  ASSERT_EQ(c.values.size(), 50U);
  for (std::size_t g = 0; g < 2; ++g) {
    std::vector<const float*> rows;
    for (std::size_t n = 0; n < 30; ++n) rows.push_back(&first[(g * 30 + n) * kFanIn]);
    for (std::size_t n = 0; n < 13; ++n) rows.push_back(&second[(g * 13 + n) * kFanIn]);
    double mean[kFanIn] = {}, trace = 0.0, expected[kFanIn][kFanIn] = {};
    for (const float* row : rows)
      for (std::size_t i = 0; i < kFanIn; ++i) mean[i] += row[i] / 43.0;
    for (const float* row : rows)
      for (std::size_t i = 0; i < kFanIn; ++i)
        for (std::size_t j = 0; j < kFanIn; ++j)
          expected[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / 43.0;
    for (std::size_t i = 0; i < kFanIn; ++i) trace += expected[i][i];
    for (std::size_t i = 0; i < kFanIn; ++i)
      for (std::size_t j = 0; j < kFanIn; ++j)
        EXPECT_NEAR(c.values[(g * kFanIn + i) * kFanIn + j],
                    expected[i][j] + (i == j ? 0.01 * trace / kFanIn : 0.0), 1e-5)
            << g << i << j;
  }
}

TEST(WeightRounding, KeptCodesComeBackFromTheWeights) {
  // 0.4 rounds to 0 by itself: it becomes 0.5 * 1. 0.9 / 0.5 = 1.8 rounds to 2, outside: 1, as
  // chosen.
  std::vector<float> w{0.2F, 0.9F, -0.3F};
  IntegerCompute chosen = quantize_weights({1, 3}, w, 2, {-1, 1}, {0.5});
  ASSERT_THAT(chosen.codes, ElementsAre(0, 1, -1));
  chosen.codes[0] = 1;
  keep_codes(chosen, w);
  EXPECT_THAT(w, ElementsAre(0.5F, 0.9F, -0.3F));
  EXPECT_EQ(quantize_weights({1, 3}, w, 2, {-1, 1}, {0.5}).codes, chosen.codes);
}

/// The float network, keeping what each compute node reads and a second copy of its sums.
class Recorder final : public NetworkModule {
 public:
  using NetworkModule::NetworkModule;
  torch::Tensor input_of(std::size_t node, std::size_t, torch::Tensor x) override {
    inputs.resize(network().nodes().size());
    inputs[node] = x;
    return x;
  }
  torch::Tensor sums(std::size_t node) { return run_node(node, {inputs[node]}); }
  std::vector<torch::Tensor> inputs;
};

WeightMap rounded_weights(const Network& network, WeightMap weights,
                          const std::vector<IntegerCompute>& codes) {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i].codes.empty()) continue;
    std::vector<float>& values = weights.at(network.nodes()[i].name + ".weight").values;
    const std::size_t per_scale = values.size() / codes[i].scales.size();
    for (std::size_t j = 0; j < values.size(); ++j)
      values[j] = static_cast<float>(codes[i].codes[j] * codes[i].scales[j / per_scale]);
  }
  return weights;
}

TEST(WeightRounding, SumsOfEveryLayerErrLessThanWithNearestCodes) {
  // Strided, padded, depthwise and fully connected layers, each on the float network's inputs: the
  // variance of the difference of the sums, by executing the layer.
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  std::vector<std::int64_t> indices(64);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<std::int64_t>(i);
  CalibrationOptions options;
  options.correction_images = 0;
  auto calibrated = CalibratedNetwork::make(folded.network, folded.weights, trained().data->train,
                                            indices, trained().options.normalization, options);
  const QuantizedNetwork quantized =
      calibrated.value()->quantize(CompressionPlan::uniform(4, 3, 8));
  std::vector<IntegerCompute> chosen(quantized.nodes.size()), nearest(quantized.nodes.size());
  for (std::size_t i = 0; i < quantized.nodes.size(); ++i) {
    if (quantized.nodes[i].weights.scales.empty()) continue;
    chosen[i] = weight_codes(quantized, i);
    const FloatTensor& w = folded.weights.at(folded.network.nodes()[i].name + ".weight");
    nearest[i] = quantize_weights(w.shape, w.values, 3, Calibration::mse, Granularity::per_channel);
  }
  const torch::NoGradGuard no_gradients;
  Recorder real(folded.network), with_chosen(folded.network), with_nearest(folded.network);
  load_weights(real, folded.weights);
  load_weights(with_chosen, rounded_weights(folded.network, folded.weights, chosen));
  load_weights(with_nearest, rounded_weights(folded.network, folded.weights, nearest));
  real.forward(to_tensor(trained().data->train, trained().options.normalization, indices));
  with_chosen.inputs = with_nearest.inputs = real.inputs;
  int layers = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i].codes.empty()) continue;
    const auto variance = [&](Recorder& other) {
      const torch::Tensor e = (other.sums(i) - real.sums(i)).transpose(0, 1).flatten(1);
      return e.var(1, false).sum().item<double>();
    };
    EXPECT_LT(variance(with_chosen), 0.97 * variance(with_nearest))
        << folded.network.nodes()[i].name;
    ++layers;
  }
  EXPECT_EQ(layers, 4);
}

}  // namespace
}  // namespace hwflow::train
