#include "train/fault/scale_analysis.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/fault/integer_case.hpp"
#include "train/fault/words.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train::fault {
namespace {

/// Every bit of every stored code flipped, one by one: the mean square change over the variance of
/// what the executor says that readers read.
TEST(AnalyseScales, DamageOfActivationsEqualsAllFlips) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const IntegerCase c(seed, 3);
    const auto rows = analyse_scales(c.plan, c.workload(), 2);
    const auto executor = IntegerExecutor::make(c.network).value();
    // The last layer's input is stored by its producer, or moved there as it is.
    const std::size_t last = c.plan.output;
    const integer::Slot& slot = c.plan.slots[c.plan.nodes[last].inputs[0]];
    if (copies_of(c.plan, slot.node) == 0) continue;
    double changes = 0.0, flips = 0.0, sum = 0.0, squares = 0.0, count = 0.0;
    const std::size_t size = c.pixels.size() / 3;
    for (std::size_t image = 0; image < 3; ++image)
      for (const std::int32_t code :
           executor.input_codes(std::span(c.pixels).subspan(image * size, size), last, 0)) {
        const double value = code * slot.grid.scale;
        sum += value;
        squares += value * value;
        count += 1.0;
        for (int bit = 0; bit < 8; ++bit, flips += 1.0)
          changes +=
              std::pow(slot.grid.scale *
                           static_cast<double>(disturbed(code, {8, slot.grid.low < 0}, Effect::flip,
                                                         std::uint64_t{1} << bit) -
                                               code),
                       2);
      }
    const double variance = squares / count - std::pow(sum / count, 2);
    bool found = false;
    for (const StoredScale& row : rows) {
      if (row.site != Site::activations || row.node != slot.node ||
          c.plan.nodes[row.node].slots[row.copy] != c.plan.nodes[last].inputs[0])
        continue;
      found = true;
      EXPECT_NEAR(row.damage, changes / flips / variance, 1e-9 * row.damage);
      EXPECT_NEAR(row.spread, std::sqrt(variance), 1e-9);
    }
    EXPECT_TRUE(found);
  }
}

/// The fully connected layer: each weight flipped, sums of all images by the definition.
TEST(AnalyseScales, DamageOfWeightsEqualsAllFlips) {
  const IntegerCase c(3, 3);
  const std::size_t node = c.plan.output;
  ASSERT_EQ(c.plan.network.network.nodes()[node].kind, NodeKind::fully_connected);
  const IntegerCompute& compute = *c.network.nodes[node].compute;
  const auto executor = IntegerExecutor::make(c.network).value();
  const double input_scale = c.network.nodes[node].inputs[0].scale;
  const std::size_t size = c.pixels.size() / 3;
  double changes = 0.0, flips = 0.0, sum = 0.0, squares = 0.0, count = 0.0;
  for (std::size_t image = 0; image < 3; ++image) {
    const std::vector<std::int32_t> codes =
        executor.input_codes(std::span(c.pixels).subspan(image * size, size), node, 0);
    for (std::size_t k = 0; k < compute.bias.size(); ++k) {
      const double scale = compute.scales[compute.scales.size() == 1 ? 0 : k];
      auto total = static_cast<double>(compute.bias[k]);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::int16_t weight = compute.codes[k * codes.size() + i];
        total += weight * codes[i];
        for (int bit = 0; bit < 8; ++bit, flips += 1.0)
          changes += std::pow(
              scale * input_scale * codes[i] *
                  static_cast<double>(
                      disturbed(weight, {8, true}, Effect::flip, std::uint64_t{1} << bit) - weight),
              2);
      }
      sum += total * scale * input_scale;
      squares += std::pow(total * scale * input_scale, 2);
      count += 1.0;
    }
  }
  const double expected = changes / flips / (squares / count - std::pow(sum / count, 2));
  for (const StoredScale& row : analyse_scales(c.plan, c.workload(), 1))
    if (row.site == Site::weights && row.node == node) {
      EXPECT_NEAR(row.damage, expected, 1e-9 * expected);
    }
}

TEST(AnalyseScales, EightBitsAreWorth52Steps) {
  // sqrt((4^8 - 1) / 24): the root mean square of 1, 2, 4, ..., 128.
  double squares = 0.0;
  for (int bit = 0; bit < 8; ++bit) squares += std::pow(4.0, bit) / 8;
  const IntegerCase c(1, 3);
  for (const StoredScale& row : analyse_scales(c.plan, c.workload(), 1))
    if (row.site == Site::activations && row.spread > 0.0) {
      EXPECT_NEAR(row.damage, squares * std::pow(row.scale / row.spread, 2), 1e-9 * row.damage);
    }
  EXPECT_NEAR(std::sqrt(squares), 52.3, 0.05);
}

TEST(RankCorrelation, OfKnownRanks) {
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {10, 20, 30, 40}), 1.0);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1.0);
  // 1 - 6 * sum d^2 / (n (n^2 - 1)) with d = (1, 1, 0, 0, 0): 1 - 12 / 120.
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4, 5}, {2, 1, 3, 4, 5}), 0.9);
  EXPECT_EQ(rank_correlation({1, 1, 1}, {1, 2, 3}), 0.0);
}

}  // namespace
}  // namespace hwflow::train::fault
