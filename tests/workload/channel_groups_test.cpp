#include "workload/channel_groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "workload/builtin_networks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow {
namespace {

std::vector<std::string> producers_of(const Network& network, const ChannelGroup& group) {
  std::vector<std::string> names;
  for (const NodeId id : group.producers) names.push_back(network.node(id).name);
  return names;
}

/// Sizes of groups by name.
std::map<std::string, std::size_t> sizes_of(const ChannelGroups& groups) {
  std::map<std::string, std::size_t> sizes;
  for (std::size_t g = 0; g < groups.groups().size(); ++g)
    sizes[groups.names()[g]] = groups.groups()[g].units.size();
  return sizes;
}

Node reshape(std::string name, NodeId input, const FeatureShape& shape) {
  Node node = node_of(std::move(name), NodeKind::reshape, {input});
  node.shape = shape;
  return node;
}

using Names = std::vector<std::string>;
using Sizes = std::map<std::string, std::size_t>;

TEST(ChannelGroups, AChainHasOneGroupALayerButTheLast) {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 8, 8});
  x = builder.conv_bias("a", x, 4, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.max_pool("pool", x, {.kernel = 2, .stride = 2});
  x = builder.conv_bn("b", x, 5, {.kernel = 3, .pad = 1}, Activation::relu);
  builder.fully_connected("last", x, 10);
  const Network network = std::move(builder).finish("chain");
  const ChannelGroups groups(network);
  EXPECT_EQ(sizes_of(groups), (Sizes{{"a", 4}, {"b", 5}}));
  // Inputs and outputs stay; the pooling carries what its input carries.
  const auto id = [&](const char* name) { return *network.find(name); };
  EXPECT_EQ(groups.channels(id("pool")), groups.channels(id("a")));
  EXPECT_EQ(groups.channels(id("pool"))[2], (UnitId{0, 2}));
  EXPECT_TRUE(std::ranges::none_of(groups.channels(id("last")), &std::optional<UnitId>::has_value));
  EXPECT_TRUE(std::ranges::none_of(groups.channels({0}), &std::optional<UnitId>::has_value));
}

/// Option-A shortcuts put 8 zero channels on either side of 16, and 16 on either side of 32: what
/// stage 1 makes is the middle of stage 2, and that the middle of stage 3.
TEST(ChannelGroups, OptionAShortcutsTieTheMiddleOfTheNextStage) {
  const Network network = make_builtin_network("resnet20").value();
  const ChannelGroups groups(network);
  const Sizes sizes = sizes_of(groups);
  EXPECT_EQ(sizes.size(), 12U);  // 9 blocks' first convolutions, 3 residual streams
  for (const char* inner : {"layer1.0.conv1", "layer1.1.conv1", "layer1.2.conv1"})
    EXPECT_EQ(sizes.at(inner), 16U);
  EXPECT_EQ(sizes.at("layer2.0.conv1"), 32U);
  EXPECT_EQ(sizes.at("layer3.2.conv1"), 64U);
  EXPECT_EQ(sizes.at("conv1"), 16U);           // and all stages' second convolutions
  EXPECT_EQ(sizes.at("layer2.0.conv2"), 16U);  // 32 - 16
  EXPECT_EQ(sizes.at("layer3.0.conv2"), 32U);  // 64 - 32
  const ChannelGroup& stream = groups.groups().front();
  EXPECT_EQ(producers_of(network, stream),
            (Names{"conv1", "layer1.0.conv2", "layer1.1.conv2", "layer1.2.conv2", "layer2.0.conv2",
                   "layer2.1.conv2", "layer2.2.conv2", "layer3.0.conv2", "layer3.1.conv2",
                   "layer3.2.conv2"}));
  const auto channel_in = [&](const char* node) {
    const NodeId id = *network.find(node);
    for (const ChannelOf& channel : stream.units[3].made)
      if (channel.node == id) return channel.channel;
    return std::int64_t{-1};
  };
  EXPECT_EQ(channel_in("layer1.2.conv2"), 3);
  EXPECT_EQ(channel_in("layer2.1.conv2"), 3 + 8);
  EXPECT_EQ(channel_in("layer3.1.conv2"), 3 + 8 + 16);
}

