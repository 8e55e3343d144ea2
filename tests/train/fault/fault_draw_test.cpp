#include "train/fault/fault_draw.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/random.hpp"
#include "tests/train/quant/random_integer_network.hpp"
#include "train/fault/words.hpp"

namespace hwflow::train::fault {
namespace {

integer::Plan random_plan(std::uint64_t seed) {
  Rng rng(seed);
  return integer::compile(random_integer_network(rng, {8, 8}), KernelSet::best).value();
}

TEST(RandomOrder, IsAPermutationOfEveryLength) {
  for (const std::int64_t count : {1, 2, 3, 7, 64, 65, 1000}) {
    const RandomOrder order(count, 5);
    std::set<std::int64_t> seen;
    for (std::int64_t k = 0; k < count; ++k) seen.insert(order[k]);
    EXPECT_EQ(std::ssize(seen), count);
    EXPECT_EQ(*seen.begin(), 0);
    EXPECT_EQ(*seen.rbegin(), count - 1);
  }
}

TEST(RandomOrder, EveryEntryMayComeFirst) {
  std::map<std::int64_t, int> first;
  for (std::uint64_t seed = 0; seed < 5000; ++seed) ++first[RandomOrder(10, seed)[0]];
  for (std::int64_t k = 0; k < 10; ++k) EXPECT_NEAR(first[k], 500, 5 * std::sqrt(450.0)) << k;
}

/// Counted by hand: codes of every layer, 8 bits each, and nothing else.
TEST(FaultSpace, HoldsEveryBitOfEveryWeightOnce) {
  const integer::Plan plan = random_plan(1);
  const FaultSpace space = FaultSpace::make(plan, {}).value();
  std::int64_t bits = 0;
  for (const IntegerNode& node : plan.network.nodes)
    if (node.compute) bits += 8 * std::ssize(node.compute->codes);
  EXPECT_EQ(space.population(), bits);
  std::set<std::tuple<std::uint32_t, std::int64_t, std::uint64_t>> seen;
  for (std::size_t s = 0; s < space.strata().size(); ++s)
    for (std::int64_t word = 0; word < space.strata()[s].words; ++word) {
      const Upset upset = space.upset(s, word);
      seen.emplace(upset.node, upset.element, upset.bits);
    }
  EXPECT_EQ(std::ssize(seen), bits);
}

TEST(FaultSpace, ChoosesLayersBitsAndEffects) {
  const integer::Plan plan = random_plan(1);
  const FaultSpace space =
      FaultSpace::make(plan, {.sites = {Site::weights, Site::biases},
                              .effects = {Effect::stuck_at_0, Effect::stuck_at_1},
                              .layers = {"fc"},
                              .bits = {3, 7},
                              .adjacent_bits = 2})
          .value();
  // Weights have bit 3 (with 4), not 7 (8 is beyond the word); biases have both.
  EXPECT_EQ(space.strata().size(), 2U + 4U);
  for (const Stratum& stratum : space.strata())
    EXPECT_EQ(plan.network.network.nodes()[stratum.node].name, "fc");
  EXPECT_EQ(space.upset(0, 0).bits, 0b11000U);
}

TEST(FaultSpace, TellsEveryMistake) {
  const integer::Plan plan = random_plan(1);
  const auto space = FaultSpace::make(
      plan, {.layers = {"nowhere", "elsewhere"}, .bits = {-1}, .adjacent_bits = 0});
  ASSERT_FALSE(space.has_value());
  EXPECT_EQ(space.error().size(), 4U);
  EXPECT_FALSE(FaultSpace::make(plan, {.bits = {20}}).has_value()) << "no weight has 21 bits";
}

/// Twice the same faults would count twice in a population.
TEST(FaultSpace, RefusesSitesAndEffectsThatAreNamedTwice) {
  const auto space = FaultSpace::make(random_plan(1), {.sites = {Site::weights, Site::weights},
                                                       .effects = {Effect::flip, Effect::flip}});
  ASSERT_FALSE(space.has_value());
  EXPECT_EQ(to_text(space.error()).find("--sites: names 'weights' more than once"), 0U);
  EXPECT_EQ(space.error().size(), 2U);
}

/// Codes of 12 and weights of 8 bits over some inputs: sums that 32 bits cannot hold for sure.
TEST(FaultSpace, ReachesTheHighestBitsOfWideSums) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    const integer::Plan plan =
        integer::compile(random_integer_network(rng, {8, 12}), KernelSet::best).value();
    const auto space = FaultSpace::make(plan, {.sites = {Site::accumulators}, .bits = {39}});
    const bool is_wide = std::ranges::any_of(plan.nodes, [](const integer::PreparedNode& node) {
      return node.kernel == integer::Kernel::wide;
    });
    ASSERT_EQ(space.has_value(), is_wide);
    if (!is_wide) continue;
    EXPECT_EQ(space->upset(0, 0).bits, std::uint64_t{1} << 39);
    EXPECT_FALSE(FaultSpace::make(plan, {.sites = {Site::accumulators}, .bits = {40}}));
    return;
  }
  FAIL() << "no network with wide sums";
}

