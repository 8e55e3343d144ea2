// Law: perfect factors are among the ceiling ones, so the best of the latter is no dearer.
// Witness: optima that a program written apart from this project proved (project reference data of
// 2026-11-23); enumeration is compared in product_search_test.cpp.
#include "chip/mapper/ceiling_search.hpp"

#include <gtest/gtest.h>

#include "chip/cost/semantics.hpp"
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

MemoryLevel make_level(const char* name, RoleSet keeps, std::optional<std::int64_t> words,
                       double pj_per_word) {
  MemoryLevel level;
  level.name = name;
  level.keeps = keeps;
  if (words) level.capacity_bits = *words * 16;
  level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = pj_per_word / 16;
  return level;
}

/// The 3x3 layer of 64 channels on 14 x 12 units, counted as Timeloop does without forwarding.
TEST(CeilingSearch, ProvesTheRecordedOptimaOfALargeLayer) {
  Accelerator::Fields fields;
  fields.name = "e168";
  fields.partial_sum_bits = 16;
  fields.engine.mac_energy_pj = 1;
  fields.levels = {make_level("DRAM", {{true, true, true}}, std::nullopt, 200),
                   make_level("GLB", {{false, true, true}}, 55'296, 6),
                   make_level("ifmap_spad", {{false, true, false}}, 12, 1),
                   make_level("weights_spad", {{true, false, false}}, 224, 1),
                   make_level("psum_spad", {{false, false, true}}, 24, 1)};
  fields.levels[1].fanout.x = 14;
  fields.levels[1].fanout.y = 12;
  const Accelerator machine =
      with_semantics(*Accelerator::make(fields), Semantics::timeloop_no_forwarding);
  ConvShape shape;
  shape.in_channels = shape.out_channels = 64;
  shape.in_height = shape.in_width = 58;
  shape.kernel_height = shape.kernel_width = 3;
  const Layer layer{"conv2_x", *make_convolution(shape), {16, 16, 16, 16}};
  MapperOptions options;
  options.factors = MapperOptions::Factors::ceiling;
  options.strategy = "products";
  for (const auto& [objective, recorded] :
       {std::pair{Objective::energy, 6.947e8}, {Objective::edp, 4.971e14}}) {
    options.objective = objective;
    const auto found = map_layer(layer, machine, options);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->optimal);
    EXPECT_NEAR(found->value, recorded, 5e-4 * recorded);  // recorded with four digits
  }
}

}  // namespace
}  // namespace hwflow::chip
