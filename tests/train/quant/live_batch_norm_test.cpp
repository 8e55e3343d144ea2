#include "train/quant/live_batch_norm.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include "tests/train/quant/quadrants.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/fake_quantized_module.hpp"

namespace hwflow::train {
namespace {

const CompressionPlan kPlan{{{8, 8}, {2, 2}, {3, 4}, {8, 8}}};

torch::Tensor logits_of(const QuantizedNetwork& network) {
  const torch::NoGradGuard no_gradients;
  FakeQuantizedModule module(network, QuantizerMethod::lsq);
  module.eval();
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 100; ++i) indices.push_back(i);
  return module.forward(to_tensor(trained().data->test, network.normalization, indices));
}

QuantizedNetwork normalized_quadrants() {
  const auto calibrated = calibrated_quadrants();
  return with_batch_norm(calibrated->quantize(kPlan), calibrated->sums());
}

TEST(LiveBatchNorm, ComputesTheSameInEvaluation) {
  const QuantizedNetwork folded = quantize_quadrants(kPlan);
  const QuantizedNetwork normalized = normalized_quadrants();
  int norms = 0;
  for (const Node& node : normalized.network.nodes()) norms += node.has_batch_norm ? 1 : 0;
  EXPECT_EQ(norms, 3);  // first, branch, depthwise; the last layer's sums are the answer
  const torch::Tensor wanted = logits_of(folded), got = logits_of(normalized);
  // A sum that float rounds to the other side of a tie moves a logit by a step: most are equal.
  EXPECT_LT((wanted - got).abs().median().item<double>(),
            1e-3 * wanted.abs().mean().item<double>());
  EXPECT_EQ(wanted.argmax(1).eq(got.argmax(1)).sum().item<int>(), 100);
}

TEST(LiveBatchNorm, FoldingGivesCodesAndGridsBack) {
  const QuantizedNetwork folded = quantize_quadrants(kPlan);
  const QuantizedNetwork back = without_batch_norm(normalized_quadrants());
  EXPECT_EQ(back.network, folded.network);
  for (std::size_t i = 0; i < folded.nodes.size(); ++i) {
    EXPECT_EQ(back.nodes[i].inputs, folded.nodes[i].inputs);
    if (folded.nodes[i].weights.bits == kFloatBits) continue;
    EXPECT_EQ(weight_codes(back, i).codes, weight_codes(folded, i).codes) << i;
    for (std::size_t k = 0; k < folded.nodes[i].weights.scales.size(); ++k)
      EXPECT_NEAR(back.nodes[i].weights.scales[k] / folded.nodes[i].weights.scales[k], 1.0, 1e-6);
  }
}

TEST(LiveBatchNorm, AGainMultipliesWeightScaleAndShift) {
  // gain 3, shift 0.5, mean 0.25, variance 4 - eps: factor 3 / 2, bias 0.5 - 0.25 * 1.5 = 0.125.
  QuantizedNetwork normalized = normalized_quadrants();
  const std::size_t node = 1;
  const Node& first = normalized.network.nodes()[node];
  ASSERT_TRUE(first.has_batch_norm);
  const std::string norm = first.name + ".batch_norm.";
  normalized.weights.at(norm + "weight").values[2] = 3.0F;
  normalized.weights.at(norm + "bias").values[2] = 0.5F;
  normalized.weights.at(norm + "running_mean").values[2] = 0.25F;
  normalized.weights.at(norm + "running_var").values[2] =
      static_cast<float>(4.0 - first.batch_norm_epsilon);
  const double scale = normalized.nodes[node].weights.scales[2];
  const float weight = normalized.weights.at(first.name + ".weight").values[2 * 18 + 5];
  const QuantizedNetwork folded = without_batch_norm(normalized);
  EXPECT_NEAR(folded.nodes[node].weights.scales[2], 1.5 * scale, 1e-6 * scale);
  EXPECT_NEAR(folded.weights.at(first.name + ".weight").values[2 * 18 + 5], 1.5 * weight, 1e-6);
  EXPECT_NEAR(folded.weights.at(first.name + ".bias").values[2], 0.125, 1e-6);
}

TEST(LiveBatchNorm, RemembersTheSumsThatItWasMadeOf) {
  const auto calibrated = calibrated_quadrants();
  const auto sums = sums_of_batch_norm(normalized_quadrants());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const SumStatistics& wanted = calibrated->sums()[i];
    const auto count = static_cast<double>(wanted.count);
    for (std::size_t k = 0; k < sums[i].sum.size(); ++k) {
      EXPECT_NEAR(sums[i].sum[k], wanted.sum[k] / count, 1e-5);
      EXPECT_NEAR(sums[i].squares[k], wanted.squares[k] / count, 1e-3);
    }
  }
  EXPECT_EQ(sums.back().count, 0) << "the last layer has no BatchNorm";
}

TEST(LiveBatchNorm, LeavesDorefaAlone) {
  const auto calibrated = calibrated_quadrants();
  const QuantizedNetwork dorefa = calibrated->quantize(kPlan, QuantizerMethod::dorefa);
  EXPECT_EQ(with_batch_norm(dorefa, calibrated->sums()), dorefa);
}

}  // namespace
}  // namespace hwflow::train
