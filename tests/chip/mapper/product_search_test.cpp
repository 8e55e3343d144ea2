// Witnesses: exhaustive enumeration (tests/support/exhaustive_mapper), and optima that a program
// written apart from this project enumerated (project reference data of 2026-11-23).
#include "chip/mapper/product_search.hpp"

#include <gtest/gtest.h>

#include "chip/cost/semantics.hpp"
#include "tests/chip/mapper/product_oracle.hpp"
#include "tests/chip/mapper/small_problem.hpp"
#include "tests/support/exhaustive_mapper.hpp"

namespace hwflow::chip {
namespace {

using testing::SmallProblem;

Expected<MappingResult> map_by_products(const Layer& layer, const Accelerator& accelerator,
                                        Objective objective) {
  MapperOptions options;
  options.objective = objective;
  options.strategy = "products";
  return map_layer(layer, accelerator, options);
}

TEST(ProductSearch, FindsTheEnumeratedOptimumOnRandomMachines) {
  constexpr int kWanted = 120;
  int compared = 0;
  for (std::uint64_t i = 0; compared < kWanted; ++i) {
    Rng rng = Rng::derive(23, i);
    const SmallProblem problem = testing::make_small_problem(rng);
    if (!is_product_problem(problem.layer, problem.accelerator)) continue;
    const auto truth = testing::map_exhaustively(problem.layer, problem.accelerator,
                                                 MapperOptions::Factors::perfect, 2'000);
    if (!truth || truth->mappings < 20) continue;
    ++compared;
    for (const Objective objective :
         {Objective::energy, Objective::latency, Objective::edp, Objective::dram}) {
      const auto found = map_by_products(problem.layer, problem.accelerator, objective);
      const auto& best = truth->best[static_cast<std::size_t>(objective)];
      ASSERT_EQ(found.has_value(), best.has_value()) << testing::describe(problem);
      if (!found) continue;
      ASSERT_NEAR(found->value, *best, 1e-9 * *best) << name(objective) << ", case " << i << "\n"
                                                     << testing::describe(problem);
      EXPECT_TRUE(found->optimal);
      EXPECT_TRUE(check(found->mapping, problem.layer, problem.accelerator).empty());
    }
  }
}

void expect_equal(std::uint64_t number, std::int64_t most_mappings, std::uint64_t seed = 1) {
  Rng rng = Rng::derive(seed, number);
  const testing::OraclePair pair = testing::make_oracle_pair(rng, most_mappings);
  if (testing::differences(pair, most_mappings).empty()) return;
  const testing::OraclePair small = testing::shrink(pair, most_mappings);
  FAIL() << "seed " << seed << ", pair " << number << ", at most " << most_mappings << " mappings\n"
         << testing::describe(small) << testing::differences(small, most_mappings).text();
}

/// The first pairs of tests/nightly/oracles.
TEST(ProductSearch, EqualsEnumerationOnDrawnPairs) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    expect_equal(i, 2'000);
    if (HasFailure()) break;
  }
}

/// Pairs that found wrong optima: choices left out because others matched their lower bounds
/// (dilated windows, both sliding axes, padding at one end, first and last transfers of double
/// buffers, words on the link to a single unit, words that a unit passes on to itself), and one
/// that only fits when the sums are completed innermost.
TEST(ProductSearch, EqualsEnumerationOnPairsThatOnceDiffered) {
  for (const std::uint64_t number : {338, 742, 1121, 1538, 1984, 2053, 2454})
    expect_equal(number, 2'000);
  expect_equal(52, 5'000);
  for (const std::uint64_t number : {123, 199}) expect_equal(number, 5'000, 41);
}

/// DRAM 200, buffer 6, register file 1 and MAC 1 for 16 bits; a square mesh below the buffer.
Accelerator make_array(std::int64_t side, std::int64_t file_words, std::int64_t buffer_words,
                       Semantics semantics) {
  Accelerator::Fields fields =
      testing::make_tiny_accelerator(buffer_words * 16, file_words * 16).fields();
  fields.levels[1].fanout.x = fields.levels[1].fanout.y = side;
  fields.partial_sum_bits = 16;
  return with_semantics(*Accelerator::make(fields), semantics);
}

TEST(ProductSearch, ReachesTimeloopsOptimaOfADenseLayer) {
  const auto op = make_fully_connected(16, 32, 32);
  ASSERT_TRUE(op);
  const Layer layer{"dense", *op, {16, 16, 16, 16}};
  const Accelerator machine = make_array(8, 32, 1024, Semantics::timeloop);
  EXPECT_DOUBLE_EQ(map_by_products(layer, machine, Objective::energy)->value, 499200);
  EXPECT_DOUBLE_EQ(map_by_products(layer, machine, Objective::latency)->value, 256);
  EXPECT_DOUBLE_EQ(map_by_products(layer, machine, Objective::edp)->value, 127795200);
}

TEST(ProductSearch, ReachesTimeloopsOptimaWithAndWithoutForwarding) {
  ConvShape shape;
  shape.in_channels = shape.out_channels = 8;
  shape.in_height = 14;
  shape.in_width = 5;
  shape.kernel_height = 3;
  shape.kernel_width = 1;
  const auto op = make_convolution(shape);
  ASSERT_TRUE(op);
  const Layer layer{"3x1", *op, {16, 16, 16, 16}};
  const Accelerator with = make_array(4, 32, 1024, Semantics::timeloop);
  EXPECT_DOUBLE_EQ(map_by_products(layer, with, Objective::energy)->value, 312652);
  EXPECT_DOUBLE_EQ(map_by_products(layer, with, Objective::edp)->value, 225630720);
  const Accelerator without = make_array(4, 32, 1024, Semantics::timeloop_no_forwarding);
  EXPECT_DOUBLE_EQ(map_by_products(layer, without, Objective::energy)->value, 313376);
}

TEST(ProductSearch, GivesAnHonestFloorWhenCutShort) {
  const Layer layer = testing::make_conv_layer(16, 8, 14, 3);
  const Accelerator machine = testing::make_tiny_accelerator(1 << 14, 1 << 9);
  MapperOptions options;
  options.strategy = "products";
  const auto proved = map_layer(layer, machine, options);
  ASSERT_TRUE(proved);
  EXPECT_TRUE(proved->optimal);
  // From a cut in the first dive to one in the last family.
  for (std::int64_t limit = 100; limit < 2 * proved->nodes; limit = limit * 3 / 2) {
    options.max_evaluations = limit;
    const auto cut = map_layer(layer, machine, options);
    ASSERT_TRUE(cut);
    EXPECT_LE(cut->lower_bound, proved->value * (1 + 1e-9)) << limit;
    EXPECT_GE(cut->value, proved->value * (1 - 1e-9)) << limit;
  }
}

/// Inputs wrap around in a scratchpad: what rows of p and r really move there hangs on the loops of
/// c, so that one way to cut c may not stand in for another.
TEST(ProductSearch, KeepsWaysToCutChannelsApartWhereInputsWrapAround) {
  const auto level = [](const char* name, RoleSet keeps, std::optional<std::int64_t> bits,
                        double pj) {
    MemoryLevel made;
    made.name = name;
    made.keeps = keeps;
    made.capacity_bits = bits;
    made.read_energy_pj_per_bit = made.write_energy_pj_per_bit = pj;
    return made;
  };
  Accelerator::Fields fields;
  fields.name = "wraps";
  fields.partial_sum_bits = 32;
  fields.levels = {level("D", {{true, true, true}}, std::nullopt, 10.0),
                   level("L1", {{true, true, false}}, 320, 1.0),
                   level("L2", {{false, true, false}}, 32, 1.0)};
  fields.levels[1].fanout.x = fields.levels[1].fanout.y = 2;
  fields.engine.operand_registers = {{false, false, true}};
  const auto accelerator = Accelerator::make(fields);
  ASSERT_TRUE(accelerator);
  ConvShape shape;
  shape.in_channels = 3;
  shape.out_channels = 2;
  shape.in_height = 6;
  shape.in_width = 3;
  shape.kernel_height = 3;
  shape.kernel_width = 2;
  const Layer layer{"wraps", *make_convolution(shape), {16, 16, 16, 32}};
  MapperOptions options;
  options.objective = Objective::dram;
  options.strategy = "branch_and_bound";
  const auto bounded = map_layer(layer, *accelerator, options);
  options.strategy = "products";
  const auto products = map_layer(layer, *accelerator, options);
  ASSERT_TRUE(bounded && products);
  ASSERT_TRUE(bounded->optimal && products->optimal);
  EXPECT_EQ(products->value, bounded->value);
  EXPECT_EQ(products->value, 3520.0);
}

}  // namespace
}  // namespace hwflow::chip
