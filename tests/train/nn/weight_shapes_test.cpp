#include "train/nn/weight_shapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

using testing::ElementsAre;

TEST(WeightShapes, ElementsAddUpToTheNetworksParameters) {
  // Two BatchNorm tensors of four are parameters, the other two running statistics.
  for (const char* name : {"resnet8", "resnet20", "resnet20b", "resnet56", "fmnist_resnet"}) {
    const Network network = *make_builtin_network(name);
    std::int64_t parameters = 0;
    for (const auto& [tensor, shape] : expected_tensors(network)) {
      if (tensor.find("running") != std::string::npos) continue;
      std::int64_t elements = 1;
      for (const std::int64_t size : shape) elements *= size;
      parameters += elements;
    }
    EXPECT_EQ(parameters, network.parameters()) << name;
  }
}

TEST(WeightShapes, FollowTheLayoutOfEachKind) {
  const auto make = [](const char* name, NodeKind kind, std::vector<NodeId> inputs) {
    Node node;
    node.name = name;
    node.kind = kind;
    node.inputs = std::move(inputs);
    return node;
  };
  Node input = make("in", NodeKind::input, {});
  input.shape = {8, 5, 5};
  Node grouped = make("g", NodeKind::convolution, {NodeId{0}});
  grouped.conv.out_channels = 12;
  grouped.conv.groups = 4;
  grouped.conv.kernel_height = 3;
  Node up = make("t", NodeKind::transposed_convolution, {NodeId{1}});
  up.conv.out_channels = 6;
  up.conv.groups = 2;
  up.conv.kernel_width = 2;
  Node head = make("f", NodeKind::fully_connected, {NodeId{2}});
  head.conv.out_channels = 10;
  head.has_bias = true;
  const auto network = Network::make("n", {input, grouped, up, head});
  ASSERT_TRUE(network) << to_text(network.error());
  const auto shapes = expected_tensors(network.value());
  EXPECT_EQ(shapes.size(), 4U);
  EXPECT_THAT(shapes.at("g.weight"), ElementsAre(12, 2, 3, 1));
  EXPECT_THAT(shapes.at("t.weight"), ElementsAre(12, 3, 1, 2));
  EXPECT_THAT(shapes.at("f.weight"), ElementsAre(10, 6 * 3 * 6));  // 3 x 6 pixels are left
  EXPECT_THAT(shapes.at("f.bias"), ElementsAre(10));
}

}  // namespace
}  // namespace hwflow::train
