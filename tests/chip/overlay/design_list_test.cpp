#include "chip/overlay/design_list.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace hwflow::chip {
namespace {

using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;

Key key(const BismoShape& shape) { return {shape.dm, shape.dk, shape.dn, shape.bm, shape.bn}; }
BismoShape mirror(const BismoShape& shape) {
  return {shape.dn, shape.dk, shape.dm, shape.bn, shape.bm};
}

TEST(DesignList, HasOneOfEveryPairOfMirrorImagesThatFits) {
  const DesignList designs({}, {}, kZ7020);
  std::set<Key> listed;
  for (const DesignList::Entry& entry : designs.entries()) listed.insert(key(entry.design));
  EXPECT_EQ(listed.size(), designs.entries().size());
  std::size_t feasible = 0;
  const DesignSpace space;
  for (const std::int64_t dm : space.dm)
    for (const std::int64_t dk : space.dk)
      for (const std::int64_t dn : space.dn)
        for (const std::int64_t bm : space.bm)
          for (const std::int64_t bn : space.bn) {
            const BismoShape shape{dm, dk, dn, bm, bn};
            const bool is_feasible = fits(overlay_resources(shape, {}), kZ7020);
            feasible += is_feasible ? 1 : 0;
            const std::size_t count =
                listed.count(key(shape)) +
                (key(shape) == key(mirror(shape)) ? 0 : listed.count(key(mirror(shape))));
            ASSERT_EQ(count, is_feasible ? 1U : 0U);
            // A generator that wants even dm can build what can be built at all.
            ASSERT_TRUE(listed.count(key(shape)) == 0 || dn % 2 != 0 || dm % 2 == 0);
          }
  EXPECT_EQ(feasible, designs.feasible());
}

TEST(DesignList, IsInOrderAndKnowsSmallerMemories) {
  for (const bool symmetric : {true, false}) {
    DesignSpace space{{1, 2, 3, 4}, {64, 256}, {1, 2, 3, 4}, {512, 1024, 3000}, {512, 1024, 3000}};
    if (!symmetric) space.bn = {1024, 1025};
    const DesignList designs(space, {}, std::nullopt);
    const auto& entries = designs.entries();
    EXPECT_EQ(designs.feasible(), space.size());
    EXPECT_EQ(entries.size() == space.size(), !symmetric);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const FpgaResources resources = overlay_resources(entries[i].design, {});
      EXPECT_EQ(resources.lut, entries[i].lut);
      EXPECT_EQ(resources.bram36, entries[i].bram36);
      if (i > 0) {
        EXPECT_LE(std::tie(entries[i - 1].lut, entries[i - 1].bram36),
                  std::tie(entries[i].lut, entries[i].bram36));
        EXPECT_EQ(entries[i - 1].bram_rank < entries[i].bram_rank,
                  entries[i - 1].bram36 < entries[i].bram36);
      }
      EXPECT_LT(entries[i].bram_rank, designs.bram_ranks());
      const BismoShape& shape = entries[i].design;
      const auto expect_smaller = [&](std::int32_t position, BismoShape smaller, bool exists) {
        ASSERT_EQ(position >= 0, exists);
        if (!exists) return;
        const BismoShape& found = entries[static_cast<std::size_t>(position)].design;
        EXPECT_TRUE(found == smaller || (symmetric && found == mirror(smaller)));
      };
      const auto next = [](std::int64_t entries_of_memory, const std::vector<std::int64_t>& list) {
        std::int64_t below = 0;
        for (const std::int64_t value : list)
          if (value < entries_of_memory) below = value;
        return below;
      };
      BismoShape smaller = shape;
      smaller.bm = next(shape.bm, space.bm);
      expect_smaller(entries[i].smaller_bm, smaller, smaller.bm > 0);
      smaller = shape;
      smaller.bn = next(shape.bn, space.bn);
      expect_smaller(entries[i].smaller_bn, smaller, smaller.bn > 0);
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
