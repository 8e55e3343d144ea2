#include "study/search_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using pareto::Genome;

class SearchRecordTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<RunStore> store_ = open_store(folder_.path() / "runs");
  Study study_ = small_study();
  FakeAccuracyModel model_;
  LayerByLayerModel hardware_{small_network(), small_accelerator(), HardwareOptions{},
                              map_by_formula};
  PlanSpace space_{study_.search, small_network()};
  PlanEvaluator evaluator_{hardware_, model_, *store_, 1, {}, {}};
  SearchRecord record_{study_.search, space_, evaluator_};
};

// The witness: what NSGA-II's own search makes of the same plans, generation by generation.
TEST_F(SearchRecordTest, SaysTheSameAsTheSearchThatFoundThePlans) {
  const SearchResult expected =
      search_plans(study_, hardware_, model_, *store_, SearchSetting{}).value();
  std::vector<Genome> uniform;
  for (const std::size_t i : expected.baselines) {
    uniform.push_back(space_.encode(expected.evaluated[i].plan));
  }
  for (const GenerationSummary& generation : expected.generations) {
    for (const EvaluatedPlan& plan : expected.evaluated) {
      if (plan.generation != generation.generation) continue;
      const Genome genome = space_.encode(plan.plan);
      ASSERT_TRUE(record_.measure(std::span(&genome, 1), plan.origin, plan.generation));
    }
    const GenerationSummary& summary = record_.summarise(generation.generation);
    EXPECT_EQ(summary.evaluations, generation.evaluations);
    EXPECT_EQ(summary.front_size, generation.front_size);
    EXPECT_EQ(summary.hypervolume, generation.hypervolume);
  }
  const SearchResult found = std::move(record_).finish(uniform);
  EXPECT_EQ(found.normalisers, expected.normalisers);
  EXPECT_EQ(found.hypervolume_reference, expected.hypervolume_reference);
  EXPECT_EQ(found.front, expected.front);
  EXPECT_EQ(found.baselines, expected.baselines);
  ASSERT_EQ(found.evaluated.size(), expected.evaluated.size());
  for (std::size_t i = 0; i < found.evaluated.size(); ++i) {
    EXPECT_EQ(found.evaluated[i].plan, expected.evaluated[i].plan);
    EXPECT_EQ(found.evaluated[i].origin, expected.evaluated[i].origin);
    EXPECT_EQ(found.evaluated[i].generation, expected.evaluated[i].generation);
    EXPECT_EQ(found.evaluated[i].objectives, expected.evaluated[i].objectives);
    EXPECT_EQ(found.evaluated[i].on_front, expected.evaluated[i].on_front);
  }
  EXPECT_FALSE(found.stopped);
}

TEST_F(SearchRecordTest, MeasuresEveryPlanOnce) {
  const Genome widest = space_.genomes().largest, narrowest(8, 0);
  const std::vector<Genome> plans{widest, narrowest, widest};
  ASSERT_TRUE(record_.measure(plans, Origin::uniform, 0));
  ASSERT_TRUE(record_.measure(plans, Origin::agent, 1));
  EXPECT_EQ(model_.evaluations, 2);
  EXPECT_EQ(record_.evaluations(), 2);
  EXPECT_TRUE(record_.knows(narrowest));
  EXPECT_EQ(record_.accuracy(widest), (train::AccuracyEstimate{1000, 1000}));
  EXPECT_FALSE(record_.knows(Genome(8, 1)));
  EXPECT_THROW(static_cast<void>(record_.accuracy(Genome(8, 1))), InternalError);
}

TEST_F(SearchRecordTest, NothingNewLeavesTheSummaryAsItWas) {
  const std::vector<Genome> plans{space_.genomes().largest, Genome(8, 1)};
  ASSERT_TRUE(record_.measure(plans, Origin::uniform, 0));
  const GenerationSummary first = record_.summarise(0);
  const GenerationSummary second = record_.summarise(1);
  EXPECT_EQ(second.generation, 1);
  EXPECT_EQ(second.evaluations, first.evaluations);
  EXPECT_EQ(second.hypervolume, first.hypervolume);
}

TEST_F(SearchRecordTest, AStopAddsNothing) {
  evaluator_.use_only_the_store();
  const std::vector<Genome> plans{space_.genomes().largest};
  EXPECT_FALSE(record_.measure(plans, Origin::uniform, 0));
  EXPECT_TRUE(record_.stopped());
  EXPECT_EQ(record_.evaluations(), 0);
  EXPECT_TRUE(record_.problems().empty());
}

}  // namespace
}  // namespace hwflow::study
