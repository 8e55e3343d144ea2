#include "train/quant/quantizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "train/quant/fixed_point.hpp"

namespace hwflow::train {
namespace {

using testing::ElementsAre;

double squared_error(std::span<const float> values, double scale, const CodeRange& range) {
  double sum = 0.0;
  for (const float v : values) {
    const double error = v - scale * code_of(v, scale, range);
    sum += error * error;
  }
  return sum;
}

TEST(Quantizer, RangesOfAllWidths) {
  EXPECT_EQ(activation_range(8, false), (CodeRange{0, 255}));
  EXPECT_EQ(activation_range(8, true), (CodeRange{-128, 127}));
  EXPECT_EQ(activation_range(1, true), (CodeRange{0, 1}));
  EXPECT_EQ(activation_range(16, false), (CodeRange{0, 65535}));
  EXPECT_EQ(weight_range(2, false), (CodeRange{-2, 1}));
  EXPECT_EQ(weight_range(2, true), (CodeRange{-1, 1}));
  EXPECT_EQ(weight_range(1, true), (CodeRange{-1, 1}));
}

TEST(Quantizer, CodesRoundHalfToEvenAndClamp) {
  // 0.5/1 -> 0, 1.5 -> 2, 2.5 -> 2, -0.5 -> 0; 9 -> 7.
  const CodeRange range{-8, 7};
  EXPECT_EQ(code_of(0.5F, 1.0, range), 0);
  EXPECT_EQ(code_of(1.5F, 1.0, range), 2);
  EXPECT_EQ(code_of(2.5F, 1.0, range), 2);
  EXPECT_EQ(code_of(-0.5F, 1.0, range), 0);
  EXPECT_EQ(code_of(9.0F, 1.0, range), 7);
  EXPECT_EQ(code_of(-9.0F, 1.0, range), -8);
}

TEST(Quantizer, MaximumJustFits) {
  const std::vector<float> values{0.5F, -2.0F, 1.0F};
  EXPECT_DOUBLE_EQ(calibrated_scale(values, {-7, 7}, Calibration::maximum), 2.0 / 7.0);
  EXPECT_DOUBLE_EQ(calibrated_scale(values, {0, 15}, Calibration::maximum), 1.0 / 15.0);
}

TEST(Quantizer, PercentileLeavesOutliersOut) {
  std::vector<float> values(100000, 1.0F);
  for (std::size_t i = 0; i < 5; ++i) values[i] = 100.0F;  // 0.005 %: beyond the 99.99th
  EXPECT_DOUBLE_EQ(calibrated_scale(values, {-127, 127}, Calibration::percentile), 1.0 / 127.0);
}

TEST(Quantizer, MseIsNearTheBestOfADenseSearch) {
  Rng rng(7);
  std::vector<float> values;
  for (int i = 0; i < 3000; ++i) values.push_back(static_cast<float>(rng.normal()));
  for (const int bits : {2, 3, 4, 8}) {
    const CodeRange range = weight_range(bits, false);
    const double found = calibrated_scale(values, range, Calibration::mse);
    double least = 1e30;
    for (int i = 1; i <= 2000; ++i)
      least = std::min(least, squared_error(values, 5.0 / range.high * i / 2000.0, range));
    EXPECT_LE(squared_error(values, found, range), 1.02 * least) << bits;
  }
}

TEST(Quantizer, NothingButZerosKeepsAPositiveScale) {
  const std::vector<float> zeros(10, 0.0F);
  for (const Calibration c : {Calibration::maximum, Calibration::percentile, Calibration::mse})
    EXPECT_GT(calibrated_scale(zeros, {0, 255}, c), 0.0);
}

TEST(Quantizer, PerChannelWeightsHaveTheirOwnScales) {
  // Channel 0 reaches 1.27, channel 1 reaches 12.7: steps 0.01 and 0.1.
  const std::vector<float> values{1.27F, -0.5F, 12.7F, -5.0F};
  const IntegerCompute w =
      quantize_weights({2, 2}, values, 8, Calibration::maximum, Granularity::per_channel);
  EXPECT_THAT(w.codes, ElementsAre(127, -50, 127, -50));
  EXPECT_NEAR(w.scales[0], 0.01, 1e-8);
  EXPECT_NEAR(w.scales[1], 0.1, 1e-7);
}

TEST(Quantizer, TwoBitWeightsAreSymmetric) {
  // The codes of -w are those of w with the other sign; with -2..1 they would not be.
  Rng rng(9);
  std::vector<float> values, negated;
  for (int i = 0; i < 500; ++i) values.push_back(static_cast<float>(rng.normal()));
  for (const float value : values) negated.push_back(-value);
  for (const Calibration c : {Calibration::mse, Calibration::maximum}) {
    const IntegerCompute w = quantize_weights({1, 500}, values, 2, c, Granularity::per_channel);
    IntegerCompute other = quantize_weights({1, 500}, negated, 2, c, Granularity::per_channel);
    EXPECT_EQ(w.low, -1);
    EXPECT_EQ(w.scales, other.scales);
    for (std::int16_t& code : other.codes) code = static_cast<std::int16_t>(-code);
    EXPECT_EQ(w.codes, other.codes);
  }
}

TEST(Quantizer, OneBitIsSignTimesMeanMagnitude) {
  // mean(|0.5|, |-1|, |0|, |2.5|) = 1
  const std::vector<float> values{0.5F, -1.0F, 0.0F, 2.5F};
  const IntegerCompute w =
      quantize_weights({4}, values, 1, Calibration::mse, Granularity::per_tensor);
  EXPECT_THAT(w.codes, ElementsAre(1, -1, 1, 1));
  EXPECT_DOUBLE_EQ(w.scales[0], 1.0);
}

TEST(Quantizer, DorefaGivesOddCodes) {
  // b = 2, n = 3; largest weight 1: share = tanh(w)/(2 tanh 1) + 1/2.
  // w = 1 -> 1 -> 3 steps -> code 3; w = 0.1 -> 0.5654 -> 1.696 -> 2 -> code 1; w = -1 -> code -3.
  const std::vector<float> values{1.0F, 0.1F, -1.0F};
  const IntegerCompute w = quantize_weights_dorefa({3}, values, 2, Granularity::per_tensor);
  EXPECT_THAT(w.codes, ElementsAre(3, 1, -3));
  EXPECT_DOUBLE_EQ(w.scales[0], 1.0 / 3.0);
}

TEST(Quantizer, BiasesAreInUnitsOfTheSum) {
  // 1 / (0.5 * 0.25) = 8; -0.3 / (0.1 * 0.25) = -12
  const std::vector<float> bias{1.0F, -0.3F};
  EXPECT_THAT(bias_codes(bias, {0.5, 0.1}, 0.25), ElementsAre(8, -12));
}

TEST(FixedPoint, MultiplierHasThirtyOneBits) {
  // 0.75 = 0.75 * 2^31 * 2^-31
  EXPECT_EQ(to_fixed_point(0.75), (FixedPoint{1610612736, 31}));
  EXPECT_EQ(to_fixed_point(1.0), (FixedPoint{1073741824, 30}));
  EXPECT_EQ(to_fixed_point(0.0).multiplier, 0);
}

TEST(FixedPoint, RescaleRoundsHalfUpLikeLongDouble) {
  EXPECT_EQ(rescale(1, to_fixed_point(0.5)), 1);    // 0.5 -> 1
  EXPECT_EQ(rescale(-1, to_fixed_point(0.5)), 0);   // -0.5 -> 0
  EXPECT_EQ(rescale(-3, to_fixed_point(0.5)), -1);  // -1.5 -> -1
  Rng rng(3);
  for (int i = 0; i < 10000; ++i) {
    const double factor =
        std::ldexp(0.5 + 0.5 * rng.uniform(), static_cast<int>(rng.between(-20, 3)));
    const std::int64_t value = rng.between(-100000, 100000);
    const FixedPoint fixed = to_fixed_point(factor);
    const long double real = std::ldexp(static_cast<long double>(fixed.multiplier), -fixed.shift);
    EXPECT_NEAR(static_cast<double>(real / factor), 1.0, 5e-10);
    EXPECT_EQ(rescale(value, fixed), static_cast<std::int64_t>(std::floor(value * real + 0.5L)));
  }
}

}  // namespace
}  // namespace hwflow::train
