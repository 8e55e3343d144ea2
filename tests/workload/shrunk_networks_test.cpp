#include "workload/shrunk_networks.hpp"

#include <gtest/gtest.h>

#include "workload/builtin_networks.hpp"
#include "workload/shrink.hpp"

namespace hwflow {
namespace {

TEST(ShrunkNetworks, PlansWithoutChannelsLeaveTheNetwork) {
  const Network network = make_builtin_network("resnet20").value();
  const ShrunkNetworks networks(network);
  EXPECT_EQ(networks.of(CompressionPlan::uniform(20, 8, 8)).get(), &networks.whole());
  EXPECT_EQ(networks.whole(), network);
}

TEST(ShrunkNetworks, HaveTheShapesThatPlansAskForAndAreMadeOnce) {
  const ShrunkNetworks networks(make_builtin_network("resnet20").value());
  CompressionPlan plan = CompressionPlan::uniform(20, 8, 8);
  for (const ChannelGroup& group : networks.groups().groups())
    plan.channels.push_back(static_cast<std::int32_t>(group.units.size() / 2));
  const auto half = networks.of(plan);
  EXPECT_EQ(networks.of(plan), half);
  const auto channels = [&](const char* name) {
    return half->node(*half->find(name)).shape.channels;
  };
  EXPECT_EQ(channels("conv1"), 8);
  EXPECT_EQ(channels("layer2.0.conv1"), 16);
  EXPECT_EQ(channels("layer3.2.conv2"), 32);
  // Layers of half the inputs and half the outputs: a quarter, but for the image's channels (3x3x3
  // times 16, then 8, at 32x32) and the 10 outputs.
  const std::int64_t first = 27 * 16 * 1024, last = 640;
  EXPECT_EQ(half->macs(), (networks.whole().macs() - first - last) / 4 + first / 2 + last / 2);
  // Others in between do not disturb.
  for (int i = 1; i <= 300; ++i) {
    plan.channels[0] = 1 + i % 16;
    plan.channels[1] = 1 + i / 16 % 16;
    plan.channels[2] = 1 + i / 256;
    EXPECT_EQ(networks.of(plan)->node({1}).shape.channels, plan.channels[0]);
  }
}

TEST(CheckChannels, TellsEveryGroupThatDoesNotFit) {
  const ChannelGroups groups(make_builtin_network("lenet5").value());
  CompressionPlan plan = CompressionPlan::uniform(5, 8, 8);
  EXPECT_TRUE(check_channels(groups, plan).empty());
  plan.channels = {1};
  ASSERT_EQ(check_channels(groups, plan).size(), 1U);
  EXPECT_NE(check_channels(groups, plan)[0].reason.find("the network has 4"), std::string::npos);
  plan.channels = {6, 17, 0, 84};
  const Diagnostics problems = check_channels(groups, plan);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].place, "channels of '" + groups.names()[1] + "'");
  EXPECT_EQ(problems[0].hint, "1 to 16");
  EXPECT_EQ(problems[1].hint, "1 to 120");
}

}  // namespace
}  // namespace hwflow
