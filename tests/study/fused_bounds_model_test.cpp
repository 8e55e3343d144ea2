#include "study/fused_bounds_model.hpp"

#include <gtest/gtest.h>

#include <array>

#include "base/check.hpp"
#include "base/random.hpp"
#include "study/fused_model.hpp"
#include "tests/study/small_world.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::study {
namespace {

/// A residual block whose ends are read at widths of their own, a pooling, and a layer of which
/// only every second row and column is needed.
Network branching_network() {
  NetworkBuilder net;
  const Window window{.kernel = 3, .pad = 1};
  const NodeId input = net.input({4, 8, 8});
  const NodeId first = net.conv_bias("conv1", input, 8, window, Activation::relu);
  const NodeId second = net.conv_bias("conv2", first, 8, window, Activation::relu);
  const NodeId sum = net.add("sum", first, second, Activation::relu);
  const NodeId third = net.conv_bias("conv3", sum, 8, {.kernel = 1, .stride = 2}, Activation::relu);
  net.fully_connected("fc", third, 10);
  return std::move(net).finish("branching");
}

chip::Accelerator machine_with(std::int64_t buffer_bits) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.levels[0].read_bandwidth_bits_per_cycle = 8.0;
  fields.levels[1].capacity_bits = buffer_bits;
  return chip::Accelerator::make(fields).value();
}

void expect_below(const HardwareCost& bound, const HardwareCost& cost) {
  EXPECT_LE(bound.energy_pj, cost.energy_pj * (1.0 + 1e-12));
  EXPECT_LE(bound.cycles, cost.cycles);
  EXPECT_LE(bound.dram_bits, cost.dram_bits);
  EXPECT_EQ(bound.model_bits, cost.model_bits);
  EXPECT_EQ(bound.macs, cost.macs);
}

/// The witness: what fuse_network() finds, for each objective by itself.
TEST(FusedBoundsModel, NoPartitionIsBelow) {
  Rng rng(7);
  constexpr std::array kWidths{2, 4, 8};
  std::vector<CompressionPlan> plans(6, CompressionPlan::uniform(4, 8, 8));
  for (CompressionPlan& plan : plans) {
    for (PrecisionPair& pair : plan.layers) pair = {kWidths[rng.below(3)], kWidths[rng.below(3)]};
  }
  for (const std::int64_t buffer_bits : {9'000, 65'536}) {
    const chip::Accelerator machine = machine_with(buffer_bits);
    auto coarse = FusedBoundsModel::make(branching_network(), machine, {}, Abstraction::coarse);
    auto mid = FusedBoundsModel::make(branching_network(), machine, {}, Abstraction::mid);
    ASSERT_TRUE((*coarse)->prepare(plans, 2).empty());
    ASSERT_TRUE((*mid)->prepare(plans, 1).empty());
    for (const chip::Objective objective :
         {chip::Objective::energy, chip::Objective::latency, chip::Objective::dram}) {
      chip::MappingCache mappings;
      chip::FusionOptions options;
      options.objective = options.mapper.objective = objective;
      options.mapper.max_evaluations = 500;
      auto fine = FusedModel::make(branching_network(), machine, {}, options, mappings);
      ASSERT_TRUE((*fine)->prepare(plans, 2).empty());
      for (const CompressionPlan& plan : plans) {
        expect_below((*coarse)->cost(plan), (*mid)->cost(plan));
        expect_below((*mid)->cost(plan), (*fine)->cost(plan));
        // A buffer that holds everything: the traffic is the bound.
        if (buffer_bits == 65'536 && objective == chip::Objective::dram) {
          EXPECT_EQ((*coarse)->cost(plan).dram_bits, (*fine)->cost(plan).dram_bits);
        }
      }
    }
  }
}

TEST(FusedBoundsModel, CountsTheBorderOfTheNetworkOnce) {
  auto model =
      FusedBoundsModel::make(small_network(), small_accelerator(), {}, Abstraction::coarse);
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 8);
  ASSERT_TRUE((*model)->prepare(std::vector{plan}, 1).empty());
  // Inputs 4*8*8 at 8 bits, weights 144 + 144 + 288 + 5,120 at 4 bits, 10 outputs at 16 bits.
  EXPECT_EQ((*model)->cost(plan).dram_bits, 256 * 8 + 5696 * 4 + 160);
  EXPECT_EQ((*model)->cost(plan).macs, small_network().macs());
  EXPECT_EQ((*model)->schedules_searched(), 0);
  EXPECT_THROW(static_cast<void>((*model)->schedule(plan)), InternalError);
  EXPECT_THROW(static_cast<void>((*model)->cost(CompressionPlan::uniform(4, 2, 2))), InternalError);
}

}  // namespace
}  // namespace hwflow::study
