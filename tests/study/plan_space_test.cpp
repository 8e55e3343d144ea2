#include "study/plan_space.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

TEST(PlanSpace, HasTwoGenesForEveryLayerThatIsNotPinned) {
  SearchOptions options;
  options.weight_bits = {8, 2, 4};  // any order
  options.input_bits = {4, 8};
  options.pinned = {{"first", 8, 8}, {"fc", 4, 8}};
  const PlanSpace space(options, small_network());
  EXPECT_EQ(space.free_layers(), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(space.genomes().largest, (std::vector<int>{2, 1, 2, 1}));
  EXPECT_EQ(space.genomes().size(), 36.0);
  EXPECT_EQ(to_text(space.decode({0, 1, 2, 0})), "8/8 2/8 8/4 4/8");
}

TEST(PlanSpace, EncodeIsTheInverseOfDecode) {
  const PlanSpace space(SearchOptions{}, small_network());
  Rng rng(5);
  for (int trial = 0; trial < 200; ++trial) {
    pareto::Genome genome;
    for (const int largest : space.genomes().largest) {
      genome.push_back(static_cast<int>(rng.between(0, largest)));
    }
    ASSERT_EQ(space.encode(space.decode(genome)), std::optional(genome));
  }
  EXPECT_EQ(space.encode(PrecisionPlan::uniform(4, 3, 8)), std::nullopt);
}

TEST(PlanSpace, UniformPlansAndPairsWidestFirst) {
  SearchOptions options;
  options.weight_bits = {4, 8};
  options.input_bits = {4, 8};
  const PlanSpace space(options, small_network());
  EXPECT_EQ(space.uniform({4, 8}), PrecisionPlan::uniform(4, 4, 8));
  EXPECT_EQ(space.width_pairs(), (std::vector<WidthPair>{{8, 8}, {8, 4}, {4, 8}, {4, 4}}));
}

TEST(PlanSpace, NarrowsEachLayerToWhatTheFrontUsesAndItsNeighbours) {
  SearchOptions options;
  options.weight_bits = options.input_bits = {2, 3, 4, 6, 8};
  options.pinned = {{"first", 8, 8}};
  const PlanSpace space(options, small_network());
  const std::vector<PrecisionPlan> front{{{{8, 8}, {8, 2}, {4, 4}, {2, 8}}},
                                         {{{8, 8}, {8, 2}, {4, 6}, {4, 8}}},
                                         {{{8, 8}, {8, 2}, {4, 4}, {4, 8}}},
                                         {{{8, 8}, {6, 2}, {4, 4}, {4, 3}}}};
  const std::vector<LayerWidths> one = space.narrowed(front, 1, 0.0).layer_widths();
  EXPECT_EQ(one[0], (LayerWidths{{8}, {8}}));
  EXPECT_EQ(one[1], (LayerWidths{{4, 6, 8}, {2, 3}}));
  EXPECT_EQ(one[2], (LayerWidths{{3, 4, 6}, {3, 4, 6, 8}}));
  EXPECT_EQ(one[3], (LayerWidths{{2, 3, 4, 6}, {2, 3, 4, 6, 8}}));
  // What only one plan of four has does not count.
  const PlanSpace half = space.narrowed(front, 0, 0.5);
  EXPECT_EQ(half.layer_widths()[1], (LayerWidths{{8}, {2}}));
  EXPECT_EQ(half.layer_widths()[3], (LayerWidths{{4}, {8}}));
  EXPECT_EQ(half.genomes().size(), 1.0);
  EXPECT_EQ(half.decode(pareto::Genome(6, 0)), front[2]);
  EXPECT_EQ(half.encode(front[1]), std::nullopt);
  // Narrowing again cannot bring back what was dropped; no plans, no narrowing.
  EXPECT_EQ(half.narrowed(front, 4, 0.0).layer_widths(), half.layer_widths());
  EXPECT_EQ(space.narrowed({}, 0, 0.1).layer_widths(), space.layer_widths());
}

TEST(FindComputeLayer, KnowsEndsAndNames) {
  const Network network = small_network();
  EXPECT_EQ(find_compute_layer(network, "first"), std::optional<std::size_t>{0});
  EXPECT_EQ(find_compute_layer(network, "last"), std::optional<std::size_t>{3});
  EXPECT_EQ(find_compute_layer(network, "conv2"), std::optional<std::size_t>{1});
  EXPECT_EQ(find_compute_layer(network, "conv9"), std::nullopt);
}

}  // namespace
}  // namespace hwflow::study
