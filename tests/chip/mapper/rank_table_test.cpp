// Witness: sets of words, written down by hand.
#include "chip/mapper/rank_table.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

DimArray rows(std::int64_t p, std::int64_t r) {
  DimArray bounds = kOnes;
  bounds[index(Dim::p)] = p;
  bounds[index(Dim::r)] = r;
  return bounds;
}

/// 4 output rows, 3 filter rows, padding of 1 at the top and the bottom of 4 input rows.
/// Tiles of 2 x 3 touch rows {-1..2} and {1..4}: 3 words each; a shift by 2 shares 2 of 4.
TEST(RankTable, CountsPaddedSlidingRows) {
  const RankTable table({{{Dim::p, 1}, {Dim::r, 1}}, -1, 4}, rows(4, 3), true);
  ASSERT_FALSE(table.is_plain());
  EXPECT_EQ(table.distinct(), 4);
  EXPECT_EQ(table.touching_iterations(), 3 + 4 + 3);
  const RankTable::Entry& entry = table.entry(2, 3);
  EXPECT_EQ(entry.clipped_sum, 6);
  EXPECT_EQ(entry.largest, 3);
  EXPECT_EQ(RankTable::shared(entry, 2), 2);
  EXPECT_EQ(RankTable::shared(entry, -2), 2);
  EXPECT_EQ(RankTable::shared(entry, 4), 0);
}

/// Stride 2, dilation 2, 2 x 2 iterations touch rows 0, 2 (twice) and 4: gaps hold no word.
TEST(RankTable, LeavesGapsOut) {
  const RankTable table({{{Dim::p, 2}, {Dim::r, 2}}, 0, 5}, rows(2, 2), true);
  EXPECT_EQ(table.distinct(), 3);
  EXPECT_EQ(RankTable::shared(table.entry(2, 2), 1), 0);
  EXPECT_EQ(RankTable::shared(table.entry(2, 2), 2), 2);
}

/// Kernel and stride of 2: every row is touched once, unless whole boxes move.
TEST(RankTable, KnowsDisjointTiles) {
  const Rank pooled{{{Dim::p, 2}, {Dim::r, 1}}, 0, 8};
  EXPECT_TRUE(RankTable(pooled, rows(4, 2), true).is_plain());
  EXPECT_FALSE(RankTable(pooled, rows(4, 2), true, true).is_plain());
  EXPECT_FALSE(RankTable(pooled, rows(4, 3), true).is_plain());
}

}  // namespace
}  // namespace hwflow::chip
