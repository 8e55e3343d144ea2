#include "train/robust/code_gradients.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/robust/flip_case.hpp"
#include "train/robust/flipped_network.hpp"

namespace hwflow::train::robust {
namespace {

Network linear_network() {
  NetworkBuilder builder;
  builder.fully_connected("fc", builder.input({1, 3, 3}), 4);
  return std::move(builder).finish("linear");
}

/// One layer: dL/dcode[k][j] = scale[k] sum_i weight_i (softmax_ik - [k = wanted_i]) x_ij, with x
/// the codes that the executor reads times their scale.
TEST(CodeGradients, OfOneLayerAreTheClosedForm) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    FlipCase c(seed, linear_network(), {4, 8}, 40);
    IntegerCompute& compute = *c.integers.nodes[1].compute;
    compute.codes[0] = -8;  // that a narrow quantizer has not, and a flip may leave
    compute.low = -8;
    const FlipBatch batch =
        c.batch({.images = 40,
                 .target = 1,
                 .source = c.set.labels[0] == 1 ? std::nullopt
                                                : std::optional<std::int64_t>(c.set.labels[0])});
    const auto executor = IntegerExecutor::make(c.integers).value();
    const auto logits = executor.logits(batch.images.pixels, batch.images.count(), 1);
    std::vector<double> wanted(compute.codes.size());
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      const auto x = executor.input_codes(std::span(batch.images.pixels).subspan(9 * i, 9), 1, 0);
      double all = 0.0, share[4];
      for (std::size_t k = 0; k < 4; ++k)
        all += share[k] = std::exp(static_cast<double>(logits[4 * i + k]) * executor.logit_unit());
      for (std::size_t k = 0; k < 4; ++k) {
        const double own = share[k] / all - (static_cast<std::int64_t>(k) == batch.wanted[i]);
        const double scale = compute.scales[compute.scales.size() == 1 ? 0 : k];
        for (std::size_t j = 0; j < 9; ++j)
          wanted[9 * k + j] +=
              batch.weight[i] * own * scale * c.integers.nodes[1].inputs[0].scale * x[j];
      }
    }
    const std::vector<std::size_t> layers{1};
    const auto found = code_gradients(c.integers, batch, layers, 1);
    ASSERT_EQ(found.front().size(), wanted.size());
    for (std::size_t e = 0; e < wanted.size(); ++e)
      EXPECT_NEAR(found.front()[e], wanted[e], 2e-5) << seed << ", " << e;
  }
}

/// Codes of 8 bits move by one step; 16-bit activations are nearly not rounded.
TEST(CodeGradients, EqualFiniteDifferencesOfTheIntegerObjective) {
  FlipCase c(7, tiny_network(), {8, 16}, 40);
  const FlipBatch batch = c.batch({.images = 40});
  const std::vector<std::size_t> layers{1, 2};
  const auto gradients = code_gradients(c.integers, batch, layers, 1);
  double largest = 0.0, worst = 0.0;
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    for (std::size_t e = 0; e < gradients[layer].size(); ++e) {
      const auto at = [&](int step) {
        IntegerNetwork moved = c.integers;
        IntegerCompute& compute = *moved.nodes[layers[layer]].compute;
        compute.low = -129;
        compute.high = 128;
        compute.codes[e] = static_cast<std::int16_t>(compute.codes[e] + step);
        return objective(FlippedNetwork(moved).plan(), batch, 1);
      };
      largest = std::max(largest, std::abs(gradients[layer][e]));
      worst = std::max(worst, std::abs((at(1) - at(-1)) / 2.0 - gradients[layer][e]));
    }
  }
  EXPECT_GT(largest, 1e-3);
  EXPECT_LT(worst, 0.02 * largest);
}

TEST(CodeGradients, DoNotDependOnThreads) {
  const FlipCase c(3, 5, 70);
  const std::vector<std::size_t> layers{1, 2};
  const FlipBatch batch = c.batch({.images = 70});
  EXPECT_EQ(code_gradients(c.integers, batch, layers, 1),
            code_gradients(c.integers, batch, layers, 3));
}

}  // namespace
}  // namespace hwflow::train::robust
