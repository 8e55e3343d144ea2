#include "study/array_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "pareto/dominance.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

using enum HardwareObjective;

/// A stand-in for the mapper: cycles fall with units, energy and traffic with the buffer. A buffer
/// below 1 KiB holds no layer of more than 4 channels.
Expected<chip::MappingResult> map_on(const Layer& layer, const chip::Accelerator& design) {
  const chip::MemoryLevel& memory = design.levels()[1];
  chip::MappingResult result = map_by_formula(layer).value();
  if (*memory.capacity_bits < 8192 && layer.name == "conv3")
    return Unexpected{Diagnostics{{"buffer", "is too small", "", ProblemKind::infeasible}}};
  result.cost.levels.resize(design.levels().size());
  result.cost.cycles /= memory.fanout.instances();
  const double size = std::sqrt(static_cast<double>(*memory.capacity_bits));
  const double factor = 1.0 + size / 1000.0;
  result.cost.energy_pj *= factor;
  result.cost.levels[0].energy_pj *= factor;
  result.cost.mac_energy_pj *= factor;
  result.cost.dram_bits = static_cast<std::int64_t>(1e7 / size) + layer.bits.weights;
  return result;
}

ArraySpaceOptions small_arrays() {
  ArraySpaceOptions options;
  options.rows = {1, 2, 4};
  options.columns = {1, 2};
  options.buffer_bits = {4096, 65'536, 262'144};
  return options;
}

std::unique_ptr<ArraySpace> small_space(const ArraySpaceOptions& options,
                                        std::vector<HardwareObjective> objectives,
                                        std::uint64_t seed = 1) {
  return std::move(ArraySpace::make(small_network(), small_accelerator(), {}, options,
                                    std::move(objectives), {map_on, seed}))
      .value();
}

/// Every design by itself; none that the third convolution does not fit.
std::set<std::vector<double>> front_by_hand(const CompressionPlan& plan) {
  const std::vector<LoweredLayer> layers =
      lower(small_network(), plan, lowering_options({}, small_accelerator()));
  std::vector<std::vector<double>> all;
  for (const std::int64_t rows : {1, 2, 4})
    for (const std::int64_t columns : {1, 2})
      for (const std::int64_t buffer : {65'536, 262'144}) {
        const chip::Accelerator design =
            chip::resized(small_accelerator(), {rows, columns, 0, buffer, std::nullopt}).value();
        double energy = 0.0, cycles = 0.0, traffic = 0.0;
        for (const LoweredLayer& lowered : layers) {
          const chip::Cost cost = map_on(lowered.layer, design)->cost;
          energy += cost.energy_pj;
          cycles += static_cast<double>(cost.cycles);
          traffic += static_cast<double>(cost.dram_bits);
        }
        all.push_back({energy, cycles, traffic, chip::array_area_um2(design)});
      }
  std::set<std::vector<double>> front;
  for (const std::size_t i : pareto::pareto_front(all)) front.insert(all[i]);
  return front;
}

std::set<std::vector<double>> costs_of(const std::vector<DesignPoint>& front) {
  std::set<std::vector<double>> costs;
  for (const DesignPoint& point : front) costs.insert(point.costs);
  return costs;
}

TEST(ArraySpace, FrontsAreThoseOfEveryDesignByItself) {
  const auto space = small_space(small_arrays(), {energy, latency, dram, area});
  EXPECT_EQ(space->size(), 3 * 2 * 3);
  const std::vector<CompressionPlan> plans{CompressionPlan::uniform(4, 8, 8),
                                           CompressionPlan{{{8, 2}, {4, 4}, {2, 8}, {4, 8}}}};
  const auto fronts = space->fronts(plans, 2, {}).value().value();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    EXPECT_EQ(costs_of(fronts[i]), front_by_hand(plans[i]));
    for (const DesignPoint& point : fronts[i])
      EXPECT_EQ(space->point(plans[i], point.sizes).value(), point);
  }
}

/// Bred until nothing is left to breed: the whole space, and so its front.
TEST(ArraySpace, TheGeneticSearchFindsTheFrontOfASmallSpace) {
  ArraySpaceOptions options = small_arrays();
  options.most_exhaustive = 1;
  options.population = 16;
  options.generations = 20;
  const auto space = small_space(options, {energy, latency, dram, area});
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 4);
  const auto fronts = space->fronts({&plan, 1}, 2, {}).value().value();
  EXPECT_EQ(costs_of(fronts[0]), front_by_hand(plan));
}

/// What a plan gets does not depend on the plans before it.
TEST(ArraySpace, TheGeneticSearchDoesNotDependOnOtherPlans) {
  ArraySpaceOptions options = small_arrays();
  options.most_exhaustive = 1;
  options.population = 8;
  options.generations = 0;
  const std::vector<CompressionPlan> plans{CompressionPlan::uniform(4, 8, 8),
                                           CompressionPlan::uniform(4, 4, 4)};
  const auto both = small_space(options, {latency, area})->fronts(plans, 1, {}).value().value();
  const auto alone = small_space(options, {latency, area})
                         ->fronts(std::span(plans).last(1), 3, {})
                         .value()
                         .value();
  EXPECT_EQ(both[1], alone[0]);
}

