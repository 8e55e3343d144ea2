#include "study/hardware_model.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/study/small_world.hpp"
#include "workload/builtin_networks.hpp"
#include "workload/shrink.hpp"

namespace hwflow::study {
namespace {

TEST(ModelBits, AreWeightsTimesTheirWidths) {
  // Weights: 4*4*9 = 144, 144, 8*4*9 = 288, 10*512 = 5,120.
  EXPECT_EQ(layer_weights(small_network()), (std::vector<std::int64_t>{144, 144, 288, 5120}));
  EXPECT_EQ(model_bits(small_network(), CompressionPlan{{{8, 8}, {4, 2}, {2, 8}, {8, 4}}}),
            144 * 8 + 144 * 4 + 288 * 2 + 5120 * 8);
}

std::vector<LoweredLayer> lowered(const Network& network, const LoweringOptions& options) {
  const std::size_t layers = network.compute_nodes().size();
  return lower(network, CompressionPlan::uniform(layers, 8, 8), options);
}

// 8*8*4*4*9 = 9,216 of conv1 and of conv2, 8*8*8*4*9 = 18,432, 512*10 = 5,120.
TEST(Macs, AreThoseOfTheWholeBatch) {
  EXPECT_EQ(macs(lowered(small_network(), {})), 9216 + 9216 + 18'432 + 5120);
  EXPECT_EQ(macs(lowered(small_network(), {.batch = 3})), 3 * (9216 + 9216 + 18'432 + 5120));
}

/// Additions and poolings are none: the witness is the network's own count.
TEST(Macs, AreMultiplicationsAlone) {
  const Network network = make_builtin_network("fmnist_resnet").value();
  const std::vector<LoweredLayer> all = lowered(network, {});
  ASSERT_GT(all.size(), network.compute_nodes().size());
  EXPECT_EQ(macs(all), network.macs());
  EXPECT_EQ(macs(lowered(network, {.include_auxiliary = false})), network.macs());
}

/// The witness: the network's own count after its channels were removed.
TEST(Macs, OfAPlanAreThoseOfTheChannelsThatStay) {
  const LayerByLayerModel model(small_network(), small_accelerator(), {}, map_by_formula);
  const ChannelGroups groups(small_network());
  Rng rng(5);
  for (int i = 0; i < 20; ++i) {
    CompressionPlan plan = CompressionPlan::uniform(4, 2, 4);
    for (const std::int64_t most : {4, 4, 8})
      plan.channels.push_back(static_cast<std::int32_t>(rng.between(1, most)));
    const ShrunkNetwork left =
        shrink(small_network(), groups, KeptUnits::first(plan.channels)).value();
    EXPECT_EQ(model.macs_of(plan), left.network.macs()) << to_text(plan);
  }
}

// By the formula cycles are MACs times weight bits; of 9,216, 9,216, 18,432 and 5,120 MACs at 8
// bits. Four units do one 8-bit MAC per cycle each. DRAM without a bandwidth bounds nothing.
TEST(LayerLoads, AreSharesOfThePlan) {
  LayerByLayerModel hardware(small_network(), small_accelerator(), HardwareOptions{},
                             map_by_formula);
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  ASSERT_TRUE(hardware.prepare(std::span(&plan, 1), 1).empty());
  const std::vector<LayerLoad> loads = hardware.layer_loads(plan);
  ASSERT_EQ(loads.size(), 4U);
  const std::vector<double> macs{9216, 9216, 18'432, 5120};
  double energy = 0.0, dram = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(loads[i].cycles, macs[i] / 41'984.0, 1e-12);
    EXPECT_NEAR(loads[i].utilization, 1.0 / (4.0 * 8.0), 1e-12);
    EXPECT_FALSE(loads[i].is_dram_bound);
    energy += loads[i].energy;
    dram += loads[i].dram_bits;
  }
  EXPECT_NEAR(energy, 1.0, 1e-12);
  EXPECT_NEAR(dram, 1.0, 1e-12);
  // Energy: MACs * 64 and 8 bits of every output, 16 of the network's.
  EXPECT_NEAR(loads[3].energy, (5120.0 * 64 + 160) / (41'984.0 * 64 + 8 * (256 + 256 + 512 + 20)),
              1e-12);
}

// 20 bits per cycle. fc moves 5,120 weights, 512 inputs and 10 outputs of 8 bits in 2,257 cycles
// and computes for 1,280; conv1 144, 256 and 256 in 262, and computes for 2,304.
TEST(LayerLoads, TellWhatDramBounds) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.levels[0].read_bandwidth_bits_per_cycle = 20.0;
  LayerByLayerModel hardware(small_network(), chip::Accelerator::make(fields).value(),
                             HardwareOptions{}, map_by_formula);
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  ASSERT_TRUE(hardware.prepare(std::span(&plan, 1), 1).empty());
  const std::vector<LayerLoad> loads = hardware.layer_loads(plan);
  EXPECT_FALSE(loads[0].is_dram_bound);
  EXPECT_TRUE(loads[3].is_dram_bound);
}

TEST(PlanIndex, IsThePlaceAmongComputeNodes) {
  const Network network = small_network();
  EXPECT_EQ(plan_index(network, *network.find("conv1")), std::optional<std::size_t>(0));
  EXPECT_EQ(plan_index(network, *network.find("fc")), std::optional<std::size_t>(3));
  EXPECT_EQ(plan_index(network, NodeId{0}), std::nullopt);  // the input
}

}  // namespace
}  // namespace hwflow::study
