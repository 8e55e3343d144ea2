#include "study/layer_by_layer_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/check.hpp"
#include "tests/study/small_world.hpp"
#include "workload/shrink.hpp"

namespace hwflow::study {
namespace {

LayerByLayerModel model_with(LayerByLayerModel::MapLayer map_layer) {
  return {small_network(), small_accelerator(), HardwareOptions{}, std::move(map_layer)};
}

// MACs: conv1 and conv2 8*8*4*4*9 = 9,216, conv3 8*8*8*4*9 = 18,432, fc 512*10 = 5,120.
constexpr std::int64_t kConv1 = 9216, kConv2 = 9216, kConv3 = 18432, kFc = 5120;
// Outputs: 256, 256, 512 and 10; weights: 144, 144, 288, 5,120.

TEST(LayerByLayerModel, AddsUpLayersAtTheirWidths) {
  LayerByLayerModel model = model_with(map_by_formula);
  const CompressionPlan plan{{{8, 8}, {4, 2}, {2, 8}, {8, 4}}};
  ASSERT_TRUE(model.prepare(std::vector{plan}, 1).empty());
  const HardwareCost cost = model.cost(plan);
  // A layer's outputs are stored at the width that its reader wants; the last at 16.
  const std::int64_t energy = kConv1 * 64 + kConv2 * 8 + kConv3 * 16 + kFc * 32 +  //
                              256 * 2 + 256 * 8 + 512 * 4 + 10 * 16;
  EXPECT_DOUBLE_EQ(cost.energy_pj, static_cast<double>(energy));
  EXPECT_EQ(cost.cycles, kConv1 * 8 + kConv2 * 4 + kConv3 * 2 + kFc * 8);
  EXPECT_EQ(cost.model_bits, 144 * 8 + 144 * 4 + 288 * 2 + 5120 * 8);
  EXPECT_EQ(cost.macs, kConv1 + kConv2 + kConv3 + kFc);
  EXPECT_EQ(cost.dram_bits, (144 * 8 + 256 * 8 + 256 * 2) + (144 * 4 + 256 * 2 + 256 * 8) +
                                (288 * 2 + 256 * 8 + 512 * 4) + (5120 * 8 + 512 * 4 + 10 * 16));
}

/// By hand: 2 of 4, 3 of 4 and 5 of 8 channels stay, everything at 8 bits.
TEST(LayerByLayerModel, PlansThatRemoveChannelsCostWhatIsLeft) {
  LayerByLayerModel model = model_with(map_by_formula);
  CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  plan.channels = {2, 3, 5};
  ASSERT_TRUE(model.prepare(std::vector{plan}, 1).empty());
  // conv1 reads what the input has: 4 channels.
  const std::int64_t conv1 = kConv1 * 2 / 4, conv2 = kConv2 * (2 * 3) / 16,
                     conv3 = kConv3 * (3 * 5) / 32, fc = kFc * 5 / 8;
  EXPECT_EQ(model.cost(plan).cycles, 8 * (conv1 + conv2 + conv3 + fc));
  EXPECT_EQ(model.cost(plan).model_bits, 8 * (144 / 2 + 9 * 2 * 3 + 9 * 3 * 5 + 5120 * 5 / 8));
  EXPECT_EQ(model.cost(plan).macs, conv1 + conv2 + conv3 + fc);
  const PlanSchedule schedule = model.schedule(plan);
  ASSERT_EQ(schedule.layers.size(), 4U);
  EXPECT_EQ(schedule.layers[2].plan_index, 2U);
}

/// The witness: the network that shrink() makes.
TEST(LayerByLayerModel, DetailsOfPlansThatRemoveChannelsAreThoseOfTheNetworkLeft) {
  LayerByLayerModel model = model_with(map_by_formula);
  CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  plan.channels = {2, 3, 5};
  ASSERT_TRUE(model.prepare(std::vector{plan}, 1).empty());
  const Network whole = small_network();
  const Network left =
      shrink(whole, ChannelGroups(whole), KeptUnits::first(plan.channels))->network;
  std::vector<std::int64_t> channels, channels_whole;
  std::int64_t macs = 0;
  for (const LayerDetails& layer : model.schedule(plan).layers) {
    channels.push_back(layer.channels);
    channels_whole.push_back(layer.channels_whole);
    macs += layer.macs;
  }
  EXPECT_THAT(channels, testing::ElementsAre(2, 3, 5, 10));
  EXPECT_THAT(channels_whole, testing::ElementsAre(4, 4, 8, 10));
  EXPECT_EQ(macs, left.macs());
  EXPECT_EQ(model.size_of(plan), (NetworkSize{2 + 3 + 5 + 10, left.macs(), left.parameters()}));
  EXPECT_EQ(model.size_of(CompressionPlan::uniform(4, 8, 8)).macs, whole.macs());
}

TEST(LayerByLayerModel, MapsEqualLayersOnce) {
  std::atomic<int> calls = 0;
  LayerByLayerModel model = model_with([&](const Layer& layer) {
    ++calls;
    return map_by_formula(layer);
  });
  // Uniform 8/8: conv1 and conv2 are the same layer (4 to 4 channels, 8 bit out).
  const std::vector<CompressionPlan> plans{CompressionPlan::uniform(4, 8, 8),
                                           CompressionPlan::uniform(4, 8, 8)};
  ASSERT_TRUE(model.prepare(plans, 2).empty());
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(model.layers_mapped(), 3);
  EXPECT_EQ(model.layers_reused(), 5);
  ASSERT_TRUE(model.prepare(plans, 1).empty());
  EXPECT_EQ(calls, 3);
}

TEST(LayerByLayerModel, NamesEveryLayerThatHasNoMapping) {
  LayerByLayerModel model = model_with([](const Layer& layer) -> Expected<chip::MappingResult> {
    if (layer.op.bound(Dim::k) == 4) return map_by_formula(layer);
    return Unexpected{Diagnostics{{"buffer", "too small", "grow it"}}};
  });
  const Diagnostics problems = model.prepare(std::vector{CompressionPlan::uniform(4, 8, 8)}, 2);
  EXPECT_THAT(to_text(problems), testing::HasSubstr("layer conv3 on small: buffer: too small"));
  EXPECT_THAT(to_text(problems), testing::HasSubstr("layer fc on small: buffer: too small"));
  EXPECT_EQ(problems.size(), 2U);
}

TEST(LayerByLayerModel, DetailsAddUpToTheCost) {
  LayerByLayerModel model = model_with(map_by_formula);
  const CompressionPlan plan{{{8, 8}, {4, 2}, {2, 8}, {8, 4}}};
  ASSERT_TRUE(model.prepare(std::vector{plan}, 1).empty());
  const std::vector<LayerDetails> layers = model.schedule(plan).layers;
  ASSERT_EQ(layers.size(), 4U);
  double energy = 0.0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    energy += layers[i].energy_pj;
    EXPECT_EQ(layers[i].plan_index, std::optional(i));
    EXPECT_EQ(layers[i].weight_bits, plan.layers[i].weights);
    EXPECT_EQ(layers[i].energy_by_component_pj.size(), model.energy_components().size());
  }
  EXPECT_DOUBLE_EQ(energy, model.cost(plan).energy_pj);
}

TEST(LayerByLayerModel, AsksForPreparedPlansOnly) {
  const LayerByLayerModel model = model_with(map_by_formula);
  EXPECT_THROW(static_cast<void>(model.cost(CompressionPlan::uniform(4, 8, 8))), InternalError);
}

}  // namespace
}  // namespace hwflow::study
