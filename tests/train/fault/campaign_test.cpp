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
  std::vector<Tally> tallies;
  for (const Outcome& outcome : run_faults(c.plan, c.workload(), faults, 2)) {
    tallies.push_back(outcome.tally);
    tallies.back().top5_changed = 0;
  }
  EXPECT_EQ(tallies, expected);
}

TEST(RunFaults, DoesNotDependOnThreadsAndRunsEmptyFaultsFaultFree) {
  const IntegerCase c(2, 5);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::activations}}).value();
  FaultDraw draw(space, 1);
  std::vector<std::uint32_t> strata;
  FaultList faults = draw.draw(200, strata);
  faults.add(std::span<const Upset>{});
  const auto one = run_faults(c.plan, c.workload(), faults, 1);
  EXPECT_EQ(one, run_faults(c.plan, c.workload(), faults, 7));
  EXPECT_EQ(one.back().tally.masked, 5);
  EXPECT_EQ(one.back().tally.right, count_right(c.plan, c.workload(), 1));
}

TEST(RunFaults, TellOnWhichImagesAFaultFailed) {
  const IntegerCase c(3, 70);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::biases}}).value();
  std::vector<std::uint32_t> strata;
  const FaultList faults = FaultDraw(space, 1).draw(12, strata);
  const std::vector<Outcome> outcomes = run_faults(c.plan, c.workload(), faults, 2);
  const std::size_t size = c.pixels.size() / 70;
  const auto executor = IntegerExecutor::make(c.network).value();
  std::int64_t failures = 0;
  for (std::size_t f = 0; f < faults.size(); ++f)
    for (std::size_t i = 0; i < 70; ++i) {
      const std::span<const std::uint8_t> image = std::span(c.pixels).subspan(i * size, size);
      const Verdict verdict =
          FullRun(c.plan, faults[f]).run(image.data(), executor.logits(image, 1, 1));
      EXPECT_EQ(has_failed(outcomes[f].failed, i), verdict.top1_changed || verdict.crashed);
      failures += verdict.top1_changed ? 1 : 0;
    }
  EXPECT_GT(failures, 0);
}

TEST(RunInTurn, GivesEveryImageTheFaultsOfItsTurn) {
  const IntegerCase c(3, 4);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::accumulators}}).value();
  FaultDraw draw(space, 1);
  std::vector<std::uint32_t> strata;
  const FaultList faults = draw.draw(30, strata);
  const RunFault run = [&](Propagation& propagation, std::size_t f) {
    return propagation.run(faults[f]);
  };
  const auto tallies = run_in_turn(c.plan, c.workload(), 30, run, 2);
  EXPECT_EQ(tallies, run_in_turn(c.plan, c.workload(), 30, run, 7));
  const std::size_t size = c.pixels.size() / 4;
  const auto executor = IntegerExecutor::make(c.network).value();
  std::vector<Tally> expected(4);
  for (std::size_t f = 0; f < faults.size(); ++f) {
    const std::span<const std::uint8_t> image = std::span(c.pixels).subspan(f % 4 * size, size);
    const Verdict verdict =
        FullRun(c.plan, faults[f]).run(image.data(), executor.logits(image, 1, 1));
    Tally& tally = expected[f % 4];
    ++tally.inferences;
    tally.masked += verdict.masked ? 1 : 0;
    tally.top1_changed += verdict.top1_changed ? 1 : 0;
    tally.top5_changed += verdict.top5_changed ? 1 : 0;
    tally.right += verdict.top1 == c.labels[f % 4] ? 1 : 0;
  }
  EXPECT_EQ(tallies, expected);
}

TEST(Campaign, DrawsAllPlannedFaultsUnlessItMayStopAtAMargin) {
  const IntegerCase c(4, 3);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::biases}}).value();
  CampaignOptions options{.margin = 0.05, .round = 20};
  const std::int64_t planned = sample_size(space.population(), 0.05, 0.95);
  EXPECT_EQ(run_campaign(c.plan, space, c.workload(), options).summary.faults(), planned);
  std::vector<Rate> looks;
  const CampaignHooks hooks{.on_round = [&](const auto&, const auto&, const CampaignResult& now) {
    looks.push_back(rates_by(space, now.summary, GroupBy::site, 0.95)[0].rate);
  }};
  const auto stops_where = [&](const CampaignOptions& with, const auto& is_good) {
    looks.clear();
    const CampaignResult result = run_campaign(c.plan, space, c.workload(), with, hooks);
    EXPECT_EQ(result.planned, planned);
    ASSERT_FALSE(looks.empty());
    for (std::size_t i = 0; i + 1 < looks.size(); ++i) EXPECT_FALSE(is_good(looks[i])) << i;
    EXPECT_TRUE(is_good(looks.back()) || result.summary.faults() == planned);
    EXPECT_LT(result.summary.faults(), planned) << "a case that shows nothing";
  };
  options.stop_at_margin = true;
  options.margin = 0.05;
  stops_where(options,
              [](const Rate& rate) { return rate.intervals.of_these_images.half_width() <= 0.05; });
  options.stop_at_margin = false;
  options.relative_margin = 0.5;
  stops_where(options, [](const Rate& rate) {
    return rate.intervals.of_these_images.half_width() <= 0.5 * rate.rate;
  });
}

