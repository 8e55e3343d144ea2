// Witness: exhaustive enumeration of whole map spaces (tests/support/exhaustive_mapper).
#include "chip/mapper/mapper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "chip/cost/semantics.hpp"
#include "chip/mapping/sibling_order.hpp"
#include "tests/chip/mapper/any_threads.hpp"
#include "tests/chip/mapper/small_problem.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

using ::testing::HasSubstr;
using testing::make_conv_layer;
using testing::make_tiny_accelerator;
using testing::SmallProblem;

constexpr std::array kObjectives{Objective::energy, Objective::latency, Objective::edp,
                                 Objective::dram};

void compare(const SmallProblem& problem, const testing::ExhaustiveOptimum& truth,
             MapperOptions::Factors factors) {
  for (const Objective objective : kObjectives) {
    MapperOptions options;
    options.objective = objective;
    options.factors = factors;
    const auto found = map_layer(problem.layer, problem.accelerator, options);
    const auto& best = truth.best[static_cast<std::size_t>(objective)];
    ASSERT_EQ(found.has_value(), best.has_value());
    if (!found) continue;
    EXPECT_NEAR(found->value, *best, 1e-9 * *best) << name(objective);
    EXPECT_TRUE(found->optimal);
    EXPECT_NEAR(found->lower_bound, *best, 1e-9 * *best) << name(objective);
    EXPECT_TRUE(check(found->mapping, problem.layer, problem.accelerator).empty());
  }
}

void compare_many(MapperOptions::Factors factors, std::uint64_t seed, int wanted,
                  std::int64_t most_mappings) {
  int compared = 0, feasible = 0;
  for (std::uint64_t i = 0; compared < wanted; ++i) {
    Rng rng = Rng::derive(seed, i);
    const SmallProblem problem = testing::make_small_problem(rng);
    const auto truth =
        testing::map_exhaustively(problem.layer, problem.accelerator, factors, most_mappings);
    if (!truth || truth->mappings < 20) continue;
    ++compared;
    feasible += truth->best[0] ? 1 : 0;
    compare(problem, *truth, factors);
    if (::testing::Test::HasFailure()) {
      FAIL() << "seed " << seed << ", case " << i << "\n" << testing::describe(problem);
    }
  }
  EXPECT_GT(feasible, wanted / 2);
}