TEST(ArraySpace, WithoutListsThereIsOnlyTheAccelerator) {
  const auto space = small_space({}, {energy, latency, area});
  EXPECT_EQ(space->size(), 1);
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  const auto fronts = space->fronts({&plan, 1}, 1, {}).value().value();
  ASSERT_EQ(fronts[0].size(), 1U);
  EXPECT_EQ(fronts[0][0].sizes, space->reference());
  EXPECT_EQ(space->describe(space->reference()), "2 x 2, registers 0 B, buffers 8 KiB");
}

/// An ordinary no: the search goes on with other plans.
TEST(ArraySpace, APlanThatNoDesignCanRunHasNoFront) {
  ArraySpaceOptions options;
  options.buffer_bits = {4096};
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  for (const std::int64_t most : {256, 0}) {  // priced all, or bred
    options.most_exhaustive = most;
    const auto space = small_space(options, {energy, latency, area});
    const auto fronts = space->fronts({&plan, 1}, 1, {});
    ASSERT_TRUE(fronts.has_value());
    EXPECT_TRUE(fronts->value()[0].empty());
    const auto point = space->point(plan, {2, 2, 0, 4096, INFINITY});
    ASSERT_FALSE(point.has_value());
    EXPECT_NE(to_text(point.error()).find("conv3"), std::string::npos);
  }
}

/// Nothing is bred, so that the front is that of 8 designs out of 18: of other ones for another
/// seed, but always with the reference, a design of the space, among them.
TEST(ArraySpace, TheGeneticSearchBeginsWithTheReferenceAndFollowsTheSeed) {
  ArraySpaceOptions options = small_arrays();
  options.most_exhaustive = 1;
  options.population = 8;
  options.generations = 0;
  const CompressionPlan plan = CompressionPlan::uniform(4, 8, 8);
  std::set<std::set<std::vector<double>>> fronts;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto space = small_space(options, {energy, latency, dram, area}, seed);
    const std::vector<double> reference = space->point(plan, space->reference())->costs;
    const auto front = costs_of(space->fronts({&plan, 1}, 1, {})->value()[0]);
    EXPECT_TRUE(std::any_of(front.begin(), front.end(), [&](const auto& costs) {
      return costs == reference || pareto::dominates(costs, reference);
    })) << seed;
    EXPECT_EQ(costs_of(small_space(options, {energy, latency, dram, area}, seed)
                           ->fronts({&plan, 1}, 3, {})
                           ->value()[0]),
              front);
    fronts.insert(front);
  }
  EXPECT_GT(fronts.size(), 10U);
}

/// A wider interface is free unless the accelerator tells its area: then it is refused.
TEST(ArraySpace, BandwidthThatCostsNothingIsNotSearched) {
  chip::Accelerator::Fields fields = small_accelerator().fields();
  fields.levels[0].read_bandwidth_bits_per_cycle = 16.0;
  ArraySpaceOptions options;
  options.dram_bits_per_cycle = {16.0};
  EXPECT_TRUE(check(options, chip::Accelerator::make(fields).value()).empty());
  options.dram_bits_per_cycle = {16.0, 32.0};
  const Diagnostics problems = check(options, chip::Accelerator::make(fields).value());
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].place, "dram_bits_per_cycle");
  EXPECT_NE(problems[0].hint.find("area_um2"), std::string::npos);
  fields.levels[0].area_um2 = 1e5;
  EXPECT_TRUE(check(options, chip::Accelerator::make(fields).value()).empty());
}

TEST(ArraySpace, LayersOfAScheduleAddUpToTheCost) {
  const auto space = small_space(small_arrays(), {energy, latency, area});
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 8);
  DesignSizes sizes = space->reference();
  sizes[0] = 4.0;
  const HardwareCost cost = space->cost(plan, sizes);
  double total = 0.0;
  std::int64_t cycles = 0, macs = 0;
  for (const LayerDetails& layer : space->schedule(plan, sizes).layers) {
    total += layer.energy_pj;
    cycles += layer.cycles;
    macs += layer.macs;
    EXPECT_EQ(layer.energy_by_component_pj.size(), space->energy_components().size());
    EXPECT_EQ(layer.traffic_bits.size(), space->level_names().size());
  }
  EXPECT_NEAR(total, cost.energy_pj, 1e-9 * total);
  EXPECT_EQ(cycles, cost.cycles);
  EXPECT_EQ(macs, cost.macs);
  EXPECT_EQ(macs, small_network().macs());
}

TEST(ArraySpace, TellsEverythingThatIsWrong) {
  ArraySpaceOptions options = small_arrays();
  EXPECT_TRUE(check(options, small_accelerator()).empty());
  options.rows = {2, 1};
  options.register_bits = {64};
  options.dram_bits_per_cycle = {16.0};
  options.population = 10;
  const Diagnostics problems = check(options, small_accelerator());
  ASSERT_EQ(problems.size(), 5U);
  EXPECT_EQ(problems[0].place, "rows[1]");
  EXPECT_EQ(problems[1].place, "register_bits[0]");
  EXPECT_EQ(problems[2].place, "dram_bits_per_cycle[0]");
  EXPECT_EQ(problems[3].place, "dram_bits_per_cycle");
  EXPECT_EQ(problems[4].place, "population");
}

}  // namespace
}  // namespace hwflow::study
