// Witness: the number of permutations; texts written by hand.
#include "chip/mapping/sibling_order.hpp"

#include <gtest/gtest.h>

#include "chip/arch/accelerator_file.hpp"

namespace hwflow::chip {
namespace {

TEST(SiblingOrder, PermutesLevelsThatKeepOneOperandEach) {
  const std::vector<LevelOrder> orders = sibling_orders(load_accelerator("e168").value());
  ASSERT_EQ(orders.size(), 6);  // three scratchpads below the array
  EXPECT_EQ(orders.front(), (LevelOrder{0, 1, 2, 3, 4}));
  for (const LevelOrder& order : orders) {
    EXPECT_EQ(order[0], 0);
    EXPECT_EQ(order[1], 1);
  }
  EXPECT_EQ(sibling_orders(load_accelerator("eyeriss-isca").value()).size(), 1);
}

TEST(SiblingOrder, LeavesTheFanoutWhereItIs) {
  const Accelerator machine = load_accelerator("e168").value();
  const Accelerator other = with_level_order(machine, {0, 1, 4, 2, 3});
  EXPECT_EQ(other.levels()[2].name, "psum_spad");
  EXPECT_EQ(other.levels()[3].name, "ifmap_spad");
  EXPECT_EQ(other.levels()[1].fanout.instances(), 168);
  for (LevelIndex l = 2; l < 5; ++l) EXPECT_EQ(other.levels()[l].fanout.instances(), 1);
}

TEST(SiblingOrder, MappingsSayHowLevelsNest) {
  const Accelerator machine = load_accelerator("e168").value();
  const std::string text =
      "DRAM: k2 p14 | GLB: c2 q7 ; x r3 q2 y c4 | psum_spad: k4 | ifmap_spad: s3 | weights_spad:";
  const auto mapping = mapping_from_text(text, machine);
  ASSERT_TRUE(mapping) << to_text(mapping.error());
  EXPECT_EQ(mapping->level_order, (LevelOrder{0, 1, 4, 2, 3}));
  EXPECT_EQ(to_text(*mapping, machine), text);
  const auto listed = mapping_from_text(text, with_level_order(machine, mapping->level_order));
  ASSERT_TRUE(listed);
  EXPECT_TRUE(listed->level_order.empty());
  EXPECT_EQ(listed->levels, mapping->levels);
}

TEST(SiblingOrder, OtherOrdersAreRefused) {
  const Accelerator machine = load_accelerator("e168").value();
  EXPECT_FALSE(
      mapping_from_text("GLB: | DRAM: | ifmap_spad: | weights_spad: | psum_spad:", machine));
}

}  // namespace
}  // namespace hwflow::chip
