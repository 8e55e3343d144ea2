#include "train/quant/plan_cache.hpp"

#include <gtest/gtest.h>

#include "tests/train/quant/quadrants.hpp"

namespace hwflow::train {
namespace {

std::size_t node_of(const Network& network, const std::string& name) {
  return static_cast<std::size_t>(network.find(name)->value);
}

/// Layers whose widths change the key of a node, in the small residual network.
std::vector<std::size_t> layers_in_key(const std::string& name) {
  const Network& network = trained().network;
  const PlanKeys keys(network);
  const std::size_t node = node_of(network, name);
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  std::vector<std::size_t> layers;
  for (std::size_t layer = 0; layer < 4; ++layer) {
    CompressionPlan weights = plan, inputs = plan;
    weights.layers[layer].weights = 3;
    inputs.layers[layer].inputs = 3;
    const bool changes = keys.of_sums(weights, node) != keys.of_sums(plan, node);
    EXPECT_EQ(changes, keys.of_sums(inputs, node) != keys.of_sums(plan, node));
    if (changes) layers.push_back(layer);
  }
  return layers;
}

/// Layers first, branch, depthwise, last; "sum" adds branch and a shortcut from first.
TEST(PlanKeys, HoldTheLayersThatANodeFollowsFromAndNoOthers) {
  using Layers = std::vector<std::size_t>;
  EXPECT_EQ(layers_in_key("input"), Layers{});
  EXPECT_EQ(layers_in_key("first"), Layers{0});
  EXPECT_EQ(layers_in_key("shortcut"), Layers{0});
  EXPECT_EQ(layers_in_key("branch"), (Layers{0, 1}));
  EXPECT_EQ(layers_in_key("sum"), (Layers{0, 1}));
  EXPECT_EQ(layers_in_key("depthwise"), (Layers{0, 1, 2}));
  EXPECT_EQ(layers_in_key("last"), (Layers{0, 1, 2, 3}));
}

TEST(PlanKeys, TellNodesWidthsAndGridsApart) {
  const Network& network = trained().network;
  const PlanKeys keys(network);
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 8);
  integer::Slot slot;
  slot.node = node_of(network, "sum");
  const std::string key = keys.of_slot(plan, slot, kSearchImages);
  EXPECT_NE(key, keys.of_slot(CompressionPlan::uniform(4, 8, 4), slot, kSearchImages))
      << "widths change places";
  EXPECT_NE(key, keys.of_slot(plan, slot, kCorrectionImages));
  slot.grid.scale *= 1.0 + 1e-15;
  EXPECT_NE(key, keys.of_slot(plan, slot, kSearchImages));
  slot.grid.scale = 1.0;
  slot.grid.low = -127;
  EXPECT_NE(key, keys.of_slot(plan, slot, kSearchImages));
  EXPECT_NE(keys.of_sums(plan, node_of(network, "sum")),
            keys.of_sums(plan, node_of(network, "branch")));
}

TEST(SlotCodes, BindsEachImageWhereItsCodesLie) {
  SlotCodes codes(3);
  codes.make_room(1, 2, 4);
  integer::Workspace workspace;
  workspace.codes.resize(3);
  for (std::size_t image = 0; image < 2; ++image) {
    codes.bind(image, workspace);
    EXPECT_TRUE(workspace.codes[0].narrow.empty());
    ASSERT_EQ(workspace.codes[1].narrow.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i)
      workspace.codes[1].narrow[i] = static_cast<std::uint8_t>(10 * image + i);
  }
  EXPECT_FALSE(codes.has(1));
  const SharedActivations filled = codes.finish(1);
  EXPECT_TRUE(codes.has(1));
  EXPECT_EQ(filled->bytes(), 8U);
  EXPECT_EQ(filled->of(0)[3], 3);
  EXPECT_EQ(filled->of(1)[2], 12);
  codes.bind(1, workspace);
  EXPECT_EQ(workspace.codes[1].narrow[0], 10);
}

}  // namespace
}  // namespace hwflow::train
