// Witnesses: enumeration of whole map spaces (tests/support/exhaustive_mapper), certificates of the
// strategy products, and evaluate() of the mapping that is reported.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chip/cost/semantics.hpp"
#include "chip/mapper/mapper.hpp"
#include "tests/chip/mapper/any_threads.hpp"
#include "tests/chip/mapper/small_problem.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

using ::testing::HasSubstr;
using testing::make_conv_layer;
using testing::make_tiny_accelerator;
using testing::SmallProblem;

MapperOptions genetic(std::int64_t evaluations) {
  MapperOptions options;
  options.strategy = "genetic";
  options.max_evaluations = evaluations;
  return options;
}

/// Never proved unless the bound says so.
void expect_honest(const MappingResult& found) {
  EXPECT_LE(found.lower_bound, found.value);
  EXPECT_EQ(found.optimal, found.lower_bound >= found.value * (1.0 - 1e-12));
}

void find_enumerated_optima(MapperOptions::Factors factors, std::uint64_t seed, int wanted) {
  int compared = 0;
  for (std::uint64_t i = 0; compared < wanted; ++i) {
    Rng rng = Rng::derive(seed, i);
    const SmallProblem problem = testing::make_small_problem(rng);
    const auto truth =
        testing::map_exhaustively(problem.layer, problem.accelerator, factors, 3'000);
    if (!truth || truth->mappings < 20 || !truth->best[0]) continue;
    ++compared;
    for (const Objective objective : {Objective::energy, Objective::edp}) {
      MapperOptions options = genetic(20'000);
      options.objective = objective;
      options.factors = factors;
      const auto found = map_layer(problem.layer, problem.accelerator, options);
      ASSERT_TRUE(found) << "seed " << seed << ", case " << i;
      const double best = *truth->best[static_cast<std::size_t>(objective)];
      EXPECT_NEAR(found->value, best, 1e-9 * best) << "seed " << seed << ", case " << i;
      EXPECT_LE(found->lower_bound, best * (1 + 1e-9));
      expect_honest(*found);
    }
  }
}

TEST(Genetic, FindsEnumeratedOptimaWithPerfectFactors) {
  find_enumerated_optima(MapperOptions::Factors::perfect, 21, 25);
}

TEST(Genetic, FindsEnumeratedOptimaWithCeilingFactors) {
  find_enumerated_optima(MapperOptions::Factors::ceiling, 22, 15);
}

/// Boxes have no bounds: nothing is proved, and the optimum that products proves is found.
TEST(Genetic, FindsProvedOptimaInTimeloopsCounting) {
  const Layer layer = make_conv_layer(4, 2, 6, 3);
  for (const Semantics semantics : {Semantics::timeloop, Semantics::timeloop_no_forwarding}) {
    const Accelerator machine = with_semantics(make_tiny_accelerator(1 << 12, 1 << 9), semantics);
    for (const MapperOptions::Axes axes : {MapperOptions::Axes::any, MapperOptions::Axes::one}) {
      MapperOptions options;
      options.strategy = "products";
      options.axes = axes;
      const auto proved = map_layer(layer, machine, options);
      ASSERT_TRUE(proved && proved->optimal);
      options = genetic(40'000);
      options.axes = axes;
      const auto found = map_layer(layer, machine, options);
      ASSERT_TRUE(found);
      EXPECT_NEAR(found->value, proved->value, 1e-9 * proved->value) << name(semantics);
      EXPECT_EQ(found->lower_bound, 0.0);
      expect_honest(*found);
    }
  }
}

TEST(Genetic, DoesNotDependOnThreadsOrRuns) {
  const Layer layer = make_conv_layer(16, 8, 14, 3);
  for (const Semantics semantics : {Semantics::exact, Semantics::timeloop}) {
    const Accelerator machine = with_semantics(make_tiny_accelerator(1 << 14, 1 << 9), semantics);
    testing::expect_the_same_on_any_threads(layer, machine, genetic(9'000));
  }
}

TEST(Genetic, KeepsItsLimits) {
  const Accelerator eyeriss = load_accelerator("eyeriss").value();
  const Layer layer = make_conv_layer(32, 32, 16, 3);
  for (const auto factors : {MapperOptions::Factors::perfect, MapperOptions::Factors::ceiling}) {
    for (const std::int64_t limit : {1, 30, 500, 20'000}) {
      MapperOptions options = genetic(limit);
      options.factors = factors;
      const auto found = map_layer(layer, eyeriss, options);
      ASSERT_TRUE(found);
      EXPECT_GE(found->evaluations + found->nodes, limit * 9 / 10);
      EXPECT_LE(found->evaluations + found->nodes, limit + 10);  // an offer on each island
      expect_honest(*found);
    }
  }
  MapperOptions timed = genetic(1'000'000'000);
  timed.time_limit_seconds = 0.2;
  const auto found = map_layer(layer, eyeriss, timed);
  ASSERT_TRUE(found);
  EXPECT_LT(found->seconds, 5.0);
}

TEST(Genetic, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  const auto stopped =
      map_layer(make_conv_layer(64, 64, 56, 3), make_tiny_accelerator(1 << 20, 1 << 12),
                genetic(400'000), stop.get_token());
  ASSERT_TRUE(stopped);  // the first feasible mapping is still given
  EXPECT_FALSE(stopped->optimal);
  EXPECT_LT(stopped->seconds, 2.0);
}

/// What no proof covers is searched all the same, and costs what evaluate() says.
TEST(Genetic, SearchesEveryCounting) {
  const Layer layer = make_conv_layer(8, 8, 14, 3);
  for (const Semantics semantics : all_semantics()) {
    const Accelerator machine = with_semantics(load_accelerator("e168").value(), semantics);
    for (const char* strategy : {"genetic", "annealing", "random"}) {
      MapperOptions options = genetic(2'000);
      options.strategy = strategy;
      const auto found = map_layer(layer, machine, options);
      ASSERT_TRUE(found) << name(semantics) << ": " << to_text(found.error());
      const auto cost = evaluate(layer, machine, found->mapping);
      ASSERT_TRUE(std::holds_alternative<Cost>(cost));
      EXPECT_EQ(std::get<Cost>(cost).edp(), found->value) << name(semantics) << ", " << strategy;
      EXPECT_FALSE(found->optimal);
    }
  }
}

TEST(Genetic, IsNamedWhereProofsEnd) {
  const Layer layer = make_conv_layer(8, 8, 14, 3);
  const Accelerator e168 = load_accelerator("e168").value();
  MapperOptions options;
  const auto boxes = map_layer(layer, with_semantics(e168, Semantics::timeloop), options);
  ASSERT_FALSE(boxes);
  EXPECT_THAT(to_text(boxes.error()),
              HasSubstr("'branch_and_bound' has no bounds for the counting of 'e168' (one of "
                        "products, annealing, genetic, random)"));
  options.strategy = "products";
  const auto turns = map_layer(layer, with_semantics(e168, Semantics::accelforge), options);
  ASSERT_FALSE(turns);
  EXPECT_THAT(to_text(turns.error()), HasSubstr("(one of annealing, genetic, random)"));
}

TEST(Genetic, IsNeverWorseThanItsStart) {
  const Layer layer = make_conv_layer(16, 8, 14, 3);
  const Accelerator accelerator = make_tiny_accelerator(1 << 14, 1 << 9);
  const auto start = map_layer(layer, accelerator, genetic(20'000));
  ASSERT_TRUE(start);
  const auto found = map_layer_from(layer, accelerator, genetic(50), {start->mapping});
  ASSERT_TRUE(found);
  EXPECT_LE(found->value, start->value);
}

}  // namespace
}  // namespace hwflow::chip