TEST(MapLayer, FindsTheEnumeratedOptimumWithPerfectFactors) {
  compare_many(MapperOptions::Factors::perfect, 7, 100, 3'000);
}

TEST(MapLayer, FindsTheEnumeratedOptimumOnLargerSpaces) {
  compare_many(MapperOptions::Factors::perfect, 8, 12, 60'000);
}

TEST(MapLayer, FindsTheEnumeratedOptimumWithCeilingFactors) {
  compare_many(MapperOptions::Factors::ceiling, 9, 30, 6'000);
}

/// 3x3 layer, 8 to 8 channels, 7x7 outputs, on one MAC below a buffer of 256 words of 16 bits; 200,
/// 6 and 1 pJ per word and MAC, no charge for outputs that leave the buffer. The least energy was
/// enumerated by a program written apart from this project (56,520 mappings): 1,325,488 pJ.
TEST(MapLayer, ReachesAnOptimumEnumeratedElsewhere) {
  const Accelerator tiny = make_tiny_accelerator(256 * 16, 16);
  Accelerator::Fields fields = tiny.fields();
  fields.levels.pop_back();
  fields.levels[1].fanout = {};
  fields.counting.count_drain_reads = false;
  const auto machine = Accelerator::make(fields);
  ASSERT_TRUE(machine);
  ConvShape shape;
  shape.in_channels = shape.out_channels = 8;
  shape.in_height = shape.in_width = 9;
  shape.kernel_height = shape.kernel_width = 3;
  const auto op = make_convolution(shape);
  ASSERT_TRUE(op);
  MapperOptions options;
  options.objective = Objective::energy;
  const auto found = map_layer({"conv", *op, {16, 16, 16, 16}}, *machine, options);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->optimal);
  EXPECT_NEAR(found->value, 1'325'488.0, 1e-6);
}

TEST(MapLayer, DoesNotDependOnThreadsOrRuns) {
  const Layer layer = make_conv_layer(16, 8, 14, 3);
  const Accelerator accelerator = make_tiny_accelerator(1 << 14, 1 << 9);
  MapperOptions options;
  options.max_evaluations = 60'000;
  testing::expect_the_same_on_any_threads(layer, accelerator, options);
}

TEST(MapLayer, GivesAnHonestGapWhenCutShort) {
  const Layer layer = make_conv_layer(16, 8, 14, 3);
  const Accelerator accelerator = make_tiny_accelerator(1 << 14, 1 << 9);
  MapperOptions options;
  options.max_evaluations = 2'000;
  const auto cut = map_layer(layer, accelerator, options);
  ASSERT_TRUE(cut);
  EXPECT_FALSE(cut->optimal);
  EXPECT_GT(cut->gap(), 0.0);
  options.max_evaluations = 200'000;
  const auto longer = map_layer(layer, accelerator, options);
  ASSERT_TRUE(longer);
  EXPECT_LE(longer->value, cut->value);
  EXPECT_LE(cut->lower_bound, longer->value);
}

TEST(MapLayer, StopsWhenAsked) {
  const Layer layer = make_conv_layer(64, 64, 56, 3);
  const Accelerator accelerator = make_tiny_accelerator(1 << 20, 1 << 12);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = map_layer(layer, accelerator, {}, stop.get_token());
  ASSERT_TRUE(stopped);  // the first feasible mapping is still given
  EXPECT_FALSE(stopped->optimal);
  EXPECT_LE(stopped->lower_bound, stopped->value);
  EXPECT_LT(stopped->seconds, 2.0);
}

/// A dimension with so many cuts that no list holds them: found within the limits and bounded by
/// what no mapping avoids.
TEST(MapLayer, KeepsItsLimitsOnHugeDimensions) {
  const Accelerator accelerator = make_tiny_accelerator(1 << 20, 1 << 12);
  for (const bool perfect : {true, false}) {
    MapperOptions options;
    options.factors = perfect ? MapperOptions::Factors::perfect : MapperOptions::Factors::ceiling;
    options.max_evaluations = 500;
    const auto found = map_layer(make_conv_layer(perfect ? 1'000'000'000 : 100'003, 1, 1, 1),
                                 accelerator, options);
    ASSERT_TRUE(found) << to_text(found.error());
    EXPECT_LE(found->lower_bound, found->value);
    EXPECT_GT(found->lower_bound, 0.0);
    EXPECT_LT(found->seconds, 20.0);
  }
}

TEST(MapLayer, RefusesWhatItCannotCountInTime) {
  const Accelerator accelerator = make_tiny_accelerator(1 << 20, 1 << 12);
  const auto windows = map_layer(make_conv_layer(4, 1, 100'003, 3), accelerator, {});
  ASSERT_FALSE(windows);
  EXPECT_THAT(to_text(windows.error()), HasSubstr("slide over 100003 rows or columns"));
  MapperOptions ceiling;
  ceiling.factors = MapperOptions::Factors::ceiling;
  const auto wide = map_layer(make_conv_layer(131'073, 1, 1, 1), accelerator, ceiling);
  ASSERT_FALSE(wide);
  EXPECT_THAT(to_text(wide.error()), HasSubstr("'k' has 131073 elements"));
}

TEST(MapLayer, EveryStrategyObeysTheBounds) {
  const Layer layer = make_conv_layer(4, 2, 6, 3);
  const Accelerator accelerator = make_tiny_accelerator(1 << 12, 1 << 8);
  MapperOptions options;
  const auto proved = map_layer(layer, accelerator, options);
  ASSERT_TRUE(proved);
  ASSERT_TRUE(proved->optimal);
  for (const char* strategy : {"annealing", "genetic", "random"}) {
    options.strategy = strategy;
    options.max_evaluations = 3'000;
    const auto found = map_layer(layer, accelerator, options);
    ASSERT_TRUE(found) << strategy;
    EXPECT_GE(found->value, proved->value) << strategy;
    EXPECT_LE(found->lower_bound, proved->value) << strategy;
  }
}

TEST(MapLayer, RefusesBadOptionsAllAtOnce) {
  MapperOptions options;
  options.strategy = "anealing";
  options.threads = 0;
  options.max_evaluations = 0;
  options.time_limit_seconds = -1.0;
  const auto refused =
      map_layer(make_conv_layer(4, 2, 6, 3), make_tiny_accelerator(4096, 256), options);
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().size(), 4U);
  EXPECT_EQ(refused.error()[0].hint, "did you mean 'annealing'?");
}

/// Ceiling factors make lists of thousands of loops for one dimension: expanding one node alone
/// would spend the limit several times over.
TEST(MapLayer, SpendsLittleMoreThanItsLimit) {
  const Accelerator eyeriss = load_accelerator("eyeriss").value();
  const Layer layer = make_conv_layer(32, 32, 16, 3);
  MapperOptions options;
  options.factors = MapperOptions::Factors::ceiling;
  for (const std::int64_t limit : {500, 3000, 20'000}) {
    options.max_evaluations = limit;
    options.threads = 1;
    const auto once = map_layer(layer, eyeriss, options);
    ASSERT_TRUE(once.has_value()) << to_text(once.error());
    EXPECT_GE(once->evaluations + once->nodes, limit * 3 / 4);
    EXPECT_LE(once->evaluations + once->nodes, limit + 200);
    options.threads = 3;
    const auto again = map_layer(layer, eyeriss, options);
    EXPECT_EQ(again->mapping, once->mapping);
    EXPECT_EQ(again->lower_bound, once->lower_bound);
    EXPECT_EQ(again->nodes, once->nodes);
  }
}

/// One weight, one input of 16 bits and one partial sum of 32 need 64 bits; there are 40.
TEST(MapLayer, NamesTheLevelThatIsTooSmall) {
  const auto refused = map_layer(make_conv_layer(4, 2, 6, 3), make_tiny_accelerator(4096, 40), {});
  ASSERT_FALSE(refused);
  const std::string text = to_text(refused.error());
  EXPECT_THAT(text,
              HasSubstr("level 'RF' is too small: the smallest tiles need 64 bits, it has 40"));
  EXPECT_THAT(text, HasSubstr("at least 24 bits more"));
  EXPECT_TRUE(are_infeasible(refused.error()));
}

TEST(MapLayer, NamesWidthsThatTheEngineCannotMultiply) {
  Layer layer = make_conv_layer(4, 2, 6, 3);
  layer.bits.weights = 24;
  const auto refused = map_layer(layer, make_tiny_accelerator(4096, 256), {});
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_text(refused.error()), HasSubstr("24 bit weights"));
  EXPECT_FALSE(are_infeasible(refused.error()));
}

TEST(MapLayerFrom, IsNeverWorseThanItsStart) {
  const Layer layer = make_conv_layer(16, 8, 14, 3);
  const Accelerator accelerator = make_tiny_accelerator(1 << 14, 1 << 9);
  MapperOptions options;
  options.max_evaluations = 60'000;
  const auto start = map_layer(layer, accelerator, options);
  ASSERT_TRUE(start);
  options.max_evaluations = 50;
  const auto found = map_layer_from(layer, accelerator, options, {start->mapping});
  ASSERT_TRUE(found);
  EXPECT_LE(found->value, start->value);
}

TEST(ObjectiveFromName, KnowsItsNamesAndHints) {
  for (const Objective objective : kObjectives) {
    const auto found = objective_from_name(name(objective));
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, objective);
  }
  const auto wrong = objective_from_name("latancy");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error()[0].hint, "did you mean 'latency'?");
}

TEST(Mapper, CountsNestedSiblingsLikeAMachineThatListsThemSo) {
  const Accelerator machine = load_accelerator("e168").value();
  const Layer layer = make_conv_layer(8, 8, 14, 3);
  const auto mapping = mapping_from_text(
      "DRAM: k2 p14 | GLB: c2 q7 ; x r3 q2 y c4 | psum_spad: k4 | ifmap_spad: s3 | weights_spad:",
      machine);
  ASSERT_TRUE(mapping);
  EXPECT_TRUE(check(*mapping, layer, machine).empty());
  Mapping listed = *mapping;
  listed.level_order.clear();
  const auto one = evaluate(layer, machine, *mapping);
  const auto two = evaluate(layer, with_level_order(machine, mapping->level_order), listed);
  ASSERT_TRUE(std::holds_alternative<Cost>(one));
  ASSERT_TRUE(std::holds_alternative<Cost>(two));
  const Cost &a = std::get<Cost>(one), &b = std::get<Cost>(two);
  EXPECT_EQ(a.energy_pj, b.energy_pj);
  EXPECT_EQ(a.cycles, b.cycles);
  for (LevelIndex l = 0; l < 5; ++l) EXPECT_EQ(a.levels[mapping->level_order[l]], b.levels[l]);
  Mapping wrong = *mapping;
  wrong.level_order = {1, 0, 2, 3, 4};
  EXPECT_FALSE(check(wrong, layer, machine).empty());
}

TEST(Mapper, FindsTheBestOfAllSiblingOrders) {
  const Accelerator machine =
      with_semantics(load_accelerator("e168").value(), Semantics::timeloop_no_forwarding);
  Layer layer = make_conv_layer(4, 4, 4, 3);
  layer.bits = {16, 16, 16, 16};
  MapperOptions options;
  options.strategy = "products";
  double least = std::numeric_limits<double>::infinity();
  for (const LevelOrder& order : sibling_orders(machine)) {
    const auto found = map_layer(layer, with_level_order(machine, order), options);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->optimal);
    least = std::min(least, found->value);
  }
  options.sibling_order = MapperOptions::SiblingOrder::any;
  const auto any = map_layer(layer, machine, options);
  ASSERT_TRUE(any);
  EXPECT_TRUE(any->optimal);
  EXPECT_NEAR(any->value, least, 1e-12 * least);
  EXPECT_TRUE(check(any->mapping, layer, machine).empty());
}

/// Spread over both axes, k fills the mesh: 4 of 8 x 8 elements a step; on one axis it is 8 of 64.
TEST(Mapper, KeepsADimensionOnOneAxisWhenAsked) {
  const Accelerator tiny = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  Accelerator::Fields fields = tiny.fields();
  fields.levels[1].fanout.x = fields.levels[1].fanout.y = 8;
  const Accelerator machine = *Accelerator::make(fields);
  const Layer layer = make_conv_layer(64, 1, 1, 1);
  for (const char* strategy : {"products", "branch_and_bound"}) {
    MapperOptions options;
    options.strategy = strategy;
    options.objective = Objective::latency;
    const auto any = map_layer(layer, machine, options);
    options.axes = MapperOptions::Axes::one;
    const auto one = map_layer(layer, machine, options);
    ASSERT_TRUE(any && one);
    EXPECT_EQ(any->cost.compute_cycles, 1) << strategy;
    EXPECT_EQ(one->cost.compute_cycles, 8) << strategy;
    EXPECT_TRUE(any->optimal && one->optimal) << strategy;
  }
}

}  // namespace
}  // namespace hwflow::chip