TEST(ChannelGroups, DepthwiseLayersFollowTheirInputs) {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 8, 8});
  x = builder.conv_bn("expand", x, 6, {}, Activation::relu6);
  x = builder.depthwise_bn("depthwise", x, {.kernel = 3, .pad = 1}, Activation::relu6);
  x = builder.conv_bias("twice", x, 12, {}, Activation::none, 6);  // two outputs for each input
  x = builder.conv_bn("project", x, 4, {}, Activation::none);
  builder.fully_connected("last", x, 2);
  const Network network = std::move(builder).finish("separable");
  const ChannelGroups groups(network);
  EXPECT_EQ(sizes_of(groups), (Sizes{{"expand", 6}, {"project", 4}}));
  EXPECT_EQ(producers_of(network, groups.groups()[0]), (Names{"expand", "depthwise", "twice"}));
  const NodeId expand = *network.find("expand"), depthwise = *network.find("depthwise"),
               twice = *network.find("twice");
  EXPECT_EQ(groups.groups()[0].units[2].made,
            (std::vector<ChannelOf>{{expand, 2}, {depthwise, 2}, {twice, 4}, {twice, 5}}));
}

TEST(ChannelGroups, GroupedLayersLoseTheSamePlaceOfEveryGroup) {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 8, 8});
  x = builder.conv_bias("a", x, 8, {.kernel = 3, .pad = 1}, Activation::relu);
  x = builder.conv_bias("grouped", x, 6, {.kernel = 3, .pad = 1}, Activation::relu, 2);
  builder.fully_connected("last", x, 2);
  const Network network = std::move(builder).finish("grouped");
  const ChannelGroups groups(network);
  EXPECT_EQ(sizes_of(groups), (Sizes{{"a", 4}, {"grouped", 3}}));
  const NodeId a = *network.find("a"), grouped = *network.find("grouped");
  EXPECT_EQ(groups.groups()[0].units[1].made, (std::vector<ChannelOf>{{a, 1}, {a, 5}}));
  EXPECT_EQ(groups.groups()[1].units[2].made, (std::vector<ChannelOf>{{grouped, 2}, {grouped, 5}}));
}

TEST(ChannelGroups, ConcatenationsKeepListsApartAndFlatteningRepeatsThem) {
  NetworkBuilder builder;
  const NodeId x = builder.input({3, 4, 4});
  const NodeId a = builder.conv_bias("a", x, 2, {}, Activation::relu);
  const NodeId b = builder.conv_bias("b", x, 3, {}, Activation::relu);
  const NodeId both = builder.concat("both", {a, b});
  const NodeId flat = builder.add(reshape("flat", both, {80, 1, 1}));
  builder.fully_connected("last", flat, 2);
  const Network network = std::move(builder).finish("joined");
  const ChannelGroups groups(network);
  EXPECT_EQ(sizes_of(groups), (Sizes{{"a", 2}, {"b", 3}}));
  EXPECT_EQ(groups.channels(both)[1], (UnitId{0, 1}));
  EXPECT_EQ(groups.channels(both)[2], (UnitId{1, 0}));
  EXPECT_EQ(groups.channels(flat)[31], (UnitId{0, 1}));  // 16 pixels a channel
  EXPECT_EQ(groups.channels(flat)[32], (UnitId{1, 0}));
}

TEST(ChannelGroups, WhatMixesChannelsKeepsThem) {
  NetworkBuilder builder;
  const NodeId x = builder.input({3, 4, 4});
  const NodeId a = builder.conv_bias("a", x, 4, {}, Activation::relu);
  const NodeId mixed = builder.add(reshape("mixed", a, {16, 2, 2}));
  const NodeId b = builder.conv_bias("b", mixed, 4, {}, Activation::relu);
  const NodeId shares = builder.add(node_of("shares", NodeKind::softmax, {b}));
  const NodeId c = builder.conv_bias("c", shares, 4, {}, Activation::relu);
  const NodeId one = builder.conv_bias("one", shares, 1, {}, Activation::sigmoid);
  const NodeId gated = builder.add(node_of("gated", NodeKind::multiply, {c, one}));
  builder.fully_connected("last", gated, 2);
  const ChannelGroups groups(std::move(builder).finish("mixed"));
  EXPECT_EQ(sizes_of(groups), (Sizes{{"c", 4}}));
}

TEST(ChannelGroups, EveryChannelOfAUnitNamesItBack) {
  for (const BuiltinNetwork& known : builtin_networks()) {
    const Network network = known.build();
    const ChannelGroups groups(network);
    EXPECT_FALSE(groups.groups().empty()) << known.name;
    for (std::size_t g = 0; g < groups.groups().size(); ++g)
      for (std::size_t u = 0; u < groups.groups()[g].units.size(); ++u)
        for (const ChannelOf& channel : groups.groups()[g].units[u].made)
          ASSERT_EQ(groups.channels(channel.node)[static_cast<std::size_t>(channel.channel)],
                    (UnitId{static_cast<std::int32_t>(g), static_cast<std::int32_t>(u)}));
  }
}

}  // namespace
}  // namespace hwflow
