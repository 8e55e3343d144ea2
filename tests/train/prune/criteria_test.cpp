#include "train/prune/criteria.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

/// Two filters of two weights each, then a layer of two outputs: everything by hand.
struct Small {
  Network network;
  WeightMap weights;
};

Small small() {
  NetworkBuilder builder;
  NodeId x = builder.input({2, 1, 1});
  x = builder.conv_bn("a", x, 3, {}, Activation::relu);
  x = builder.conv_bias("b", x, 2, {}, Activation::relu);
  builder.fully_connected("last", x, 2);
  Small made{std::move(builder).finish("small"), {}};
  made.weights["a.weight"] = {{3, 2, 1, 1}, {3, 4, -1, 0, 0, -2}};
  made.weights["a.batch_norm.weight"] = {{3}, {0.5F, -2.0F, 1.0F}};
  made.weights["b.weight"] = {{2, 3, 1, 1}, {1, -2, 2, 6, 0, 0}};
  return made;
}

ChannelScores scores(Criterion criterion) {
  const Small s = small();
  return weight_scores(s.network, ChannelGroups(s.network), s.weights, criterion).value();
}

using Values = std::vector<double>;

TEST(Criteria, AreTheirDefinitions) {
  EXPECT_EQ(scores(Criterion::l1)[1], (Values{7, 1, 2}));
  EXPECT_EQ(scores(Criterion::l1)[2], (Values{5, 6}));
  EXPECT_EQ(scores(Criterion::l2)[1], (Values{5, 1, 2}));
  EXPECT_EQ(scores(Criterion::l2)[2], (Values{3, 6}));
  // Filters (3, 4), (-1, 0), (0, -2): distances sqrt(32), sqrt(45), sqrt(5).
  const Values far = scores(Criterion::geometric_median)[1];
  EXPECT_NEAR(far[0], std::sqrt(32.0) + std::sqrt(45.0), 1e-6);
  EXPECT_NEAR(far[1], std::sqrt(32.0) + std::sqrt(5.0), 1e-6);
  EXPECT_NEAR(far[2], std::sqrt(45.0) + std::sqrt(5.0), 1e-6);
  EXPECT_TRUE(scores(Criterion::l1)[3].empty());  // nothing of the last layer can be removed
}

TEST(Criteria, BatchNormAsksForOne) {
  const Small s = small();
  const auto refused =
      weight_scores(s.network, ChannelGroups(s.network), s.weights, Criterion::batch_norm);
  ASSERT_FALSE(refused.has_value());
  ASSERT_EQ(refused.error().size(), 1U);
  EXPECT_EQ(refused.error()[0].place, "layer 'b'");

  NetworkBuilder builder;
  NodeId x = builder.input({2, 1, 1});
  x = builder.conv_bn("a", x, 3, {}, Activation::relu);
  builder.fully_connected("last", x, 2);
  const Network network = std::move(builder).finish("one");
  const ChannelScores found =
      weight_scores(network, ChannelGroups(network), s.weights, Criterion::batch_norm).value();
  EXPECT_EQ(found[1], (Values{0.5, 2.0, 1.0}));
}

/// A transposed convolution in two groups, weights (inputs 4, outputs of a group 2, 1, 1).
TEST(Criteria, FiltersOfTransposedConvolutionsAreColumns) {
  Node node;
  node.name = "up";
  node.kind = NodeKind::transposed_convolution;
  node.conv.in_channels = 4;
  node.conv.out_channels = 4;
  node.conv.groups = 2;
  const WeightMap weights{{"up.weight", {{4, 2, 1, 1}, {1, 2, 3, 4, 5, 6, 7, 8}}}};
  EXPECT_EQ(filter_of(node, weights, 0), (std::vector<float>{1, 3}));
  EXPECT_EQ(filter_of(node, weights, 1), (std::vector<float>{2, 4}));
  EXPECT_EQ(filter_of(node, weights, 3), (std::vector<float>{6, 8}));
}

TEST(Criteria, UnitsHaveTheMeanOfSharesOfTheirLayersMeans) {
  // Two layers of two channels, tied by an addition; means 2 and 10.
  NetworkBuilder builder;
  const NodeId x = builder.input({1, 1, 1});
  const NodeId a = builder.conv_bias("a", x, 2, {}, Activation::none);
  const NodeId b = builder.conv_bias("b", x, 2, {}, Activation::none);
  builder.fully_connected("last", builder.add("sum", a, b, Activation::none), 2);
  const ChannelGroups groups(std::move(builder).finish("tied"));
  const UnitScores units = unit_scores(groups, {{}, {1, 3}, {15, 5}, {}, {}});
  ASSERT_EQ(units.size(), 1U);
  EXPECT_NEAR(units[0][0], (0.5 + 1.5) / 2, 1e-12);
  EXPECT_NEAR(units[0][1], (1.5 + 0.5) / 2, 1e-12);
  // A layer without scores does not count, one of zeros neither.
  EXPECT_EQ(unit_scores(groups, {{}, {}, {15, 5}, {}, {}})[0], (Values{1.5, 0.5}));
  EXPECT_EQ(unit_scores(groups, {{}, {0, 0}, {15, 5}, {}, {}})[0], (Values{1.5, 0.5}));
}

TEST(Criteria, TheBestAreKeptInOrder) {
  const KeptUnits kept = keep_best({{1, 5, 3, 5}, {2, 2, 2}}, std::vector<std::int32_t>{2, 2});
  EXPECT_EQ(kept.groups[0], (std::vector<std::int32_t>{1, 3}));
  EXPECT_EQ(kept.groups[1], (std::vector<std::int32_t>{0, 1}));  // equal ones: the first
}

TEST(Criteria, GlobalScoresTakeTheLeastWhereverTheyAre) {
  const UnitScores scores{{1.0, 1.1, 0.9, 1.2}, {0.1, 0.2, 2.0, 0.3}};
  using Counts = std::vector<std::int32_t>;
  EXPECT_EQ(counts_by_global_score(scores, 1.0, 0.0), (Counts{4, 4}));
  EXPECT_EQ(counts_by_global_score(scores, 0.75, 0.0), (Counts{4, 2}));
  EXPECT_EQ(counts_by_global_score(scores, 0.5, 0.0), (Counts{3, 1}));
  EXPECT_EQ(counts_by_global_score(scores, 0.5, 0.5), (Counts{2, 2}));
  EXPECT_EQ(counts_by_global_score(scores, 0.0, 0.0), (Counts{1, 1}));
}

}  // namespace
}  // namespace hwflow::train
