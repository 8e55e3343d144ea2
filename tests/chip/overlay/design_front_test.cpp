#include "chip/overlay/design_front.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/random.hpp"

namespace hwflow::chip {
namespace {

using Values = std::array<double, 4>;

/// Objective values with those that do not count at zero.
Values values_of(const CostTable& totals, const DesignList& designs, std::size_t rules,
                 const OverlayObjectives& objectives, std::size_t index) {
  const DesignList::Entry& entry = designs.entries()[index / rules];
  return {objectives.lut ? entry.lut : 0.0,
          objectives.bram36 ? static_cast<double>(entry.bram36) : 0.0,
          objectives.cycles ? totals.cycles[index] : 0.0,
          objectives.dram_bits ? totals.dram_bits[index] : 0.0};
}

bool dominates(const Values& a, const Values& b) {
  return a != b && a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2] && a[3] <= b[3];
}

/// All pairs, for all sets of objectives, on tables of few distinct values.
TEST(DesignFront, MatchesAllPairs) {
  Rng rng(5);
  const DesignSpace space{{1, 2, 3, 4}, {64, 128}, {1, 2, 3, 4}, {1024, 2048, 2050}, {1024, 4096}};
  for (int trial = 0; trial < 160; ++trial) {
    DesignSpace lists = space;
    if (trial % 2 == 0) lists.bn = lists.bm;  // mirror images
    const DesignList designs(lists, {}, std::nullopt);
    const std::size_t rules = 1 + rng.below(2);
    CostTable totals;
    const std::int64_t most = rng.between(2, 400);
    for (std::size_t i = 0; i < designs.entries().size() * rules; ++i) {
      totals.cycles.push_back(static_cast<double>(rng.between(0, most)));
      totals.dram_bits.push_back(static_cast<double>(rng.between(0, most)));
    }
    const auto mask = static_cast<unsigned>(trial / 2 % 16);
    const OverlayObjectives objectives{(mask & 1U) == 0, (mask & 2U) == 0, (mask & 4U) == 0,
                                       (mask & 8U) == 0};
    const auto front = front_of(totals, designs, rules, objectives);

    std::multiset<Values> found;
    for (const std::uint32_t index : front)
      found.insert(values_of(totals, designs, rules, objectives, index));
    std::set<Values> expected;
    for (std::size_t i = 0; i < totals.cycles.size(); ++i) {
      const Values value = values_of(totals, designs, rules, objectives, i);
      bool is_dominated = false;
      for (std::size_t j = 0; j < totals.cycles.size() && !is_dominated; ++j)
        is_dominated = dominates(values_of(totals, designs, rules, objectives, j), value);
      if (!is_dominated) expected.insert(value);
    }
    ASSERT_EQ(found, std::multiset<Values>(expected.begin(), expected.end())) << "trial " << trial;
    const OverlayObjectives all;
    ASSERT_TRUE(std::is_sorted(front.begin(), front.end(), [&](std::uint32_t a, std::uint32_t b) {
      return values_of(totals, designs, rules, all, a) < values_of(totals, designs, rules, all, b);
    }));
  }
}

}  // namespace
}  // namespace hwflow::chip
