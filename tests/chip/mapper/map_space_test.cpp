// Witness: counts by hand.
#include "chip/mapper/map_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

using testing::make_conv_layer;
using testing::make_tiny_accelerator;

/// k = 4 = 2 * 2 over DRAM, GLB, RF and two axes of 3 and 2 (no axis of one element elsewhere): two
/// equal primes over five places, C(6, 4) = 15 ways, less the one that puts 4 columns on the axis
/// of 3 and the one that puts 4 rows on the axis of 2.
TEST(MapSpace, CountsPerfectChains) {
  const MapSpace space(make_conv_layer(4, 1, 1, 1), make_tiny_accelerator(4096, 512),
                       MapperOptions::Factors::perfect);
  EXPECT_EQ(space.chains(Dim::k).size(), 13U);
}

/// k = 3 over DRAM, GLB, RF, axes of 3 and 2. Bounds with different tiles: 2 (tiles of 2) and 3.
/// All in one place: 4 (the axis of 2 is too short). 2 outside and 2 inside: ordered pairs of the
/// places DRAM, GLB, rows, columns, RF = C(5, 2) = 10.
TEST(MapSpace, CountsCeilingChains) {
  const MapSpace space(make_conv_layer(3, 1, 1, 1), make_tiny_accelerator(4096, 512),
                       MapperOptions::Factors::ceiling);
  EXPECT_EQ(space.chains(Dim::k).size(), 14U);
}

/// 1000000 = 2^6 * 5^6 over three levels and two axes: far more ways than the limit. The first
/// puts every turn outermost, so that the tiles below are of one element.
TEST(MapSpace, ListsNoMoreChainsThanAskedFor) {
  for (const auto factors : {MapperOptions::Factors::perfect, MapperOptions::Factors::ceiling}) {
    const MapSpace space(make_conv_layer(1'000'000, 1, 1, 1), make_tiny_accelerator(4096, 512),
                         factors);
    const ChainList list = space.first_chains(Dim::k, 100);
    EXPECT_FALSE(list.complete);
    ASSERT_EQ(list.chains.size(), 100U);
    EXPECT_EQ(list.chains.front()[slot_of(0, SlotKind::temporal)], 1'000'000);
  }
}

TEST(MapSpace, ListsAllChainsBackwardsWhenTheLimitAllows) {
  const MapSpace space(make_conv_layer(12, 1, 1, 1), make_tiny_accelerator(4096, 512),
                       MapperOptions::Factors::ceiling);
  const std::vector<DimLoops> all = space.chains(Dim::k);
  const ChainList list = space.first_chains(Dim::k, all.size());
  EXPECT_TRUE(list.complete);
  EXPECT_TRUE(std::equal(all.begin(), all.end(), list.chains.rbegin(), list.chains.rend()));
  EXPECT_FALSE(space.first_chains(Dim::k, all.size() - 1).complete);
}

TEST(MapSpace, StopsListingWhenTold) {
  const MapSpace space(make_conv_layer(100'003, 1, 1, 1), make_tiny_accelerator(4096, 512),
                       MapperOptions::Factors::ceiling);
  EXPECT_FALSE(space.first_chains(Dim::k, 1'000'000'000, [] { return true; }).complete);
}

TEST(MapSpace, TurnsMappingsIntoCandidatesAndBack) {
  const Accelerator accelerator = make_tiny_accelerator(4096, 512);
  const MapSpace space(make_conv_layer(4, 2, 6, 3), accelerator, MapperOptions::Factors::perfect);
  const auto mapping =
      mapping_from_text("DRAM: k2 p3 | GLB: q2 c2 p2 ; x q3 y k2 | RF: r3 s3", accelerator);
  ASSERT_TRUE(mapping) << to_text(mapping.error());
  const auto candidate = space.from_mapping(*mapping);
  ASSERT_TRUE(candidate);
  EXPECT_EQ(space.to_mapping(*candidate), *mapping);
}

TEST(MapSpace, KnowsWhatLiesOutside) {
  const Accelerator accelerator = make_tiny_accelerator(4096, 512);
  const MapSpace space(make_conv_layer(4, 1, 1, 1), accelerator, MapperOptions::Factors::perfect);
  for (const char* text : {"DRAM: k2 | GLB: | RF:", "DRAM: k3 | GLB: k2 | RF:",
                           "DRAM: | GLB: ; y k4 | RF:", "DRAM: k2 | GLB: k2 c2 | RF:"}) {
    const auto mapping = mapping_from_text(text, accelerator);
    ASSERT_TRUE(mapping) << text;
    EXPECT_FALSE(space.from_mapping(*mapping)) << text;
  }
}

}  // namespace
}  // namespace hwflow::chip
