#include "chip/overlay/product_cost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.hpp"
#include "tests/chip/overlay/random_product.hpp"
#include "tests/support/overlay_simulator.hpp"

namespace hwflow::chip {
namespace {

using testing::OverlayRun;
using testing::random_data;
using testing::random_design;
using testing::random_options;
using testing::random_product;
using testing::simulate_overlay;

std::vector<std::int64_t> integer_product(const MatrixProduct& product,
                                          const testing::ProductData& data) {
  std::vector<std::int64_t> results;
  for (std::int64_t i = 0; i < product.m; ++i) {
    for (std::int64_t j = 0; j < product.n; ++j) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k < product.k; ++k)
        sum += data.weights[static_cast<std::size_t>(i * product.k + k)] *
               data.inputs[static_cast<std::size_t>(k * product.n + j)];
      results.push_back(sum);
    }
  }
  return results;
}

/// Instruction by instruction, with explicit memories and tokens: the same cycles, the same bits,
/// nothing read that is not there, and the right numbers.
TEST(ProductCost, MatchesTheSimulatorOnRandomProducts) {
  Rng rng(20261127);
  std::map<Holding, int> seen;
  for (int trial = 0; trial < 1'500; ++trial) {
    const OverlayOptions options = random_options(rng);
    const BismoShape design = random_design(rng, options);
    MatrixProduct product = random_product(rng);
    const testing::ProductData data = random_data(rng, product);
    for (const ProductOrder order : kProductOrders) {
      product.count = 1;
      const ProductCost cost = cost_in_order(product, design, options, order);
      const OverlayRun run = simulate_overlay(product, design, options, cost.schedule, data);
      ASSERT_THAT(run.faults, ::testing::IsEmpty()) << "trial " << trial;
      ASSERT_EQ(run.results, integer_product(product, data)) << "trial " << trial;
      ASSERT_EQ(cost.execute_cycles, run.execute_cycles) << "trial " << trial;
      ASSERT_EQ(cost.fetch_cycles, run.fetch_cycles) << "trial " << trial;
      ASSERT_EQ(cost.result_cycles, run.result_cycles) << "trial " << trial;
      ASSERT_EQ(cost.fetch_bits, run.fetch_bits) << "trial " << trial;
      ASSERT_EQ(cost.result_bits, run.result_bits) << "trial " << trial;
      ASSERT_EQ(cost.cycles, run.cycles) << "trial " << trial;
      ++seen[cost.schedule.holding];

      product.count = 3;  // one after another
      ASSERT_EQ(cost_in_order(product, design, options, order).cycles, 3 * run.cycles);
      ASSERT_EQ(cost_in_order(product, design, options, order).dram_bits(),
                3 * (run.fetch_bits + run.result_bits));
    }
  }
  for (const Holding holding : {Holding::stripes, Holding::outer, Holding::nothing})
    EXPECT_GT(seen[holding], 500);
}

}  // namespace
}  // namespace hwflow::chip
