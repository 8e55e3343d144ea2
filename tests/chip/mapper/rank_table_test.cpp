// Witness: sets of words, written down by hand.
#include "chip/mapper/rank_table.hpp"

#include <gtest/gtest.h>

#include <set>

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

/// 100000 rows under a kernel of 7 with stride 2 and padding of 3: no table, but the counts hold.
/// Rows -3 .. 200001 of 200000 are touched, padding left out all 200000. The tile of all but one
/// row: rows -3 .. 199999, of them 200000 inside. Iterations: 7 a row, less 3 + 1 at the top (rows
/// -3, -2, -1 of the first, -1 of the second) and, at the bottom, rows 200000 and 200001 of the
/// last: the kernel of row 99998 ends at 199999.
TEST(RankTable, BoundsTheCountsOfLongDimensionsFromBelow) {
  for (const bool divisors_only : {true, false}) {
    const RankTable table({{{Dim::p, 2}, {Dim::r, 1}}, -3, 200'000}, rows(100'000, 7),
                          divisors_only);
    EXPECT_FALSE(table.is_plain());
    EXPECT_FALSE(table.has_entries());
    EXPECT_EQ(table.distinct(), 200'000);
    EXPECT_EQ(table.touching_iterations(), 700'000 - 3 - 1 - 2);
    EXPECT_EQ(table.largest(99'999, 7), 200'000);
  }
}

/// The counts of the table are those of the sets, whatever the strides.
TEST(RankTable, CountsEveryWordOnce) {
  for (const std::int64_t a : {1, 2, 3, 6}) {
    for (const std::int64_t b : {1, 2, 4, 9}) {
      const RankTable table({{{Dim::p, a}, {Dim::r, b}}, -4, 17}, rows(6, 5), false);
      if (table.is_plain()) continue;
      std::set<std::int64_t> words;
      int touching = 0;
      for (std::int64_t i = 0; i < 6; ++i) {
        for (std::int64_t j = 0; j < 5; ++j) {
          const std::int64_t at = -4 + a * i + b * j;
          if (at < 0 || at >= 17) continue;
          words.insert(at);
          ++touching;
        }
      }
      EXPECT_EQ(table.distinct(), static_cast<std::int64_t>(words.size())) << a << ' ' << b;
      EXPECT_EQ(table.touching_iterations(), touching) << a << ' ' << b;
    }
  }
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
