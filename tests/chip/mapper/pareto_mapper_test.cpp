// Witness: enumeration of every mapping (product_oracle compares sets of drawn pairs, too).
#include "chip/mapper/pareto_mapper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chip/cost/semantics.hpp"
#include "chip/mapping/sibling_order.hpp"
#include "tests/chip/mapper/product_oracle.hpp"
#include "tests/chip/mapper/small_problem.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ParetoOptions by_products() {
  ParetoOptions options;
  options.mapper.strategy = "products";
  return options;
}

std::set<std::array<double, 3>> costs_of(const ParetoResult& result) {
  std::set<std::array<double, 3>> costs;
  for (const ParetoPoint& point : result.points)
    costs.insert({point.cost.energy_pj, static_cast<double>(point.cost.cycles),
                  static_cast<double>(point.cost.dram_bits)});
  return costs;
}

bool is_at_most(const std::array<double, 3>& a, const std::array<double, 3>& b) {
  return a[0] <= b[0] * (1 + 1e-10) && a[1] <= b[1] && a[2] <= b[2];
}

/// With siblings in any order the set is that of all orders together.
TEST(MapLayerPareto, SearchesAllOrdersOfSiblings) {
  int compared = 0;
  for (std::uint64_t i = 0; compared < 20; ++i) {
    Rng rng = Rng::derive(71, i);
    const auto problem = testing::make_oracle_pair(rng, 2'000).problem();
    const auto orders = sibling_orders(problem->accelerator);
    if (orders.size() < 2) continue;
    std::set<std::array<double, 3>> all;
    bool is_whole = true;
    for (const LevelOrder& order : orders) {
      const auto nested = with_level_order(problem->accelerator, order);
      const auto truth = testing::map_exhaustively(problem->layer, nested,
                                                   MapperOptions::Factors::perfect, 20'000);
      is_whole = is_whole && truth.has_value();
      if (truth) all.insert(truth->costs.begin(), truth->costs.end());
    }
    if (!is_whole || all.empty()) continue;
    ++compared;
    ParetoOptions options = by_products();
    options.mapper.sibling_order = MapperOptions::SiblingOrder::any;
    const auto found = map_layer_pareto(problem->layer, problem->accelerator, options);
    ASSERT_TRUE(found) << "case " << i;
    EXPECT_TRUE(found->proved) << "case " << i;
    const auto costs = costs_of(*found);
    for (const auto& cost : all)
      EXPECT_TRUE(std::any_of(costs.begin(), costs.end(),
                              [&](const auto& mine) { return is_at_most(mine, cost); }))
          << "case " << i;
    for (const auto& mine : costs) {
      EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                              [&](const auto& cost) { return is_at_most(cost, mine); }))
          << "case " << i;
      for (const auto& other : costs) EXPECT_TRUE(mine == other || !is_at_most(other, mine));
    }
    for (const ParetoPoint& point : found->points)
      EXPECT_TRUE(check(point.mapping, problem->layer, problem->accelerator).empty());
  }
}

TEST(MapLayerPareto, HoldsTheLeastOfEveryObjectiveAndOfEdp) {
  const Layer layer = testing::make_conv_layer(16, 8, 14, 3);
  const Accelerator machine = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  const auto set = map_layer_pareto(layer, machine, by_products());
  ASSERT_TRUE(set);
  EXPECT_TRUE(set->proved);
  EXPECT_EQ(set->gap, 0.0);
  for (const Objective objective :
       {Objective::energy, Objective::latency, Objective::edp, Objective::dram}) {
    MapperOptions options = by_products().mapper;
    options.objective = objective;
    const auto best = map_layer(layer, machine, options);
    double least = value_of(set->points[0].cost, objective);
    for (const ParetoPoint& point : set->points)
      least = std::min(least, value_of(point.cost, objective));
    EXPECT_NEAR(least, best->value, 1e-9 * least) << name(objective);
  }
}

TEST(MapLayerPareto, AStopLeavesWhatIsKnownAndItsGap) {
  const Layer layer = testing::make_conv_layer(16, 8, 14, 3);
  const Accelerator machine = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  std::stop_source source;
  source.request_stop();
  const auto stopped = map_layer_pareto(layer, machine, by_products(), source.get_token());
  ASSERT_TRUE(stopped);
  EXPECT_FALSE(stopped->proved);
  EXPECT_FALSE(stopped->points.empty());
  EXPECT_FALSE(stopped->unproved.empty());
  ASSERT_TRUE(stopped->gap);
  EXPECT_GT(*stopped->gap, 0.0);
}

TEST(MapLayerPareto, RefusesAllThatItCannotProveAtOnce) {
  ParetoOptions options;  // branch and bound
  options.mapper.factors = MapperOptions::Factors::ceiling;
  options.step = -1.0;
  options.objectives = {Objective::edp};
  const auto found = map_layer_pareto(testing::make_conv_layer(2, 2, 2, 1),
                                      testing::make_tiny_accelerator(1 << 14, 1 << 9), options);
  ASSERT_FALSE(found);
  const std::string text = to_text(found.error());
  for (const char* part : {"'branch_and_bound' finds no Pareto sets", "perfect factors only",
                           "must be a number from 0", "'edp' is no objective of its own",
                           "needs two or three objectives"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST(ParetoObjectives, ReadTheWordAndLists) {
  EXPECT_THAT(*pareto_objectives_from_text("pareto"),
              ElementsAre(Objective::energy, Objective::latency, Objective::dram));
  EXPECT_THAT(*pareto_objectives_from_text("dram,energy"),
              ElementsAre(Objective::dram, Objective::energy));
  EXPECT_TRUE(asks_for_pareto("energy,latency"));
  EXPECT_FALSE(asks_for_pareto("edp"));
  for (const char* wrong : {"energy,", "energy,edp", "dram,dram", "energy,power"})
    EXPECT_FALSE(pareto_objectives_from_text(wrong)) << wrong;
}

}  // namespace
}  // namespace hwflow::chip
