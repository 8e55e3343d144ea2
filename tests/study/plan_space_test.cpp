#include "study/plan_space.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/study/small_world.hpp"
#include "workload/builtin_networks.hpp"

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

SearchOptions with_channels() {
  SearchOptions options;
  options.weight_bits = options.input_bits = {4, 8};
  options.pinned = {{"first", 8, 8}, {"conv3", 8, 8}, {"fc", 8, 8}};
  options.channels.emplace();
  options.channels->shares = {1.0, 0.3, 0.5};  // any order
  return options;
}

/// Groups of the small network: conv1 and conv2 of 4 channels, conv3 of 8.
TEST(PlanSpace, HasAGeneForEveryGroupOfChannelsThatMayLoseSome) {
  SearchOptions options = with_channels();
  const PlanSpace all(options, small_network());
  EXPECT_EQ(all.genomes().largest, (std::vector<int>{1, 1, 2, 2, 2}));
  EXPECT_EQ(all.genomes().singles, 3U);
  EXPECT_EQ(all.channel_counts(), (std::vector<std::vector<int>>{{1, 2, 4}, {1, 2, 4}, {2, 4, 8}}));
  EXPECT_EQ(to_text(all.decode({0, 1, 0, 2, 1})), "8/8 4/8 8/8 8/8 | 1 4 4");
  EXPECT_EQ(to_text(all.decode({0, 1, 2, 2, 2})), "8/8 4/8 8/8 8/8");  // all stay
  options.channels->keep = {"conv2"};
  options.channels->multiple = 4;
  const PlanSpace some(options, small_network());
  EXPECT_EQ(some.channel_counts(), (std::vector<std::vector<int>>{{4}, {4, 8}}));
  EXPECT_EQ(to_text(some.decode({1, 1, 0, 0})), "8/8 8/8 8/8 8/8 | 4 4 4");
  EXPECT_EQ(some.encode({some.decode({1, 1, 0, 0}).layers, {4, 2, 4}}), std::nullopt);  // conv2
  EXPECT_EQ(some.encode({some.decode({1, 1, 0, 0}).layers, {4, 4, 6}}), std::nullopt);
  EXPECT_EQ(some.encode({some.decode({1, 1, 0, 0}).layers, {4, 4}}), std::nullopt);
  EXPECT_TRUE(some.uniform({4, 4}).channels.empty());
}

TEST(PlanSpace, NarrowsChannelsLikeWidths) {
  const PlanSpace space(with_channels(), small_network());
  const std::vector<CompressionPlan> front{space.decode({0, 1, 0, 2, 1}),
                                           space.decode({0, 1, 0, 2, 2})};
  EXPECT_EQ(space.narrowed(front, 0, 0.0).channel_counts(),
            (std::vector<std::vector<int>>{{1}, {4}, {4, 8}}));
  EXPECT_EQ(space.narrowed(front, 1, 0.0).channel_counts(),
            (std::vector<std::vector<int>>{{1, 2}, {2, 4}, {2, 4, 8}}));
}

TEST(PlanSpace, SharedChannelsCanBeKept) {
  ChannelOptions options;
  options.keep_shared = true;
  const auto kept = [&](const char* name) {
    const Network network = make_builtin_network(name).value();
    const ChannelGroups groups(network);
    std::vector<std::string> names;
    for (std::size_t g = 0; g < groups.groups().size(); ++g)
      if (keeps_all(options, network, groups.groups()[g])) names.push_back(groups.names()[g]);
    return names;
  };
  EXPECT_EQ(kept("resnet20"),
            (std::vector<std::string>{"conv1", "layer2.0.conv2", "layer3.0.conv2"}));
  EXPECT_TRUE(kept("mobilenetv1").empty());  // depthwise layers share with one maker each
}

TEST(PlanSpace, EncodeIsTheInverseOfDecode) {
  Rng rng(5);
  const PlanSpace space(SearchOptions{}, small_network()),
      channels(with_channels(), small_network());
  for (int trial = 0; trial < 200; ++trial) {
    pareto::Genome kept;
    for (const int largest : channels.genomes().largest)
      kept.push_back(static_cast<int>(rng.between(0, largest)));
    ASSERT_EQ(channels.encode(channels.decode(kept)), std::optional(kept));
    pareto::Genome genome;
    for (const int largest : space.genomes().largest) {
      genome.push_back(static_cast<int>(rng.between(0, largest)));
    }
    ASSERT_EQ(space.encode(space.decode(genome)), std::optional(genome));
  }
  EXPECT_EQ(space.encode(CompressionPlan::uniform(4, 3, 8)), std::nullopt);
}

TEST(PlanSpace, UniformPlansAndPairsWidestFirst) {
  SearchOptions options;
  options.weight_bits = {4, 8};
  options.input_bits = {4, 8};
  const PlanSpace space(options, small_network());
  EXPECT_EQ(space.uniform({4, 8}), CompressionPlan::uniform(4, 4, 8));
  EXPECT_EQ(space.width_pairs(), (std::vector<WidthPair>{{8, 8}, {8, 4}, {4, 8}, {4, 4}}));
}

TEST(PlanSpace, NarrowsEachLayerToWhatTheFrontUsesAndItsNeighbours) {
  SearchOptions options;
  options.weight_bits = options.input_bits = {2, 3, 4, 6, 8};
  options.pinned = {{"first", 8, 8}};
  const PlanSpace space(options, small_network());
  const std::vector<CompressionPlan> front{{{{8, 8}, {8, 2}, {4, 4}, {2, 8}}},
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