/// Where nothing fails no relative margin can be met: the plan is the bound.
TEST(Campaign, ARelativeMarginIsBoundedByThePlan) {
  const IntegerCase c(5, 2);
  const FaultSpace space = FaultSpace::make(c.plan, {.sites = {Site::biases}, .bits = {0}}).value();
  const CampaignResult result = run_campaign(
      c.plan, space, c.workload(), {.most_faults = 15, .relative_margin = 1e-6, .round = 4});
  EXPECT_EQ(result.summary.faults(), std::min<std::int64_t>(15, space.population()));
}

TEST(Campaign, AllFaultsGiveTheRateOfThePopulationExactly) {
  const IntegerCase c(5, 2);
  const FaultSpace space = FaultSpace::make(c.plan, {.layers = {"fc"}, .bits = {7}}).value();
  const CampaignResult result =
      run_campaign(c.plan, space, c.workload(), {.exhaustive = true, .round = 13});
  EXPECT_EQ(result.summary.faults(), space.population());
  const Rate rate = overall_rate(space, result.summary, 0.95);
  EXPECT_EQ(rate.intervals.of_these_images, (Interval{rate.rate, rate.rate}));
}

/// Of many campaigns on samples, about 95 in 100 (or more: strata make samples better than drawn
/// ones) hold the rate of the whole population.
TEST(Campaign, IntervalsHoldTheTruth) {
  int campaigns = 0, held = 0;
  for (std::uint64_t network = 0; network < 20; ++network) {
    const IntegerCase c(network, 4);
    const FaultSpace space =
        FaultSpace::make(c.plan, {.sites = {Site::biases}, .bits = {22, 24, 26, 28, 30}}).value();
    const CampaignResult all =
        run_campaign(c.plan, space, c.workload(), {.exhaustive = true, .round = 100000});
    const double truth = overall_rate(space, all.summary, 0.95).rate;
    if (truth < 0.1 || truth > 0.9) continue;
    for (std::uint64_t seed = 0; seed < 40; ++seed, ++campaigns) {
      const CampaignResult some =
          run_campaign(c.plan, space, c.workload(), {.most_faults = 60, .round = 60, .seed = seed});
      const Interval interval = overall_rate(space, some.summary, 0.95).intervals.of_these_images;
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
  const CampaignOptions options{.most_faults = 90, .round = 30};
  const CollectedCampaign whole = collect(c, space, options);
  // One round and a half: the rest of the second is run again.
  std::size_t next = 0;
  const CampaignHooks hooks{.known = [&](std::size_t count) {
    std::vector<Outcome> known;
    for (; known.size() < count && next < 45; ++next) known.push_back(whole.outcomes[next]);
    return known;
  }};
  const CollectedCampaign resumed = collect(c, space, options, hooks);
  EXPECT_EQ(resumed.outcomes, whole.outcomes);
  EXPECT_EQ(resumed.faults, whole.faults);
  EXPECT_EQ(resumed.result.summary, whole.result.summary);
  EXPECT_EQ(resumed.result.inferences, 60 * 3);
}

TEST(Campaign, RoundsDoNotChangeWhatIsTold) {
  const IntegerCase c(6, 3);
  const FaultSpace space =
      FaultSpace::make(c.plan, {.sites = {Site::biases, Site::weights}}).value();
  const auto told = [&](std::int64_t round) {
    return run_campaign(c.plan, space, c.workload(), {.most_faults = 70, .round = round}).summary;
  };
  EXPECT_EQ(told(7), told(70));
}

TEST(Campaign, StoppedAtOnceHasNothing) {
  const IntegerCase c(8, 2);
  const FaultSpace space = FaultSpace::make(c.plan, {}).value();
  std::stop_source source;
  source.request_stop();
  const CampaignResult result =
      run_campaign(c.plan, space, c.workload(), {}, {}, source.get_token());
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.summary.faults(), 0);
}

TEST(CampaignOptions, EveryOptionOutOfRangeIsTold) {
  EXPECT_EQ(check({.margin = 0.0,
                   .confidence = 1.0,
                   .most_faults = -1,
                   .relative_margin = 1.0,
                   .round = 0,
                   .threads = 0})
                .size(),
            6U);
  EXPECT_TRUE(check(CampaignOptions{}).empty());
}

}  // namespace
}  // namespace hwflow::train::fault