TEST(FaultDraw, DrawsEveryFaultOnceHoweverItIsCut) {
  const integer::Plan plan = random_plan(2);
  const FaultSpace space = FaultSpace::make(plan, {.layers = {"fc"}}).value();
  FaultDraw whole(space, 3), parts(space, 3);
  std::vector<std::uint32_t> strata, strata_of_parts;
  const FaultList all = whole.draw(space.population() + 10, strata);
  ASSERT_EQ(static_cast<std::int64_t>(all.size()), space.population());
  FaultList joined;
  for (std::int64_t part = 0; part * 7 < space.population(); ++part) {
    const FaultList some = parts.draw(7, strata_of_parts);
    for (std::size_t f = 0; f < some.size(); ++f) joined.add(some[f]);
  }
  EXPECT_EQ(joined, all);
  EXPECT_EQ(strata, strata_of_parts);
  std::set<std::pair<std::int64_t, std::uint64_t>> seen;
  for (std::size_t f = 0; f < all.size(); ++f) seen.emplace(all[f][0].element, all[f][0].bits);
  EXPECT_EQ(std::ssize(seen), space.population());
}

TEST(FaultDraw, SitesTakeTurnsAndStrataGetTheirShareOfASite) {
  const integer::Plan plan = random_plan(4);
  const FaultSpace space =
      FaultSpace::make(plan, {.sites = {Site::weights, Site::activations}}).value();
  std::map<Site, double> population;
  for (const Stratum& stratum : space.strata())
    population[stratum.site] += static_cast<double>(stratum.words);
  for (const std::int64_t count : {50, 333, 1000}) {
    FaultDraw draw(space, 9);
    std::vector<std::uint32_t> strata;
    const FaultList faults = draw.draw(count, strata);
    std::vector<double> drawn(space.strata().size());
    for (const std::uint32_t s : strata) drawn[s] += 1.0;
    for (std::size_t s = 0; s < drawn.size(); ++s) {
      const Stratum& stratum = space.strata()[s];
      const double share = static_cast<double>(stratum.words) / population[stratum.site];
      EXPECT_NEAR(drawn[s], share * static_cast<double>(faults.size()) / 2, 3.0) << s;
    }
  }
}

/// A site that is done leaves its turns to the others.
TEST(FaultDraw, DrawsAllOfSitesOfDifferentSizes) {
  const integer::Plan plan = random_plan(4);
  const FaultSpace space =
      FaultSpace::make(plan, {.sites = {Site::weights, Site::biases}, .layers = {"fc"}}).value();
  FaultDraw draw(space, 2);
  std::vector<std::uint32_t> strata;
  const FaultList faults = draw.draw(space.population(), strata);
  std::set<std::tuple<Site, std::int64_t, std::uint64_t>> seen;
  for (std::size_t f = 0; f < faults.size(); ++f)
    seen.emplace(faults[f][0].site, faults[f][0].element, faults[f][0].bits);
  EXPECT_EQ(std::ssize(seen), space.population());
}

TEST(DrawAtRate, HitsEachBitWithThatProbability) {
  const integer::Plan plan = random_plan(5);
  const FaultSpace space = FaultSpace::make(plan, {.layers = {"fc"}}).value();
  std::map<std::pair<std::int64_t, std::uint64_t>, int> hits;
  constexpr int kInferences = 4000;
  constexpr double kRate = 0.02;
  std::int64_t all = 0;
  for (std::uint64_t inference = 0; inference < kInferences; ++inference)
    for (const Upset& upset : draw_at_rate(space, kRate, 7, inference)) {
      ++hits[{upset.element, upset.bits}];
      ++all;
    }
  const double expected = kRate * kInferences;
  EXPECT_NEAR(static_cast<double>(all) / static_cast<double>(space.population()), expected,
              5 * std::sqrt(expected / static_cast<double>(space.population())));
  for (std::size_t s = 0; s < space.strata().size(); ++s)
    for (std::int64_t word = 0; word < space.strata()[s].words; ++word) {
      const Upset upset = space.upset(s, word);
      const double seen = hits[std::pair{upset.element, upset.bits}];
      EXPECT_NEAR(seen, expected, 6 * std::sqrt(expected));
    }
}

TEST(PairOrder, HasEveryPairOnceAndItsPartsEvenly) {
  for (const auto& [strata, units] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {8, 12}, {7, 12}, {1, 5}, {24, 1}, {6, 6}}) {
    const PairOrder order(strata, units, 5);
    std::vector<std::int64_t> of_stratum(static_cast<std::size_t>(strata)),
        of_unit(static_cast<std::size_t>(units));
    std::set<std::pair<std::int64_t, std::int64_t>> seen;
    for (std::int64_t k = 0; k < strata * units; ++k) {
      const PairOrder::Pair pair = order[k];
      EXPECT_TRUE(seen.emplace(pair.stratum, pair.unit).second) << k;
      ++of_stratum.at(static_cast<std::size_t>(pair.stratum));
      ++of_unit.at(static_cast<std::size_t>(pair.unit));
      EXPECT_LE(std::ranges::max(of_stratum) - std::ranges::min(of_stratum), 2) << k;
      EXPECT_LE(std::ranges::max(of_unit) - std::ranges::min(of_unit), 2) << k;
    }
  }
  const PairOrder one(8, 12, 1), other(8, 12, 2);
  int same = 0;
  for (std::int64_t k = 0; k < 96; ++k) same += one[k] == other[k] ? 1 : 0;
  EXPECT_LT(same, 20);
}

}  // namespace
}  // namespace hwflow::train::fault
