#include "chip/mapping/uneven_nest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Accelerator::Fields machine() { return load_accelerator("e168").value().fields(); }

UnevenNest nest() {
  UnevenNest nest;
  nest.temporal = {{Dim::k, 4}, {Dim::c, 2}, {Dim::q, 8}, {Dim::k, 16}};
  for (const Role role : kRoles) nest.tiles.push_back({"DRAM", role, 0});
  nest.tiles.push_back({"GLB", Role::outputs, 1});
  nest.tiles.push_back({"GLB", Role::inputs, 2});
  nest.tiles.push_back({"psum_spad", Role::outputs, 2});
  nest.tiles.push_back({"ifmap_spad", Role::inputs, 3});
  nest.tiles.push_back({"weights_spad", Role::weights, 2});
  nest.spreads.push_back({"GLB", {{Dim::q, 14}}, {{Dim::s, 3}}});
  return nest;
}

/// Loops stand between the tile that they move and the next one inside.
TEST(UnevenNest, MemoriesSplitWhereTensorsHaveOtherBoundaries) {
  const auto even = to_even_nest(machine(), nest());
  ASSERT_TRUE(even) << to_text(even.error());
  const auto made = Accelerator::make(even->machine);
  ASSERT_TRUE(made) << to_text(made.error());
  EXPECT_EQ(to_text(even->mapping, *made),
            "DRAM: k4 | GLB-outputs: c2 | GLB-inputs: ; x q14 y s3 | weights_spad: | psum_spad: q8 "
            "| ifmap_spad: k16");
  EXPECT_THAT(even->levels, ElementsAre("DRAM", "DRAM", "DRAM", "GLB-outputs", "GLB-inputs",
                                        "psum_spad", "ifmap_spad", "weights_spad"));
  EXPECT_EQ(made->levels()[1].keeps, (RoleSet{{false, false, true}}));
  EXPECT_EQ(made->levels()[1].capacity_bits, made->levels()[2].capacity_bits);
  EXPECT_EQ(made->levels()[2].fanout.x, 14);
}

TEST(UnevenNest, EqualBoundariesLeaveAMemoryWhole) {
  UnevenNest plain = nest();
  for (auto& tile : plain.tiles)
    if (tile.memory == "GLB") tile.loops_above = 2;
  const auto even = to_even_nest(machine(), plain);
  ASSERT_TRUE(even);
  EXPECT_EQ(even->machine.levels[1].name, "GLB");
  EXPECT_EQ(even->machine.levels.size(), 5U);
}

TEST(UnevenNest, RefusesTilesInsideTheMeshWithFewerLoopsThanThoseOutside) {
  UnevenNest wrong = nest();
  wrong.tiles.back().loops_above = 1;
  const auto even = to_even_nest(machine(), wrong);
  ASSERT_FALSE(even);
  EXPECT_THAT(to_text(even.error()), HasSubstr("weights_spad: keeps a tile across loops that"));
}

}  // namespace
}  // namespace hwflow::chip
