#include "workload/shrink.hpp"

#include <gtest/gtest.h>

#include "tests/workload/random_units.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/network_builder.hpp"

namespace hwflow {
namespace {

Network separable() {
  NetworkBuilder builder;
  NodeId x = builder.input({3, 8, 8});
  x = builder.conv_bn("expand", x, 6, {}, Activation::relu6);
  x = builder.depthwise_bn("depthwise", x, {.kernel = 3, .pad = 1}, Activation::relu6);
  x = builder.conv_bn("project", x, 4, {}, Activation::none);
  Node flat = node_of("flat", NodeKind::reshape, {x});
  flat.shape = {256, 1, 1};
  x = builder.add(flat);
  builder.fully_connected("last", x, 2);
  return std::move(builder).finish("separable");
}

TEST(Shrink, KeepingAllChangesNothing) {
  for (const BuiltinNetwork& known : builtin_networks()) {
    const Network network = known.build();
    const ChannelGroups groups(network);
    const auto shrunk = shrink(network, groups, KeptUnits::all(groups));
    ASSERT_TRUE(shrunk.has_value()) << known.name;
    EXPECT_EQ(shrunk->network, network) << known.name;
  }
}

TEST(Shrink, CountsFollow) {
  const Network network = separable();
  const ChannelGroups groups(network);
  const ShrunkNetwork shrunk = shrink(network, groups, {{{0, 2, 5}, {1, 3}}}).value();
  // 64 pixels; 3 of 6 channels, 2 of 4: 1x1 from 3 channels, 3x3 each, 1x1, 128 features to 2.
  EXPECT_EQ(shrunk.network.macs(), 64 * 3 * 3 + 64 * 3 * 9 + 64 * 3 * 2 + 2 * 64 * 2);
  const NodeId depthwise = *network.find("depthwise"), flat = *network.find("flat");
  EXPECT_EQ(shrunk.network.node(depthwise).conv.groups, 3);
  EXPECT_EQ(shrunk.network.node(flat).shape, (FeatureShape{128, 1, 1}));
  EXPECT_EQ(shrunk.kept[static_cast<std::size_t>(depthwise.value)],
            (std::vector<std::int64_t>{0, 2, 5}));
  const auto& features = shrunk.kept[static_cast<std::size_t>(flat.value)];
  EXPECT_EQ(features.front(), 64);
  EXPECT_EQ(features[64], 192);
}

/// Zero channels of option-A shortcuts go with the channels that they are added to.
TEST(Shrink, ShortcutsLoseTheirZerosToo) {
  const Network network = make_builtin_network("resnet20").value();
  const ChannelGroups groups(network);
  KeptUnits units = KeptUnits::all(groups);
  for (std::size_t g = 0; g < units.groups.size(); ++g) {
    if (groups.names()[g] == "conv1") units.groups[g] = {0, 7, 8};
    if (groups.names()[g] == "layer2.0.conv2") units.groups[g] = {1, 2, 9};  // of 8 + 8
  }
  const ShrunkNetwork shrunk = shrink(network, groups, units).value();
  std::vector<std::pair<std::int64_t, std::int64_t>> pads;
  for (const Node& node : shrunk.network.nodes()) {
    if (node.kind == NodeKind::subsample)
      pads.emplace_back(node.channel_pad_before, node.channel_pad_after);
  }
  EXPECT_EQ(pads, (std::vector<std::pair<std::int64_t, std::int64_t>>{{2, 1}, {16, 16}}));
  EXPECT_EQ(shrunk.network.node(*network.find("layer2.1.conv2")).shape.channels, 6);
  EXPECT_EQ(shrunk.network.node(*network.find("layer3.0.conv2")).shape.channels, 38);
}

TEST(Shrink, AnyChoiceMakesANetworkThatComputesLess) {
  Rng rng(5);
  for (const BuiltinNetwork& known : builtin_networks()) {
    const Network network = known.build();
    const ChannelGroups groups(network);
    for (int round = 0; round < 3; ++round) {
      const auto shrunk = shrink(network, groups, random_units(groups, 0.5, rng));
      ASSERT_TRUE(shrunk.has_value()) << known.name;
      EXPECT_LT(shrunk->network.macs(), network.macs()) << known.name;
      EXPECT_LT(shrunk->network.parameters(), network.parameters()) << known.name;
    }
  }
}

TEST(KeptUnits, TextGoesBothWays) {
  const KeptUnits units{{{0, 2, 15}, {1}, {3, 4}}};
  EXPECT_EQ(to_text(units), "0,2,15 1 3,4");
  EXPECT_EQ(kept_units_from_text("0,2,15 1 3,4").value(), units);
  EXPECT_EQ(kept_units_from_text("").value(), KeptUnits{});
  const auto wrong = kept_units_from_text("0,x 1 -3,4,");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().size(), 2U);
  EXPECT_EQ(wrong.error()[1].place, "channels of group 3");
}

TEST(Shrink, RefusesEveryBadGroupAtOnce) {
  const Network network = separable();
  const ChannelGroups groups(network);
  EXPECT_FALSE(shrink(network, groups, {{{0}}}).has_value());
  const auto bad = shrink(network, groups, {{{}, {3, 1}}});
  ASSERT_FALSE(bad.has_value());
  ASSERT_EQ(bad.error().size(), 2U);
  EXPECT_EQ(bad.error()[0].place, "channels of 'expand'");
  EXPECT_EQ(bad.error()[1].place, "channels of 'project'");
  for (const std::vector<std::int32_t>& kept : {std::vector{1, 1}, std::vector{-1}, std::vector{4}})
    EXPECT_FALSE(shrink(network, groups, {{{0}, kept}}).has_value());
}

}  // namespace
}  // namespace hwflow
