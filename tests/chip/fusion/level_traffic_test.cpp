#include "chip/fusion/level_traffic.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

/// A product of two vectors: one level above a register file, by hand.
TEST(LevelTraffic, AddsTheOperandsOfEveryLevelByRole) {
  const auto op = make_broadcast_elementwise(1, {1, 1, 4}, {{1, 1, 4}, {1, 1, 1}}, Arithmetic::add);
  ASSERT_TRUE(op.has_value());
  ASSERT_EQ(op->operands().size(), 3U);
  Cost cost;
  cost.levels.resize(3);
  for (LevelCost& level : cost.levels) level.operands.resize(3);
  const std::size_t output = op->operands()[0].role == Role::outputs ? 0 : 2;
  const std::size_t first = output == 0 ? 1 : 0, second = 1 + first;
  cost.levels[0].operands[first].reads = 999;  // outside the levels that are asked for
  cost.levels[1].operands[first] = {.reads = 4, .fills = 4, .read_bits = 32, .fill_bits = 32};
  cost.levels[1].operands[second] = {.reads = 1, .fills = 1, .read_bits = 8, .fill_bits = 8};
  cost.levels[1].operands[output] = {
      .updates = 4, .drains = 4, .update_bits = 64, .drain_bits = 64};
  std::vector<LevelTraffic> levels(2);
  add_traffic(*op, cost, 1, 10, levels);
  EXPECT_EQ(levels[0].of(Role::inputs).reads, (Moved{50, 400}));
  EXPECT_EQ(levels[0].of(Role::inputs).fills, (Moved{50, 400}));
  EXPECT_EQ(levels[0].of(Role::outputs).updates, (Moved{40, 640}));
  EXPECT_EQ(levels[0].of(Role::outputs).drains, (Moved{40, 640}));
  EXPECT_EQ(levels[0].of(Role::weights), RoleTraffic{});
  EXPECT_EQ(levels[0].read_bits(), 1040);
  EXPECT_EQ(levels[0].written_bits(), 1040);
  EXPECT_EQ(levels[1], LevelTraffic{});
}

}  // namespace
}  // namespace hwflow::chip
