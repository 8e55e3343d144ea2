#include "study/layer_details.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "tests/study/small_world.hpp"
#include "workload/shrink.hpp"

namespace hwflow::study {
namespace {

Layer a_layer() {
  ConvShape shape;
  shape.in_channels = 4;
  shape.out_channels = 8;
  shape.in_height = shape.in_width = 8;
  shape.kernel_height = shape.kernel_width = 3;
  shape.stride_height = shape.stride_width = 2;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 1;
  return {"conv", make_convolution(shape).value(), {4, 2, 8, 32}};
}

TEST(ShapeText, LeavesOutWhatIsOne) {
  EXPECT_EQ(shape_text(a_layer().op), "k8 c4 p4 q4 r3 s3 stride 2");
  EXPECT_EQ(shape_text(make_fully_connected(1, 5, 7).value()), "k7 c5");
}

// By hand: channels 4 + 4 + 8 + 10; MACs as in layer_by_layer_model_test.cpp; weights 144 + 144 +
// 288 + 5,120 and a bias for each channel.
TEST(SizeOf, CountsChannelsMacsAndParameters) {
  EXPECT_EQ(size_of(small_network()), (NetworkSize{26, 9216 + 9216 + 18432 + 5120, 5696 + 26}));
}

TEST(PlaceLayer, ChannelsAreThoseOfBothNetworks) {
  const Network whole = small_network();
  const auto left = shrink(whole, ChannelGroups(whole), KeptUnits::first(std::array{2, 3, 5}));
  LayerDetails conv3, fc, input;
  place_layer(conv3, *whole.find("conv3"), left->network, whole);
  EXPECT_EQ(conv3.plan_index, 2U);
  EXPECT_EQ(conv3.channels, 5);
  EXPECT_EQ(conv3.channels_whole, 8);
  place_layer(fc, *whole.find("fc"), left->network, whole);
  EXPECT_EQ(fc.channels, 10);  // classes
  EXPECT_EQ(fc.channels_whole, 10);
  place_layer(input, NodeId{0}, left->network, whole);
  EXPECT_EQ(input.plan_index, std::nullopt);
  EXPECT_EQ(input.channels, 4);
}

TEST(DescribeLayer, EveryPartOfTheEnergyIsThatOfTheModel) {
  const Layer layer = a_layer();
  chip::MappingResult result = map_by_formula(layer).value();
  result.cost.levels[1].noc_energy_pj = 50.0;
  result.cost.levels[0].leakage_pj = 4.0;
  result.cost.levels[1].leakage_pj = 2.0;
  result.cost.engine_leakage_pj = 1.0;
  result.cost.energy_pj += 1000.0;  // a total that the parts do not explain is not hidden in them
  const LayerDetails details = describe_layer(layer, small_accelerator(), result);
  EXPECT_EQ(energy_components(small_accelerator()),
            (std::vector<std::string>{"DRAM", "buffer", "NoC", "MAC", "leakage"}));
  const std::vector<double>& parts = details.energy_by_component_pj;
  ASSERT_EQ(parts.size(), 5U);
  EXPECT_DOUBLE_EQ(parts[0], 8.0 * 4 * 4 * 8);  // outputs at 8 bit
  EXPECT_DOUBLE_EQ(parts[2], 50.0);
  EXPECT_DOUBLE_EQ(parts[3], 8.0 * 4 * 4 * 4 * 9 * 4 * 2);  // MACs * 4 * 2
  EXPECT_DOUBLE_EQ(parts[4], 7.0);
}

// Law: the parts of the cost model add up to its total, with leakage everywhere.
TEST(DescribeLayer, PartsAddUpToTheEnergyOfTheModel) {
  for (const char* name : {"eyeriss", "bismo", "bitfusion", "e168", "ws16x16"}) {
    chip::Accelerator::Fields fields = chip::load_accelerator(name).value().fields();
    fields.engine.leakage_pj_per_cycle = 0.25;
    double leakage = 1.0;
    for (chip::MemoryLevel& level : fields.levels) {
      level.leakage_pj_per_cycle = leakage++;
      level.fanout.hop_energy_pj_per_bit = 0.125;
    }
    const auto made = chip::Accelerator::make(fields);
    ASSERT_TRUE(made.has_value()) << to_text(made.error());
    const chip::Accelerator& leaky = *made;
    Layer layer = a_layer();
    layer.bits = {8, 8, 8, 32};
    chip::MapperOptions options;
    options.max_evaluations = 200;
    const auto mapped = chip::map_layer(layer, leaky, options);
    ASSERT_TRUE(mapped.has_value()) << to_text(mapped.error());
    const LayerDetails details = describe_layer(layer, leaky, *mapped);
    const std::vector<double>& parts = details.energy_by_component_pj;
    EXPECT_GT(parts.back(), 0.0) << name;
    EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), 0.0), details.energy_pj,
                1e-12 * details.energy_pj)
        << name;
  }
}

TEST(DescribeLayer, PeakFollowsTheEngine) {
  // Four units of 8x8 bits; at 4x2 each does 2 * 4 = 8 MACs a cycle.
  const LayerDetails details =
      describe_layer(a_layer(), small_accelerator(), map_by_formula(a_layer()).value());
  EXPECT_DOUBLE_EQ(details.peak_macs_per_cycle, 32.0);
}

TEST(DescribeLayer, TrafficCountsBothDirections) {
  chip::MappingResult result = map_by_formula(a_layer()).value();
  result.cost.levels[1].operands.resize(2);
  result.cost.levels[1].operands[0].read_bits = 10;
  result.cost.levels[1].operands[0].fill_bits = 200;
  result.cost.levels[1].operands[1].update_bits = 3000;
  result.cost.levels[1].operands[1].drain_bits = 40000;
  const LayerDetails details = describe_layer(a_layer(), small_accelerator(), result);
  EXPECT_THAT(details.traffic_bits, testing::ElementsAre(0, 43210));
}

}  // namespace
}  // namespace hwflow::study
