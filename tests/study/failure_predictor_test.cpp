#include "study/failure_predictor.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/check.hpp"
#include "tests/study/small_world.hpp"
#include "workload/shrink.hpp"

namespace hwflow::study {
namespace {

using train::fault::FlipCampaign;
using train::fault::Site;

/// Weights of the small network at a width, 1000 flips each, of which so many failed.
FlipCampaign campaign_at(int bits, std::array<std::int64_t, 4> failures) {
  const char* names[] = {"conv1", "conv2", "conv3", "fc"};
  constexpr std::int64_t kWords[] = {144, 144, 288, 5120};
  FlipCampaign campaign;
  for (std::size_t i = 0; i < 4; ++i)
    campaign.groups.push_back({Site::weights, names[i], bits, kWords[i], 1000, failures[i]});
  return campaign;
}

ResilienceOptions of_weights(double bit_rate, std::int64_t flips = 1000) {
  ResilienceOptions options;
  options.sites = {Site::weights};
  options.bit_rate = bit_rate;
  options.flips = flips;
  return options;
}

CompressionPlan plan_of(std::array<int, 4> weights) {
  CompressionPlan plan;
  for (const int bits : weights) plan.layers.push_back({bits, 8});
  return plan;
}

/// By hand, of every bit on every image: p = 0.1, 0, 0.02, 0.004 at 8 bits, 0.2 at 4.
TEST(FailurePredictor, IsOneLessTheProductOverAllBits) {
  const std::array campaigns{campaign_at(8, {100, 0, 20, 4}), campaign_at(4, {200, 200, 200, 200})};
  const FailurePredictor predictor(small_network(), 8, of_weights(1e-4, 0), campaigns);
  const CompressionPlan plan = plan_of({8, 8, 4, 8});
  const double survival =
      std::pow(1.0 - 1e-5, 1152) * std::pow(1.0 - 2e-5, 1152) * std::pow(1.0 - 4e-7, 40960);
  const FailurePredictor::Rate rate = predictor.rate(small_network(), plan);
  EXPECT_NEAR(rate.failures, 1.0 - survival, 1e-12);
  EXPECT_EQ(rate.stored_bits, 1152 + 1152 + 1152 + 40960);
  EXPECT_EQ(rate.standard_error, 0.0);  // nothing was drawn
}

/// conv2 had no failure of 1000: (0 + m) / 1001 with m = (124 + 1/2) / 4001.
TEST(FailurePredictor, NoFailureAmongThoseDrawnIsNotNone) {
  const std::array campaigns{campaign_at(8, {100, 0, 20, 4})};
  const FailurePredictor predictor(small_network(), 8, of_weights(1e-7), campaigns);
  const std::vector<FlipRisk> risks = predictor.risks(small_network());
  ASSERT_EQ(risks.size(), 4U);
  const double m = 124.5 / 4001.0;
  EXPECT_EQ(risks[1].layer, "conv2");
  EXPECT_EQ(risks[1].site, "weights");
  EXPECT_DOUBLE_EQ(risks[1].share, m / 1001.0);
  EXPECT_DOUBLE_EQ(risks[0].share, (100.0 + m) / 1001.0);
  EXPECT_DOUBLE_EQ(risks[1].standard_error,
                   std::sqrt(risks[1].share * (1.0 - risks[1].share) / 1002.0));
}

/// What is known of the same words from several networks is put together.
TEST(FailurePredictor, AddsUpCampaignsOfTheSameWords) {
  const std::array twice{campaign_at(8, {100, 0, 20, 4}), campaign_at(8, {300, 0, 20, 4})};
  const FailurePredictor predictor(small_network(), 8, of_weights(1e-7, 0), twice);
  EXPECT_EQ(predictor.risks(small_network())[0].inferences, 2000);
  EXPECT_DOUBLE_EQ(predictor.risks(small_network())[0].share, 0.2);
}

/// Half of the channels leave half the weights, and of layers between two others a quarter.
TEST(FailurePredictor, FewerWordsFailLess) {
  const std::array campaigns{campaign_at(8, {100, 100, 100, 100})};
  const FailurePredictor predictor(small_network(), 8, of_weights(1e-7), campaigns);
  const CompressionPlan plan = plan_of({8, 8, 8, 8});
  const Network whole = small_network();
  const Network half =
      shrink(whole, ChannelGroups(whole), KeptUnits::first(std::array{2, 2, 4}))->network;
  const FailurePredictor::Rate less = predictor.rate(half, plan);
  EXPECT_EQ(less.stored_bits, 8 * (72 + 36 + 72 + 2560));
  const double expected = 1e-7 * 0.1 * static_cast<double>(less.stored_bits);
  EXPECT_NEAR(less.failures, expected, 1e-3 * expected);
  EXPECT_LT(less.failures, predictor.rate(whole, plan).failures);
}

TEST(FailurePredictor, WordsThatNobodyFlippedAreABugOfOurs) {
  const std::array campaigns{campaign_at(8, {1, 1, 1, 1})};
  const FailurePredictor predictor(small_network(), 8, of_weights(1e-7), campaigns);
  EXPECT_THROW(static_cast<void>(predictor.rate(small_network(), plan_of({8, 8, 4, 8}))),
               InternalError);
}

TEST(ExpectedFailures, IsTheRateTimesTheBitsWhereItIsSmall) {
  EXPECT_NEAR(expected_failures(0.01, 1'000'000, 1e-7), 1e-3, 1e-6);
  EXPECT_DOUBLE_EQ(expected_failures(0.25, 2, 1.0), 1.0 - 0.75 * 0.75);
  EXPECT_EQ(expected_failures(0.0, 1000, 0.5), 0.0);
}

}  // namespace
}  // namespace hwflow::study
