#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "study/algorithms.hpp"
#include "study/sensitivity.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

/// Narrower nowhere wider.
bool is_within(const CompressionPlan& plan, const CompressionPlan& wider) {
  for (std::size_t i = 0; i < plan.layers.size(); ++i) {
    if (plan.layers[i].weights > wider.layers[i].weights) return false;
    if (plan.layers[i].inputs > wider.layers[i].inputs) return false;
  }
  return true;
}

SearchResult search(const Study& study) {
  TemporaryFolder folder;
  const auto store = open_store(folder.path() / "runs.sqlite");
  LayerByLayerModel hardware(small_network(), small_accelerator(), {}, map_by_formula);
  FakeAccuracyModel accuracy;
  return search_plans(study, hardware, accuracy, *store, {}).value();
}

Study greedy_study() {
  Study study = small_study();
  study.search.algorithm = Algorithm::greedy;
  study.search.objectives = {Objective::accuracy, Objective::energy};
  study.search.weight_bits = study.search.input_bits = {4, 8};
  study.search.pinned = {{"first", 8, 8}, {"last", 8, 8}};
  study.finish.baselines = {{8, 8}};
  study.baselines = {{8, 8}};
  return study;
}

// conv2 has 9,216 MACs, conv3 18,432; halving a width of 8/8 saves 32 pJ per MAC, and what conv1 or
// conv2 store takes 4 bits less for each of 256 words when their reader reads 4 bits. Errors:
// weights 8 (conv2) and 12 (conv3) of 1,000 for 4 bits less, inputs 4 each. In harm for the gain:
//   conv3 inputs  4 / (18,432*32 + 1,024) = 6.8e-6     conv2 inputs  4 / (9,216*32 + 1,024)
//   = 13.5e-6 conv3 weights 12 / (18,432*32)        = 20.3e-6    conv2 weights 8 / (9,216*32)
//   = 27.1e-6
// Both widths of a layer save less once the other is narrow, which is noticed when the two that
// look best are tried out: conv3 weights then cost 12 / (18,432*16) = 40.7e-6, conv2
// weights 54.3e-6, so that conv3 comes first in the end, too.
TEST(GreedySearch, NarrowsInTheOrderOfMeasuredHarmForTheGain) {
  Study study = greedy_study();
  study.search.evaluations = 5 + 8;
  const SearchResult result = search(study);
  std::vector<std::string> found;
  for (const EvaluatedPlan& plan : result.evaluated) found.push_back(to_text(plan.plan));
  ASSERT_EQ(found.size(), 13U);
  found.resize(10);
  EXPECT_THAT(found, testing::ElementsAre("8/8 8/8 8/8 8/8", "8/8 4/8 8/8 8/8", "8/8 8/4 8/8 8/8",
                                          "8/8 8/8 4/8 8/8", "8/8 8/8 8/4 8/8",  // the single steps
                                          "8/8 8/4 8/4 8/8", "8/8 8/8 4/4 8/8",  // takes the first
                                          "8/8 4/4 8/4 8/8", "8/8 8/4 4/4 8/8",  // takes the second
                                          "8/8 4/4 4/4 8/8"));
}

/// What the widest plan says of a layer need not hold further down: re-measuring notices.
TEST(GreedySearch, FollowsPathsFromTheWidestToTheNarrowestPlan) {
  Study study = small_study();
  study.search.algorithm = Algorithm::greedy;
  study.search.evaluations = 80;
  const SearchResult result = search(study);
  ASSERT_EQ(result.evaluated.size(), 80U);
  const CompressionPlan narrowest = CompressionPlan::uniform(4, 2, 2);
  std::size_t greedy = 0;
  for (const EvaluatedPlan& plan : result.evaluated) {
    if (plan.origin != Origin::greedy) continue;
    ++greedy;
    EXPECT_TRUE(is_within(narrowest, plan.plan));
    // Each is a step from some other that is wider in one width (or several at a long stride).
    EXPECT_TRUE(std::any_of(result.evaluated.begin(), result.evaluated.end(),
                            [&](const EvaluatedPlan& wider) {
                              return wider.plan != plan.plan && is_within(plan.plan, wider.plan);
                            }));
  }
  EXPECT_GE(greedy, 80U - 9U - 16U);
}

/// A width gains no MACs: none is narrowed while channels of two groups can be removed (two genes
/// are tried out at a time).
TEST(GreedySearch, WidthsAreNoGainInMacs) {
  Study study = greedy_study();
  study.search.pinned.clear();
  study.search.objectives = {Objective::accuracy, Objective::macs};
  study.search.channels.emplace();
  study.search.evaluations = 1 + 17 + 34;  // 8 steps of widths, 9 of channels; two looks at each
  const SearchResult result = search(study);
  int wide = 0;
  for (const EvaluatedPlan& plan : result.evaluated) {
    if (plan.origin != Origin::greedy) continue;
    const bool is_wide = is_within(CompressionPlan::uniform(4, 8, 8), plan.plan);
    wide += is_wide ? 1 : 0;
    if (is_wide) continue;
    ASSERT_EQ(plan.plan.channels.size(), 3U);
    const std::vector<std::int32_t> least{1, 1, 2};
    int at_least = 0;
    for (std::size_t g = 0; g < 3; ++g) at_least += plan.plan.channels[g] == least[g] ? 1 : 0;
    EXPECT_GE(at_least, 2) << to_text(plan.plan);
  }
  EXPECT_GE(wide, 8);  // the path down the channels, after its first step
}

/// The fake's errors and MACs add up, so that a greedy path is near the best: against all 6,561
/// plans, no plan of the front that saves half the energy has half the errors of greedy's best.
TEST(GreedySearch, IsNotFarFromTheBestOfTheWholeSpace) {
  Study study = small_study();
  study.search.algorithm = Algorithm::greedy;
  study.search.objectives = {Objective::accuracy, Objective::energy};
  study.search.evaluations = 120;
  const SearchResult result = search(study);
  const PlanSpace space(study.search, small_network());
  LayerByLayerModel hardware(small_network(), small_accelerator(), {}, map_by_formula);
  std::vector<CompressionPlan> all;
  for (int code = 0; code < 6561; ++code) {
    pareto::Genome genome;
    for (int gene = 0, rest = code; gene < 8; ++gene, rest /= 3) genome.push_back(rest % 3);
    all.push_back(space.decode(genome));
  }
  ASSERT_TRUE(hardware.prepare(all, 2).empty());
  const double widest = hardware.cost(CompressionPlan::uniform(4, 8, 8)).energy_pj;
  for (const double share : {0.7, 0.5, 0.3, 0.15}) {
    std::int64_t best = 1000, greedy = 1000;
    for (const CompressionPlan& plan : all) {
      if (hardware.cost(plan).energy_pj <= share * widest) best = std::min(best, fake_errors(plan));
    }
    for (const EvaluatedPlan& plan : result.evaluated) {
      if (plan.hardware.energy_pj <= share * widest) {
        greedy = std::min(greedy, fake_errors(plan.plan));
      }
    }
    EXPECT_GE(greedy, best);
    EXPECT_LE(greedy, best + 8) << share;  // of 1,000 images
  }
}

}  // namespace
}  // namespace hwflow::study
