#include "chip/arch/technology.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

/// 65 nm at 0.8 V: 3.755 * 0.64 - 4.398 * 0.8 + 1.975 = 0.8598;
/// 45 nm at 0.8 V: 1.103 * 0.64 - 0.362 * 0.8 + 0.2767 = 0.69302; ratio 1.24066.
TEST(NodeScaling, EnergyIsTheRatioOfThePolynomials) {
  EXPECT_NEAR(node_scaling(45, 65).value().energy, 0.8598 / 0.69302, 1e-12);
  // 7 nm at 1.0 V: 0.1776 - 0.09097 + 0.02447 = 0.1111; 45 nm: 1.103 - 0.362 + 0.2767 = 1.0177.
  EXPECT_NEAR(node_scaling(45, 7, 1.0).value().energy, 0.1111 / 1.0177, 1e-12);
}

TEST(NodeScaling, AreaIsReadFromTheTable) {
  EXPECT_DOUBLE_EQ(node_scaling(65, 45).value().area, 0.66);
  EXPECT_DOUBLE_EQ(node_scaling(45, 65).value().area, 1.5);
  EXPECT_DOUBLE_EQ(node_scaling(130, 7).value().area, 0.0092);
}

/// Laws: a node to itself changes nothing; energies there and back cancel; the way does not matter.
TEST(NodeScaling, ComposesLikeRatios) {
  for (const int a : scaling_nodes_nm()) {
    EXPECT_EQ(node_scaling(a, a).value(), (NodeScaling{1.0, 1.0}));
    for (const int b : scaling_nodes_nm()) {
      const double there = node_scaling(a, b).value().energy;
      EXPECT_NEAR(there * node_scaling(b, a).value().energy, 1.0, 1e-12);
      EXPECT_NEAR(there, node_scaling(a, 16).value().energy * node_scaling(16, b).value().energy,
                  1e-12 * there);
      // The rounded table has two digits: there and back agree to a tenth.
      EXPECT_NEAR(node_scaling(a, b).value().area * node_scaling(b, a).value().area, 1.0, 0.1);
    }
  }
}

TEST(NodeScaling, NewerNodesSpendLess) {
  const auto nodes = scaling_nodes_nm();
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    EXPECT_LT(node_scaling(nodes[i - 1], nodes[i]).value().energy, 1.0);
    EXPECT_LT(node_scaling(nodes[i - 1], nodes[i]).value().area, 1.0);
  }
}

TEST(NodeScaling, RefusesUnknownNodesAndSupplies) {
  const auto refused = node_scaling(28, 22, 3.3);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(to_text(refused.error()),
            "no scaling factors for 28 nm (known nodes in nm: 130 90 65 45 32 20 16 14 10 7)\n"
            "no scaling factors for 22 nm (known nodes in nm: 130 90 65 45 32 20 16 14 10 7)\n"
            "the scaling supply must be 0.6 to 1.2 V, got 3.3\n");
}

}  // namespace
}  // namespace hwflow::chip
