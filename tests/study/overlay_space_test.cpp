#include "study/overlay_space.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "chip/overlay/network_cost.hpp"
#include "pareto/dominance.hpp"
#include "tests/study/joint_world.hpp"

namespace hwflow::study {
namespace {

CompressionPlan mixed_plan() { return CompressionPlan{{{8, 2}, {4, 4}, {2, 8}, {3, 5}}}; }

/// Every design by itself, by the cost of a network on one overlay.
std::vector<std::vector<double>> costs_of_all(const Study& study, const CompressionPlan& plan) {
  std::vector<Layer> layers;
  for (const LoweredLayer& lowered :
       lower(small_network(), plan, lowering_options(study.hardware, small_accelerator())))
    layers.push_back(lowered.layer);
  const OverlaySpaceOptions& options = study.hardware.search->overlay;
  std::vector<std::vector<double>> all;
  for (const auto dm : options.dm)
    for (const auto dk : options.dk)
      for (const auto dn : options.dn)
        for (const auto bm : options.bm)
          for (const auto bn : options.bn) {
            const auto cost =
                chip::evaluate_overlay(layers, {dm, dk, dn, bm, bn}, {}, options.rules[0]).value();
            all.push_back({static_cast<double>(cost.cycles), static_cast<double>(cost.dram_bits()),
                           cost.resources.lut, static_cast<double>(cost.resources.bram36)});
          }
  return all;
}

TEST(OverlaySpace, FrontsAreThoseOfEveryDesignByItself) {
  const Study study = joint_study(SearchOrder::nested);
  const auto space = small_overlay_space(study);
  EXPECT_EQ(space->size(), 3 * 2 * 3 * 2 * 2);
  const std::vector<CompressionPlan> plans{mixed_plan(), CompressionPlan::uniform(4, 8, 8)};
  const auto fronts = space->fronts(plans, 2, {}).value().value();
  ASSERT_EQ(fronts.size(), 2U);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto all = costs_of_all(study, plans[i]);
    std::set<std::vector<double>> expected, found;
    for (const std::size_t k : pareto::pareto_front(all)) expected.insert(all[k]);
    for (const DesignPoint& point : fronts[i]) {
      found.insert(point.costs);
      EXPECT_EQ(space->point(plans[i], point.sizes).value(), point);
    }
    EXPECT_EQ(found, expected);
  }
}

TEST(OverlaySpace, KnowsOnlyTheObjectivesOfTheStudy) {
  Study study = joint_study(SearchOrder::nested);
  study.hardware.search->objectives = {HardwareObjective::bram, HardwareObjective::latency};
  const auto space = small_overlay_space(study);
  const std::vector<CompressionPlan> plans{mixed_plan()};
  const auto fronts = space->fronts(plans, 1, {}).value().value();
  std::set<std::vector<double>> expected, found;
  std::vector<std::vector<double>> two;
  for (const auto& cost : costs_of_all(study, mixed_plan())) two.push_back({cost[3], cost[0]});
  for (const std::size_t k : pareto::pareto_front(two)) expected.insert(two[k]);
  for (const DesignPoint& point : fronts[0]) found.insert(point.costs);
  EXPECT_EQ(found, expected);
}

TEST(OverlaySpace, LayersOfAScheduleAddUpToTheCost) {
  const auto space = small_overlay_space(joint_study(SearchOrder::nested));
  for (const DesignSizes& sizes : {space->reference(), DesignSizes{4, 128, 1, 64, 2048, 0}}) {
    const HardwareCost cost = space->cost(mixed_plan(), sizes);
    const PlanSchedule schedule = space->schedule(mixed_plan(), sizes);
    ASSERT_EQ(schedule.layers.size(), 4U);
    std::int64_t cycles = 0, dram_bits = 0, macs = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const LayerDetails& layer = schedule.layers[i];
      cycles += layer.cycles;
      dram_bits += layer.dram_bits;
      macs += layer.macs;
      EXPECT_EQ(layer.plan_index, i);
      EXPECT_EQ(layer.channels, (std::array{4, 4, 8, 10}[i]));
      EXPECT_EQ(layer.channels_whole, layer.channels);
      EXPECT_EQ(layer.weight_bits, mixed_plan().layers[i].weights);
      EXPECT_EQ(layer.traffic_bits.size(), space->level_names().size());
    }
    EXPECT_EQ(cycles, cost.cycles);
    EXPECT_EQ(dram_bits, cost.dram_bits);
    EXPECT_EQ(macs, cost.macs);
    EXPECT_EQ(macs, small_network().macs());
    EXPECT_EQ(space->point(mixed_plan(), sizes).value().costs[0], static_cast<double>(cycles));
  }
}

TEST(OverlaySpace, SaysWhatADesignIs) {
  Study study = joint_study(SearchOrder::nested);
  EXPECT_EQ(small_overlay_space(study)->describe({4, 128, 1, 64, 2048, 0}),
            "4 x 128 x 1, 64 / 2048 entries");
  study.hardware.search->overlay.rules = {chip::ScheduleRule::cycles, chip::ScheduleRule::dram};
  EXPECT_EQ(small_overlay_space(study)->describe({4, 128, 1, 64, 2048, 1}),
            "4 x 128 x 1, 64 / 2048 entries, dram");
}

TEST(OverlaySpace, BudgetsTakeThePlaceOfTheDevice) {
  OverlaySpaceOptions options = small_overlays();
  options.most_bram36 = 8;
  Study study = joint_study(SearchOrder::nested);
  study.hardware.search->overlay = options;
  const auto space = small_overlay_space(study);
  const std::vector<CompressionPlan> plans{mixed_plan()};
  const auto fronts = space->fronts(plans, 1, {}).value().value();
  for (const DesignPoint& point : fronts[0]) EXPECT_LE(point.costs[3], 8.0);
  EXPECT_LT(space->size(), 72);
}

TEST(OverlaySpace, TellsEverythingThatIsWrong) {
  OverlaySpaceOptions options = small_overlays();
  EXPECT_TRUE(check(options).empty());
  options.reference.dk = 65;
  options.dm = {2, 2};
  options.rules = {};
  const Diagnostics problems = check(options);
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].place, "reference.dk");
  EXPECT_EQ(problems[1].place, "dm[1]");
  EXPECT_EQ(problems[2].place, "rules");
  options = small_overlays();
  options.most_lut = 1;
  ASSERT_EQ(check(options).size(), 1U);
  EXPECT_EQ(check(options)[0].place, "device");
}

}  // namespace
}  // namespace hwflow::study
