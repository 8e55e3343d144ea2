#include "train/fault/campaign_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/train/quant/random_integer_network.hpp"

namespace hwflow::train::fault {
namespace {

Outcome ended(std::uint32_t stratum, std::int64_t changed) {
  return {stratum, {10, 10 - changed, changed, 0, 0, 0}};
}

TEST(RatesBy, AddsUpTheStrataThatHaveALayerOrABitInCommon) {
  Rng rng(1);
  const integer::Plan plan =
      integer::compile(random_integer_network(rng, {8, 8}), KernelSet::best).value();
  const FaultSpace space = FaultSpace::make(plan, {.bits = {0, 7}}).value();
  ASSERT_GE(space.strata().size(), 4U);  // layer a: bits 0 and 7, layer b: likewise
  const std::vector<Outcome> outcomes{ended(0, 1), ended(1, 5), ended(1, 7), ended(2, 0),
                                      ended(3, 4)};
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
  const std::vector<Outcome> outcomes{ended(0, 1), ended(1, 8), ended(1, 10)};
  const Rate rate = overall_rate(space, outcomes, 0.95);
  EXPECT_DOUBLE_EQ(rate.rate, (weights * 0.1 + biases * 0.9) / (weights + biases));
  EXPECT_EQ(rate.tally.inferences, 30);
  EXPECT_LT(rate.interval.low, rate.rate);
  EXPECT_GT(rate.interval.high, rate.rate);
}

TEST(WorstFaults, AreThoseThatChangeMostAndCrashesCount) {
  std::vector<Outcome> outcomes{ended(0, 1), ended(0, 0), ended(0, 9), ended(0, 0)};
  outcomes.back().tally.crashed = 10;
  EXPECT_THAT(worst_faults(outcomes, 10), testing::ElementsAre(3, 2, 0));
  EXPECT_THAT(worst_faults(outcomes, 1), testing::ElementsAre(3));
}

}  // namespace
}  // namespace hwflow::train::fault
