// Witness: enumeration: the least of the mappings that keep all caps, or that there is none.
#include "chip/mapper/caps.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "chip/mapper/product_search.hpp"
#include "tests/chip/mapper/product_oracle.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A cost that some mapping has, a little more, or none.
std::optional<double> random_cap(Rng& rng, const std::set<std::array<double, 3>>& costs,
                                 std::size_t which) {
  if (rng.below(3) == 0) return std::nullopt;
  auto cost = costs.begin();
  std::advance(cost, static_cast<std::ptrdiff_t>(rng.below(costs.size())));
  return rng.below(2) == 0 ? (*cost)[which] : (*cost)[which] * 1.01;
}

double value_of(const std::array<double, 3>& cost, Objective objective) {
  switch (objective) {
    case Objective::energy: return cost[0];
    case Objective::latency: return cost[1];
    case Objective::dram: return cost[2];
    case Objective::edp: break;
  }
  return cost[0] * cost[1];
}

TEST(Caps, OfASearchLeaveTheEnumeratedLeast) {
  int none = 0, some = 0;
  for (std::uint64_t i = 0; i < 150; ++i) {
    Rng rng = Rng::derive(67, i);
    const auto problem = testing::make_oracle_pair(rng, 2'000).problem();
    const auto truth = testing::map_exhaustively(problem->layer, problem->accelerator,
                                                 MapperOptions::Factors::perfect, 2'000);
    if (truth->costs.empty()) continue;
    const MapSpace space(problem->layer, problem->accelerator, MapperOptions::Factors::perfect);
    const BoundModel model(problem->layer, problem->accelerator, space);
    MapperOptions options;
    options.strategy = "products";
    const StopSign sign(options, {});
    ProductSpace products(problem->layer, problem->accelerator, space,
                          ProductSpace::Purpose::timed);
    ASSERT_EQ(products.find_classes(sign), ProductSpace::State::known);
    for (const Objective objective :
         {Objective::energy, Objective::latency, Objective::edp, Objective::dram}) {
      options.objective = objective;
      SearchProblem search{problem->layer, problem->accelerator, options, space, model, sign, {}};
      search.caps = {random_cap(rng, truth->costs, 0), random_cap(rng, truth->costs, 1),
                     random_cap(rng, truth->costs, 2)};
      double least = kInfinity;
      for (const auto& cost : truth->costs)
        if ((!search.caps.energy_pj || cost[0] <= *search.caps.energy_pj * (1 - 1e-10)) &&
            (!search.caps.cycles || cost[1] < *search.caps.cycles) &&
            (!search.caps.dram_bits || cost[2] < *search.caps.dram_bits))
          least = std::min(least, value_of(cost, objective));
      ClassBounds known;
      const SearchOutcome found = run_in_box(search, products, known);
      ++(least == kInfinity ? none : some);
      EXPECT_EQ(found.incumbent.best.has_value(), least < kInfinity) << "case " << i;
      if (least < kInfinity) {
        EXPECT_NEAR(found.incumbent.value, least, 1e-9 * least) << "case " << i;
        EXPECT_NEAR(found.lower_bound, least, 1e-9 * least) << "case " << i;
      } else {
        EXPECT_EQ(found.lower_bound, kInfinity) << "case " << i;
      }
    }
  }
  EXPECT_GT(none, 50);
  EXPECT_GT(some, 50);
}

TEST(Caps, CountWholeCyclesAndBits) {
  EXPECT_EQ(most_count(10.0), 9.0);
  EXPECT_EQ(most_count(10.5), 10.0);
  Cost cost;
  cost.energy_pj = 5.0;
  cost.cycles = cost.dram_bits = 10;
  EXPECT_TRUE(is_within(cost, {}));
  EXPECT_FALSE(is_within(cost, {5.0, std::nullopt, std::nullopt}));
  EXPECT_FALSE(is_within(cost, {std::nullopt, 10.0, std::nullopt}));
  EXPECT_TRUE(is_within(cost, {5.1, 10.1, 11.0}));
}

}  // namespace
}  // namespace hwflow::chip
