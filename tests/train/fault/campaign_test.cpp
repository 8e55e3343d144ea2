#include "train/fault/campaign.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/train/fault/integer_case.hpp"
#include "train/fault/fault_draw.hpp"
#include "train/fault/full_run.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train::fault {
namespace {

/// All single-bit weight faults of a layer, each by a changed network of its own.
TEST(RunFaults, AllSingleBitWeightFaultsOfALayerEqualTheExecutorOfChangedNetworks) {
  const IntegerCase c(1, 3);
  const FaultSpace space = FaultSpace::make(c.plan, {.layers = {"fc"}}).value();
  FaultList faults;
  std::vector<Tally> expected;
  const auto own = IntegerExecutor::make(c.network).value();
  const std::vector<std::int64_t> logits = own.logits(c.pixels, 3, 1);
  const std::vector<std::int32_t> classes = own.predict(c.pixels, 3, 1);
  for (std::size_t s = 0; s < space.strata().size(); ++s)
    for (std::int64_t word = 0; word < space.strata()[s].words; ++word) {
      const Upset upset = space.upset(s, word);
      faults.add(upset);
      IntegerNetwork changed = c.network;
      IntegerCompute& compute = *changed.nodes[upset.node].compute;
      std::int16_t& code = compute.codes[static_cast<std::size_t>(word)];
      code = static_cast<std::int16_t>(
          static_cast<std::int8_t>(static_cast<std::uint8_t>(code) ^ upset.bits));
      compute.low = -128;
      const auto executor = IntegerExecutor::make(changed).value();
      const std::vector<std::int64_t> faulty = executor.logits(c.pixels, 3, 1);
      const std::vector<std::int32_t> chosen = executor.predict(c.pixels, 3, 1);
      Tally tally;
      const std::size_t width = logits.size() / 3;
      for (std::size_t i = 0; i < 3; ++i) {
        ++tally.inferences;
        tally.masked += std::equal(faulty.begin() + static_cast<std::ptrdiff_t>(i * width),
                                   faulty.begin() + static_cast<std::ptrdiff_t>((i + 1) * width),
                                   logits.begin() + static_cast<std::ptrdiff_t>(i * width))
                            ? 1
                            : 0;
        tally.top1_changed += chosen[i] != classes[i] ? 1 : 0;
        tally.right += chosen[i] == c.labels[i] ? 1 : 0;
      }
      expected.push_back(tally);
    }
  std::vector<Tally> tallies = run_faults(c.plan, c.workload(), faults, Spread::all_images, 2);
  for (Tally& tally : tallies) tally.top5_changed = 0;
  EXPECT_EQ(tallies, expected);
}

TEST(RunFaults, DoesNotDependOnThreadsAndRunsEmptyFaultsFaultFree) {
  const IntegerCase c(2, 5);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::activations}}).value();
  FaultDraw draw(space, 1);
  std::vector<std::uint32_t> strata;
  FaultList faults = draw.draw(200, strata);
  faults.add(std::span<const Upset>{});
  const auto one = run_faults(c.plan, c.workload(), faults, Spread::all_images, 1);
  EXPECT_EQ(one, run_faults(c.plan, c.workload(), faults, Spread::all_images, 7));
  EXPECT_EQ(one.back().masked, 5);
  EXPECT_EQ(one.back().right, count_right(c.plan, c.workload(), 1));
}

TEST(RunFaults, OneImageEachTakesTheImagesInTurn) {
  const IntegerCase c(3, 4);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::accumulators}}).value();
  FaultDraw draw(space, 1);
  std::vector<std::uint32_t> strata;
  const FaultList faults = draw.draw(30, strata);
  const auto tallies = run_faults(c.plan, c.workload(), faults, Spread::one_image, 2);
  const std::size_t size = c.pixels.size() / 4;
  const auto executor = IntegerExecutor::make(c.network).value();
  for (std::size_t f = 0; f < faults.size(); ++f) {
    const std::span<const std::uint8_t> image = std::span(c.pixels).subspan(f % 4 * size, size);
    const Verdict verdict =
        FullRun(c.network, faults[f]).run(image.data(), executor.logits(image, 1, 1));
    EXPECT_EQ(tallies[f].inferences, 1);
    EXPECT_EQ(tallies[f].masked, verdict.masked ? 1 : 0);
    EXPECT_EQ(tallies[f].top1_changed, verdict.top1_changed ? 1 : 0);
    EXPECT_EQ(tallies[f].right, verdict.top1 == c.labels[f % 4] ? 1 : 0);
  }
}

