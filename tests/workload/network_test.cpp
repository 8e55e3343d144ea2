#include "workload/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace hwflow {
namespace {

Node node(std::string name, NodeKind kind, std::vector<std::int32_t> inputs) {
  Node result;
  result.name = std::move(name);
  result.kind = kind;
  for (const std::int32_t each : inputs) result.inputs.push_back({each});
  return result;
}

/// x (3x8x8) -> a (conv 4, 3x3, pad 1) -> b (conv 4, 1x1) -> sum(a, b).
std::vector<Node> graph() {
  std::vector<Node> nodes{node("x", NodeKind::input, {}), node("a", NodeKind::convolution, {0}),
                          node("b", NodeKind::convolution, {1}),
                          node("sum", NodeKind::add, {1, 2})};
  nodes[0].shape = {3, 8, 8};
  nodes[1].conv = {.out_channels = 4,
                   .kernel_height = 3,
                   .kernel_width = 3,
                   .pad_top = 1,
                   .pad_left = 1,
                   .pad_bottom = 1,
                   .pad_right = 1};
  nodes[1].has_bias = nodes[1].has_batch_norm = true;
  nodes[2].conv.out_channels = 4;
  nodes[2].has_batch_norm = true;
  return nodes;
}

TEST(Network, CountsByHand) {
  const Network network = *Network::make("n", graph());
  EXPECT_EQ(network.macs(), 64 * 4 * 27 + 64 * 16);
  EXPECT_EQ(network.parameters(), (108 + 4 + 8) + (16 + 8));
  EXPECT_EQ(network.folded_parameters(), (108 + 4) + (16 + 4));
  EXPECT_EQ(network.consumers({1}), (std::vector<NodeId>{{2}, {3}}));
  EXPECT_EQ(network.outputs(), (std::vector<NodeId>{{3}}));
  EXPECT_EQ(network.compute_nodes(), (std::vector<NodeId>{{1}, {2}}));
  EXPECT_EQ(network.find("sum"), NodeId{3});
  EXPECT_FALSE(network.find("none"));
  EXPECT_EQ(network.node({1}).conv.in_channels, 3);
  EXPECT_FALSE(network.operator_of({0}, 1));
  EXPECT_EQ(network.operator_of({3}, 2)->iterations(), 2 * 4 * 64);
}

TEST(Network, MakingItAgainChangesNothing) {
  const Network once = *Network::make("n", graph());
  EXPECT_EQ(*Network::make("n", once.nodes()), once);
}

TEST(Network, OutputsAreInTheGivenOrderAndMayHaveReaders) {
  const Network network = *Network::make("n", graph(), {{3}, {1}});
  EXPECT_EQ(network.outputs(), (std::vector<NodeId>{{3}, {1}}));
  EXPECT_TRUE(network.is_output({1}));
  EXPECT_FALSE(network.is_output({2}));
  EXPECT_NE(network, *Network::make("n", graph()));
}

TEST(Network, WrongOutputsAreTold) {
  const auto network = Network::make("n", graph(), {{4}, {-1}, {1}, {1}});
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().size(), 3U);
  EXPECT_THAT(to_text(network.error()), testing::HasSubstr("node 'a': is an output twice"));
  EXPECT_THAT(to_text(network.error()), testing::HasSubstr("outputs: node 4 of 4 is none"));
}

struct Case {
  const char* name;
  std::function<void(std::vector<Node>&)> spoil;
  const char* reason;
};

const Case kCases[] = {
    {"no_input", [](auto& n) { n.clear(); }, "there is no input node"},
    {"later_input", [](auto& n) { n[1].inputs = {{2}}; }, "does not come before it"},
    {"own_input", [](auto& n) { n[1].inputs = {{1}}; }, "does not come before it"},
    {"unknown_input", [](auto& n) { n[1].inputs = {{-1}}; }, "does not come before it"},
    {"one_summand", [](auto& n) { n[3].inputs.pop_back(); }, "needs 2 inputs, got 1"},
    {"same_name", [](auto& n) { n[2].name = "a"; }, "another node has this name"},
    {"no_name", [](auto& n) { n[2].name = ""; }, "has no name"},
    {"unequal_summands", [](auto& n) { n[2].conv.out_channels = 3; }, "do not fit"},
    {"groups", [](auto& n) { n[2].conv.groups = 3; }, "not divisible by 3 groups"},
    {"empty_output", [](auto& n) { n[2].conv.kernel_height = 9; }, "larger than the padded input"},
    {"no_size", [](auto& n) { n[0].shape.height = 0; }, "outside [1, 2^30]"},
    {"batch_norm_on_add", [](auto& n) { n[3].has_batch_norm = true; }, "BatchNorm"},
    {"bias_on_add", [](auto& n) { n[3].has_bias = true; }, "has no bias"},
    {"activation_of_input", [](auto& n) { n[0].activation = Activation::relu; },
     "an input has no activation"},
    {"activation_without", [](auto& n) { n.push_back(node("r", NodeKind::activation, {3})); },
     "needs an activation"},
    {"concat_axis",
     [](auto& n) {
       n.push_back(node("c", NodeKind::concat, {1, 2}));
       n.back().axis = 0;
     },
     "axis must be 1"},
    {"concat_shapes",
     [](auto& n) {
       n.push_back(node("c", NodeKind::concat, {0, 1}));
       n.back().axis = 2;
     },
     "differ beside axis"},
    {"reshape",
     [](auto& n) {
       n.push_back(node("r", NodeKind::reshape, {3}));
       n.back().shape = {5, 5, 5};
     },
     "do not make"},
    {"crop_to_nothing",
     [](auto& n) {
       n.push_back(node("p", NodeKind::pad, {3}));
       n.back().conv.pad_top = -8;
     },
     "outside [1, 2^30]"},
    {"matrices",
     [](auto& n) {
       n.push_back(node("m", NodeKind::matrix_product, {0, 1}));
     },
     "the first sizes must be equal"},
};

