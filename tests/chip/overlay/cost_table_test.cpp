#include "chip/overlay/cost_table.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/chip/overlay/random_product.hpp"

namespace hwflow::chip {
namespace {

/// Every entry is the cost of that design by itself.
TEST(CostTable, MatchesBestCost) {
  Rng rng(11);
  for (int trial = 0; trial < 150; ++trial) {
    OverlayOptions options = testing::random_options(rng);
    options.stripe_bytes = 32'768;
    MatrixProduct product = testing::random_product(rng);
    product.count = rng.between(1, 3);
    DesignSpace space{{1, 2, 3}, {64, 128}, {1, 2, 3}, {8, 16, 24, 64, 512}, {}};
    space.bn = trial % 2 == 0 ? space.bm : std::vector<std::int64_t>{9, 30};
    const std::optional<FpgaDevice> device =
        trial % 3 == 0 ? std::optional(FpgaDevice{"small", 2'000, 20}) : std::nullopt;
    const DesignList designs(space, options, device);
    const std::vector<ScheduleRule> rules{ScheduleRule::dram, ScheduleRule::cycles,
                                          ScheduleRule::balanced};
    const CostTable table = make_cost_table(product, designs, options, rules);
    ASSERT_EQ(table.cycles.size(), designs.entries().size() * rules.size());
    for (std::size_t i = 0; i < designs.entries().size(); ++i) {
      for (std::size_t r = 0; r < rules.size(); ++r) {
        const ProductCost cost = best_cost(product, designs.entries()[i].design, options, rules[r]);
        const std::size_t at = i * rules.size() + r;
        ASSERT_EQ(table.cycles[at], static_cast<double>(cost.cycles)) << "trial " << trial;
        ASSERT_EQ(table.dram_bits[at], static_cast<double>(cost.dram_bits())) << "trial " << trial;
      }
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
