#include "study/hardware_model.hpp"

#include <gtest/gtest.h>

#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

TEST(ModelBits, AreWeightsTimesTheirWidths) {
  // Weights: 4*4*9 = 144, 144, 8*4*9 = 288, 10*512 = 5,120.
  EXPECT_EQ(layer_weights(small_network()), (std::vector<std::int64_t>{144, 144, 288, 5120}));
  EXPECT_EQ(model_bits(small_network(), CompressionPlan{{{8, 8}, {4, 2}, {2, 8}, {8, 4}}}),
            144 * 8 + 144 * 4 + 288 * 2 + 5120 * 8);
}

TEST(PlanIndex, IsThePlaceAmongComputeNodes) {
  const Network network = small_network();
  EXPECT_EQ(plan_index(network, *network.find("conv1")), std::optional<std::size_t>(0));
  EXPECT_EQ(plan_index(network, *network.find("fc")), std::optional<std::size_t>(3));
  EXPECT_EQ(plan_index(network, NodeId{0}), std::nullopt);  // the input
}

}  // namespace
}  // namespace hwflow::study