TEST(Campaign, StopsWhenTheMarginIsMetAndNotBefore) {
  const IntegerCase c(4, 3);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::biases}}).value();
  CampaignOptions options{.margin = 0.05, .round = 20};
  std::vector<double> widths;
  const CampaignResult result = run_campaign(
      c.plan, space, c.workload(), options, {},
      {.progress = {}, .on_round = [&](const CampaignResult& so_far) {
         widths.push_back(
             rate_of(so_far.outcomes, options.confidence, so_far.population).interval.half_width());
       }});
  ASSERT_FALSE(widths.empty());
  EXPECT_EQ(result.planned, sample_size(space.population(), 0.05, 0.95));
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) EXPECT_GT(widths[i], options.margin);
  EXPECT_TRUE(widths.back() <= options.margin || std::ssize(result.outcomes) == result.planned);
  options.fixed = true;
  EXPECT_EQ(std::ssize(run_campaign(c.plan, space, c.workload(), options).outcomes),
            result.planned);
}

TEST(Campaign, AllFaultsGiveTheRateOfThePopulationExactly) {
  const IntegerCase c(5, 2);
  const FaultSpace space = FaultSpace::make(c.plan, {.layers = {"fc"}, .bits = {7}}).value();
  const CampaignResult result =
      run_campaign(c.plan, space, c.workload(), {.exhaustive = true, .round = 13});
  EXPECT_EQ(std::ssize(result.outcomes), space.population());
  const Rate rate = rate_of(result.outcomes, 0.95, result.population);
  EXPECT_EQ(rate.interval.low, rate.rate);
  EXPECT_EQ(rate.interval.high, rate.rate);
}

/// Of many campaigns on samples, about 95 in 100 (at least: intervals are conservative) hold the
/// rate of the whole population.
TEST(Campaign, IntervalsHoldTheTruth) {
  int campaigns = 0, held = 0;
  for (std::uint64_t network = 0; network < 20; ++network) {
    const IntegerCase c(network, 4);
    const FaultSpace space =
        FaultSpace::make(c.plan, {.sites = {Site::biases}, .bits = {22, 24, 26, 28, 30}}).value();
    const CampaignResult all =
        run_campaign(c.plan, space, c.workload(), {.exhaustive = true, .round = 100000});
    const double truth = rate_of(all.outcomes, 0.95, all.population).rate;
    if (truth < 0.1 || truth > 0.9) continue;
    for (std::uint64_t seed = 0; seed < 40; ++seed, ++campaigns) {
      const CampaignResult some =
          run_campaign(c.plan, space, c.workload(),
                       {.most_faults = 60, .fixed = true, .round = 60, .seed = seed});
      const Interval interval = rate_of(some.outcomes, 0.95, some.population).interval;
      held += interval.low <= truth && truth <= interval.high ? 1 : 0;
    }
  }
  ASSERT_GE(campaigns, 100);
  EXPECT_GE(held, campaigns * 90 / 100);
  EXPECT_LT(held, campaigns) << "intervals too wide to be of any use";
}

TEST(Campaign, GoesOnFromKnownOutcomesAsIfItHadNotStopped) {
  const IntegerCase c(7, 3);
  const FaultSpace space = FaultSpace::make(c.plan, {}).value();
  const CampaignOptions options{.most_faults = 90, .fixed = true, .round = 30};
  const CampaignResult whole = run_campaign(c.plan, space, c.workload(), options);
  const std::vector<Outcome> known(whole.outcomes.begin(), whole.outcomes.begin() + 60);
  const CampaignResult resumed = run_campaign(c.plan, space, c.workload(), options, known);
  EXPECT_EQ(resumed.outcomes, whole.outcomes);
  EXPECT_EQ(resumed.faults, whole.faults);
  EXPECT_EQ(resumed.inferences, 30 * 3);
}

TEST(Campaign, StoppedAtOnceHasNothing) {
  const IntegerCase c(8, 2);
  const FaultSpace space = FaultSpace::make(c.plan, {}).value();
  std::stop_source source;
  source.request_stop();
  const CampaignResult result =
      run_campaign(c.plan, space, c.workload(), {}, {}, {}, source.get_token());
  EXPECT_TRUE(result.stopped);
  EXPECT_TRUE(result.outcomes.empty());
}

TEST(CampaignOptions, EveryOptionOutOfRangeIsTold) {
  EXPECT_EQ(
      check({.margin = 0.0, .confidence = 1.0, .most_faults = -1, .round = 0, .threads = 0}).size(),
      5U);
  EXPECT_TRUE(check(CampaignOptions{}).empty());
}

}  // namespace
}  // namespace hwflow::train::fault
