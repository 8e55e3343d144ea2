#include "study/accuracy_predictor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/random.hpp"
#include "study/rank_correlation.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using Target = AccuracyPredictor::Target;

PlanSpace small_space() { return {small_study().search, small_network()}; }

std::vector<CompressionPlan> random_plans(const PlanSpace& space, std::size_t count,
                                          std::uint64_t seed) {
  Rng rng(seed);
  std::vector<CompressionPlan> plans;
  for (std::size_t i = 0; i < count; ++i) {
    pareto::Genome genome;
    for (const int largest : space.genomes().largest) {
      genome.push_back(static_cast<int>(rng.between(0, largest)));
    }
    plans.push_back(space.decode(genome));
  }
  return plans;
}

using Rule = std::function<train::AccuracyEstimate(const CompressionPlan&)>;

/// Predictions of plans that were not measured against the rule.
double quality(const Rule& rule, std::size_t measured, Target* target = nullptr) {
  const PlanSpace space = small_space();
  std::vector<MeasuredPlan> known;
  for (const CompressionPlan& plan : random_plans(space, measured, 1)) {
    known.push_back({plan, rule(plan)});
  }
  const AccuracyPredictor predictor(space, known);
  if (target != nullptr) *target = predictor.target();
  std::vector<double> predicted, actual;
  for (const CompressionPlan& plan : random_plans(space, 200, 2)) {
    predicted.push_back(predictor.harm(plan));
    actual.push_back(1.0 - rule(plan).top1());
  }
  return rank_correlation(predicted, actual).value();
}

/// Four layers, the first pinned; of each two steps of weights (8 to 4, 4 to 2) and two of inputs,
/// narrowest first; then how many layers went each step.
TEST(PlanFeatures, AreTheStepsThatEachLayerWent) {
  Study study = small_study();
  study.search.pinned = {{"first", 8, 8}};
  const PlanFeatures features(PlanSpace(study.search, small_network()));
  const CompressionPlan plan{{{8, 8}, {2, 8}, {4, 2}, {8, 4}}};
  EXPECT_EQ(features.of(plan), (std::vector<double>{1, 1, 0, 0,     // w2, i8
                                                    0, 1, 1, 1,     // w4, i2
                                                    0, 0, 0, 1,     // w8, i4
                                                    1, 2, 1, 2}));  // weights, inputs
  EXPECT_THAT(features.of(CompressionPlan::uniform(4, 8, 8)), testing::Each(0.0));
}

/// Narrowing changes nothing: plans of all levels are learned from together.
TEST(PlanFeatures, GroupsOfChannelsTakeStepsToo) {
  Study study = small_study();
  study.search.pinned = {{"conv1", 8, 8}, {"conv2", 8, 8}, {"conv3", 8, 8}, {"fc", 8, 8}};
  study.search.channels.emplace();
  study.search.channels->shares = {0.25, 0.5, 1.0};
  const PlanSpace space(study.search, small_network());
  CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  const std::vector<double> none = PlanFeatures(space).of(plan);
  EXPECT_THAT(none, testing::Each(0.0));
  plan.channels = {1, 2, 8};
  const std::vector<double> row = PlanFeatures(space).of(plan);
  ASSERT_EQ(row.size(), none.size());
  // conv1 1 of 4, conv2 2 of 4, conv3 8 of 8, and 3/4 + 1/2 removed.
  EXPECT_EQ(std::vector<double>(row.end() - 7, row.end()),
            (std::vector<double>{1, 1, 0, 1, 0, 0, 1.25}));
  const PlanSpace narrowed = space.narrowed(std::vector{plan}, 0, 0.0);
  EXPECT_EQ(narrowed.channel_counts(), (std::vector<std::vector<int>>{{1}, {2}, {8}}));
  EXPECT_EQ(PlanFeatures(narrowed).of(plan), row);
}

/// The errors of the fake add up over layers: the share of wrong images is linear in the features.
TEST(AccuracyPredictor, FindsErrorsThatAddUp) {
  Target target = Target::log_odds;
  const auto rule = [](const CompressionPlan& plan) {
    return train::AccuracyEstimate{100'000 - 500 * fake_errors(plan), 100'000};
  };
  EXPECT_GT(quality(rule, 60, &target), 0.999);
  EXPECT_EQ(target, Target::share);
}

/// Here every step multiplies the odds of being wrong, up to a network that guesses.
TEST(AccuracyPredictor, FindsOddsThatMultiply) {
  Target target = Target::share;
  const auto rule = [](const CompressionPlan& plan) {
    const double odds = std::exp(0.12 * static_cast<double>(fake_errors(plan)) - 5.0);
    const double right = 1.0 / (1.0 + odds);
    return train::AccuracyEstimate{std::llround(1e6 * right), 1'000'000};
  };
  EXPECT_GT(quality(rule, 60, &target), 0.99);
  EXPECT_EQ(target, Target::log_odds);
}

/// Measurements that err by chance: 1,000 images each.
TEST(AccuracyPredictor, StandsNoise) {
  Rng rng(9);
  std::map<std::string, std::int64_t> luck;
  const auto rule = [&](const CompressionPlan& plan) {
    const auto place = luck.try_emplace(to_text(plan), std::llround(8.0 * rng.normal())).first;
    return train::AccuracyEstimate{850 - 3 * fake_errors(plan) + place->second, 1000};
  };
  EXPECT_GT(quality(rule, 80), 0.95);
}

/// Fewer plans than features: what is not known of one layer is taken from the others.
TEST(AccuracyPredictor, LearnsFromAFewPlans) {
  const auto rule = [](const CompressionPlan& plan) {
    return train::AccuracyEstimate{100'000 - 500 * fake_errors(plan), 100'000};
  };
  EXPECT_GT(quality(rule, 8), 0.5);
  EXPECT_GT(quality(rule, 16), 0.9);
}

TEST(AccuracyPredictor, OfOnePlanSaysItsAccuracy) {
  const PlanSpace space = small_space();
  const std::vector<MeasuredPlan> one{{CompressionPlan::uniform(4, 8, 8), {900, 1000}}};
  const AccuracyPredictor predictor(space, one);
  EXPECT_NEAR(predictor.harm(CompressionPlan::uniform(4, 2, 2)), 100.5 / 1001.0, 1e-9);
}

}  // namespace
}  // namespace hwflow::study
