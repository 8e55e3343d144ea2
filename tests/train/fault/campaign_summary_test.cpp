#include "train/fault/campaign_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"
#include "tests/train/quant/random_integer_network.hpp"

namespace hwflow::train::fault {
namespace {

/// On 10 images, the first of which fail.
Outcome ended(std::uint32_t stratum, std::int64_t changed) {
  return {stratum,
          {10, 10 - changed, changed, 0, 0, 10 - changed},
          {(std::uint64_t{1} << changed) - 1}};
}

CampaignSummary summary_of(std::size_t strata, const std::vector<Outcome>& outcomes) {
  CampaignSummary summary(strata);
  const Upset upset;
  for (const Outcome& outcome : outcomes) summary.add(std::span(&upset, 1), outcome);
  return summary;
}

TEST(RatesBy, AddsUpTheStrataThatHaveALayerOrABitInCommon) {
  Rng rng(1);
  const integer::Plan plan =
      integer::compile(random_integer_network(rng, {8, 8}), KernelSet::best).value();
  const FaultSpace space = FaultSpace::make(plan, {.bits = {0, 7}}).value();
  ASSERT_GE(space.strata().size(), 4U);  // layer a: bits 0 and 7, layer b: likewise
  const CampaignSummary outcomes = summary_of(
      space.strata().size(), {ended(0, 1), ended(1, 5), ended(1, 7), ended(2, 0), ended(3, 4)});
  const auto layers = rates_by(space, outcomes, GroupBy::layer, 0.95);
  EXPECT_EQ(layers.size(), space.strata().size() / 2);
  EXPECT_EQ(layers[0].rate.faults, 3);
  EXPECT_DOUBLE_EQ(layers[0].rate.rate, 13.0 / 30);
  EXPECT_DOUBLE_EQ(layers[1].rate.rate, 4.0 / 20);
  const auto bits = rates_by(space, outcomes, GroupBy::bit, 0.95);
  ASSERT_EQ(bits.size(), 2U);
  EXPECT_EQ(bits[0].bit, 0);
  EXPECT_DOUBLE_EQ(bits[0].rate.rate, 1.0 / 20);
  EXPECT_EQ(bits[1].bit, 7);
  EXPECT_DOUBLE_EQ(bits[1].rate.rate, 16.0 / 30);
  const auto cells = rates_by(space, outcomes, GroupBy::layer_and_bit, 0.95);
  EXPECT_EQ(cells.size(), space.strata().size());
  EXPECT_DOUBLE_EQ(cells[1].rate.rate, 12.0 / 20);
  EXPECT_EQ(cells.back().rate.faults, space.strata().size() == 4 ? 1 : 0);
  const auto sites = rates_by(space, outcomes, GroupBy::site, 0.95);
  ASSERT_EQ(sites.size(), 1U);
  EXPECT_EQ(sites[0].rate.tally.top1_changed, 17);
  EXPECT_EQ(sites[0].population, space.population());
}

TEST(RatesBy, EffectsAreToldApart) {
  Rng rng(1);
  const integer::Plan plan =
      integer::compile(random_integer_network(rng, {8, 8}), KernelSet::best).value();
  const FaultSpace space =
      FaultSpace::make(
          plan, {.effects = {Effect::flip, Effect::stuck_at_1}, .layers = {"fc"}, .bits = {6, 7}})
          .value();
  ASSERT_EQ(space.strata().size(), 4U);  // flip of bits 6 and 7, stuck-at-1 of both
  const auto effects =
      rates_by(space, summary_of(4, {ended(0, 2), ended(1, 4), ended(2, 0), ended(3, 1)}),
               GroupBy::effect, 0.95);
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(effects[0].effect, static_cast<int>(Effect::flip));
  EXPECT_DOUBLE_EQ(effects[0].rate.rate, 6.0 / 20);
  EXPECT_EQ(effects[1].effect, static_cast<int>(Effect::stuck_at_1));
  EXPECT_DOUBLE_EQ(effects[1].rate.rate, 1.0 / 20);
}

/// Of two sites, by hand: rates weighted by all their faults, not by those drawn.
TEST(OverallRate, WeighsSitesByTheirPopulations) {
  Rng rng(1);
  const integer::Plan plan =
      integer::compile(random_integer_network(rng, {8, 8}), KernelSet::best).value();
  const FaultSpace space =
      FaultSpace::make(plan,
                       {.sites = {Site::weights, Site::biases}, .layers = {"fc"}, .bits = {7}})
          .value();
  ASSERT_EQ(space.strata().size(), 2U);
  const auto weights = static_cast<double>(space.strata()[0].words);
  const auto biases = static_cast<double>(space.strata()[1].words);
  const CampaignSummary outcomes = summary_of(2, {ended(0, 1), ended(1, 8), ended(1, 10)});
  const Rate rate = overall_rate(space, outcomes, 0.95);
  EXPECT_DOUBLE_EQ(rate.rate, (weights * 0.1 + biases * 0.9) / (weights + biases));
  EXPECT_DOUBLE_EQ(rate.masked, (weights * 0.9 + biases * 0.1) / (weights + biases));
  EXPECT_DOUBLE_EQ(rate.right, (weights * 0.9 + biases * 0.1) / (weights + biases));
  EXPECT_EQ(rate.tally.inferences, 30);
  const auto sites = rates_by(space, outcomes, GroupBy::site, 0.95);
  const Interval& one = sites[0].rate.intervals.of_these_images;
  const Interval& other = sites[1].rate.intervals.of_these_images;
  EXPECT_NEAR(std::pow(rate.intervals.of_these_images.high - rate.rate, 2),
              std::pow(weights * (one.high - 0.1) / (weights + biases), 2) +
                  std::pow(biases * (other.high - 0.9) / (weights + biases), 2),
              1e-12);
  EXPECT_NEAR(rate.intervals.of_images_like_these.low,
              (weights * sites[0].rate.intervals.of_images_like_these.low +
               biases * sites[1].rate.intervals.of_images_like_these.low) /
                  (weights + biases),
              1e-12);
}

TEST(CampaignSummary, KeepsTheFaultsThatChangeMostAndCrashesCount) {
  std::vector<Outcome> outcomes{ended(0, 1), ended(0, 0), ended(0, 9), ended(0, 9), ended(0, 0)};
  outcomes.back().tally.crashed = 10;
  outcomes.back().failed = {1023};
  const auto numbers = [&](std::size_t most) {
    CampaignSummary summary(1, 0, 1, most);
    const Upset upset;
    for (const Outcome& outcome : outcomes) summary.add(std::span(&upset, 1), outcome);
    std::vector<std::int64_t> kept;
    for (const auto& fault : summary.worst()) kept.push_back(fault.number);
    return kept;
  };
  EXPECT_THAT(numbers(10), testing::ElementsAre(4, 2, 3, 0));
  EXPECT_THAT(numbers(2), testing::ElementsAre(4, 2));
}

/// Each of 50 faults is among the 10 kept of 20 % of all seeds.
TEST(CampaignSummary, DrawsFaultsEvenly) {
  std::vector<int> kept(50);
  const Upset upset;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CampaignSummary summary(1, 10, seed);
    for (int f = 0; f < 50; ++f) summary.add(std::span(&upset, 1), ended(0, 0));
    ASSERT_EQ(summary.drawn().size(), 10U);
    for (const auto& fault : summary.drawn()) ++kept[static_cast<std::size_t>(fault.number)];
  }
  for (const int times : kept) EXPECT_NEAR(times, 400, 5 * std::sqrt(2000 * 0.2 * 0.8));
}

}  // namespace
}  // namespace hwflow::train::fault