class WrongNetwork : public testing::TestWithParam<Case> {};

TEST_P(WrongNetwork, IsRefused) {
  auto nodes = graph();
  GetParam().spoil(nodes);
  const auto network = Network::make("n", std::move(nodes));
  ASSERT_FALSE(network);
  EXPECT_THAT(to_text(network.error()), testing::HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(Table, WrongNetwork, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Network, TellsAllProblemsAtOnce) {
  auto nodes = graph();
  nodes[1].conv.groups = 2;  // 3 channels
  nodes[3].name = "a";       // twice
  nodes[2].inputs = {{7}};   // later
  const auto network = Network::make("n", std::move(nodes));
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().size(), 3U);
}

// 5x5 with stride 2: rows 0, 2, 4; 3 channels and 1 + 2 of zeros.
TEST(Network, ShapesOfDataMovement) {
  std::vector<Node> nodes{node("x", NodeKind::input, {}), node("s", NodeKind::subsample, {0}),
                          node("g", NodeKind::average_pooling, {1}),
                          node("c", NodeKind::concat, {1, 1})};
  nodes[0].shape = {3, 5, 5};
  nodes[1].conv.stride_height = nodes[1].conv.stride_width = 2;
  nodes[1].channel_pad_before = 1;
  nodes[1].channel_pad_after = 2;
  nodes[2].conv.kernel_height = nodes[2].conv.kernel_width = 0;
  const Network network = *Network::make("n", nodes);
  EXPECT_EQ(network.node({1}).shape, (FeatureShape{6, 3, 3}));
  EXPECT_EQ(network.node({2}).shape, (FeatureShape{6, 1, 1}));
  EXPECT_EQ(network.node({3}).shape, (FeatureShape{12, 3, 3}));
  EXPECT_EQ(network.operator_of({2}, 1)->iterations(), 6 * 9);
}

TEST(CompressionPlan, TextGoesBothWays) {
  const CompressionPlan plan{{{8, 4}, {1, 16}, {32, 32}}};
  EXPECT_EQ(to_text(plan), "8/4 1/16 32/32");
  EXPECT_EQ(*compression_plan_from_text("  8/4\t1/16 32/32\n"), plan);
  EXPECT_EQ(compression_plan_from_text("")->layers.size(), 0U);
  EXPECT_EQ(CompressionPlan::uniform(2, 4, 8).layers, (std::vector<PrecisionPair>{{4, 8}, {4, 8}}));
}

TEST(CompressionPlan, ChannelsFollowABar) {
  const CompressionPlan plan{{{8, 4}, {2, 2}}, {12, 1}};
  EXPECT_EQ(to_text(plan), "8/4 2/2 | 12 1");
  EXPECT_EQ(*compression_plan_from_text("8/4 2/2 |\n12  1 "), plan);
  const auto bare = compression_plan_from_text("8/4 2/2 |");
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error()[0].reason, "names no channels after '|'");
  const auto wrong = compression_plan_from_text("8/4 | 3 0 2/2 | x");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().size(), 4U);
  EXPECT_EQ(wrong.error()[0].place, "plan[3]");
}

TEST(CompressionPlan, WrongPairsAreToldTogether) {
  const auto plan = compression_plan_from_text("8/8 0/8 8 8/17 a/b 8/8x -1/4");
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().size(), 6U);
  EXPECT_EQ(plan.error()[0].place, "plan[1]");
}

TEST(ShapeKey, IsEqualExactlyForEqualShapesAndWidths) {
  const Network network = *Network::make("n", graph());
  const Layer layer{"a", *network.operator_of({1}, 1), {}};
  Layer other = layer;
  other.name = "elsewhere";
  EXPECT_EQ(shape_key(other), shape_key(layer));
  other.bits.inputs = 3;
  EXPECT_NE(shape_key(other), shape_key(layer));
  EXPECT_NE(shape_key({"a", *network.operator_of({1}, 2), {}}), shape_key(layer));
  EXPECT_NE(shape_key({"a", *network.operator_of({2}, 1), {}}), shape_key(layer));
}

}  // namespace
}  // namespace hwflow
