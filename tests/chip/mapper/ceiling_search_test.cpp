// Law: perfect factors are among the ceiling ones, so the best of the latter is no dearer.
#include "chip/mapper/ceiling_search.hpp"

#include <gtest/gtest.h>

#include "tests/chip/mapper/small_problem.hpp"

namespace hwflow::chip {
namespace {

TEST(CeilingSearch, IsNoDearerThanPerfectFactors) {
  Rng rng(7);
  int compared = 0, cheaper = 0;
  for (int i = 0; i < 60; ++i) {
    const testing::SmallProblem problem = testing::make_small_problem(rng);
    MapperOptions options;
    options.strategy = "products";
    options.max_evaluations = 20'000;
    options.objective = i % 2 == 0 ? Objective::edp : Objective::energy;
    const auto perfect = map_layer(problem.layer, problem.accelerator, options);
    options.factors = MapperOptions::Factors::ceiling;
    options.max_evaluations = 40'000;  // half of it is for perfect factors
    const auto ceiling = map_layer(problem.layer, problem.accelerator, options);
    if (!perfect) continue;
    ASSERT_TRUE(ceiling) << testing::describe(problem);
    EXPECT_LE(ceiling->value, perfect->value * (1 + 1e-12)) << testing::describe(problem);
    EXPECT_LE(ceiling->lower_bound, ceiling->value);
    ++compared;
    cheaper += ceiling->value < perfect->value * (1 - 1e-9) ? 1 : 0;
  }
  EXPECT_GT(compared, 30);
  EXPECT_GT(cheaper, 0);
}

}  // namespace
}  // namespace hwflow::chip
