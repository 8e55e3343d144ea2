#include "chip/fusion/array_shares.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "base/random.hpp"
#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {
namespace {

using Times = std::vector<std::vector<std::int64_t>>;

std::int64_t longest(const Times& cycles, const std::vector<std::int64_t>& shares) {
  std::int64_t most = 0;
  for (std::size_t s = 0; s < shares.size(); ++s)
    most = std::max(most, cycles[s][static_cast<std::size_t>(shares[s] - 1)]);
  return most;
}

TEST(ShareOut, IsAsShortAsTheBestOfAllShares) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng = Rng::derive(3, seed);
    const auto columns = static_cast<std::size_t>(rng.between(1, 7));
    Times cycles(static_cast<std::size_t>(rng.between(1, 4)), std::vector<std::int64_t>(columns));
    for (auto& stage : cycles)
      for (auto& time : stage) time = rng.between(1, 30);  // more columns may take longer
    std::int64_t best = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> shares(cycles.size());
    const std::function<void(std::size_t, std::int64_t)> visit = [&](std::size_t stage,
                                                                     std::int64_t left) {
      if (stage == shares.size()) {
        best = std::min(best, longest(cycles, shares));
        return;
      }
      for (shares[stage] = 1; shares[stage] <= left; ++shares[stage])
        visit(stage + 1, left - shares[stage]);
    };
    visit(0, static_cast<std::int64_t>(columns));
    const auto found = share_out(cycles);
    ASSERT_EQ(found.has_value(), cycles.size() <= columns) << "seed " << seed;
    if (!found) continue;
    std::int64_t used = 0;
    for (const std::int64_t share : *found) {
      EXPECT_GE(share, 1);
      used += share;
    }
    EXPECT_LE(used, static_cast<std::int64_t>(columns));
    EXPECT_EQ(longest(cycles, *found), best) << "seed " << seed;
  }
}

TEST(ArrayShares, CutTheLongerAxisOfTheArray) {
  const auto machine = load_accelerator("eyeriss");  // 14 columns, 12 rows
  ASSERT_TRUE(machine.has_value());
  const ArrayShares shares(*machine);
  ASSERT_EQ(shares.columns(), 14);
  for (std::int64_t columns = 1; columns <= 14; ++columns)
    EXPECT_EQ(shares.machine(columns).compute_units(), 12 * columns);
  EXPECT_EQ(shares.machine(14), *machine);
}

}  // namespace
}  // namespace hwflow::chip
