#include "chip/overlay/product_cost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "tests/chip/overlay/random_product.hpp"
#include "tests/support/overlay_program.hpp"
#include "tests/support/overlay_simulator.hpp"

namespace hwflow::chip {
namespace {

using testing::OverlayRun;
using testing::random_data;
using testing::random_design;
using testing::random_options;
using testing::random_product;
using testing::simulate_overlay;
using testing::write_overlay_program;

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

/// An operand in its memory, all in entries.
struct Room {
  std::int64_t stripes, stripe, memory;
};

/// Schedules that would hold more: fewer passes, fewer chunks, planes together, one operand more.
std::vector<ProductSchedule> holding_more(const ProductSchedule& schedule,
                                          const OverlayOptions& options, const Room& outer,
                                          const Room& inner, std::int64_t k_words) {
  std::vector<ProductSchedule> more;
  const auto add = [&](Holding holding, std::int64_t passes, std::int64_t chunks, bool apart) {
    ProductSchedule next{schedule.order, holding, passes, 1, chunks, 1, apart};
    next.block = (outer.stripes + passes - 1) / passes;
    next.passes = (outer.stripes + next.block - 1) / next.block;
    next.chunk_words = (k_words + chunks - 1) / chunks;
    more.push_back(next);
  };
  if (schedule.holding == Holding::stripes) {
    if (schedule.passes > 1) add(Holding::stripes, schedule.passes - 1, 1, false);
    return more;
  }
  if (schedule.chunks > 1)
    add(schedule.holding, outer.stripes, schedule.chunks - 1, schedule.planes_apart);
  if (schedule.planes_apart && options.model == BismoModel::fpl18)
    add(schedule.holding, outer.stripes, k_words, false);
  if (schedule.holding == Holding::nothing) add(Holding::outer, outer.stripes, k_words, true);
  if (schedule.holding == Holding::outer) {
    add(Holding::stripes, 1, 1, false);
    // An inner operand that fits whole would stay in the order that makes it the outer one.
    if (inner.stripes * inner.stripe > inner.memory) add(Holding::stripes, outer.stripes, 1, false);
  }
  return more;
}

/// None of these fits: an address lies beyond a region or a memory, or a fetch is too large.
TEST(ProductCost, HoldsAsMuchAsFits) {
  Rng rng(20261128);
  int tried = 0;
  for (int trial = 0; trial < 1'500; ++trial) {
    const OverlayOptions options = random_options(rng);
    const BismoShape design = random_design(rng, options);
    const MatrixProduct product = random_product(rng);
    for (const ProductOrder order : kProductOrders) {
      const ProductSchedule schedule = cost_in_order(product, design, options, order).schedule;
      const std::int64_t k_words = (product.k + design.dk - 1) / design.dk;
      const auto room = [&](bool weights) {
        const bool left = weights == order.weights_left;
        const std::int64_t rows = left ? design.dm : design.dn;
        const std::int64_t size = weights ? product.m : product.n;
        const int planes = weights ? product.weight_bits : product.input_bits;
        return Room{(size + rows - 1) / rows, planes * k_words, left ? design.bm : design.bn};
      };
      for (const ProductSchedule& more : holding_more(schedule, options, room(order.weights_outer),
                                                      room(!order.weights_outer), k_words)) {
        const auto faults = write_overlay_program(product, design, options, more).faults;
        ASSERT_THAT(faults, ::testing::Not(::testing::IsEmpty())) << "trial " << trial;
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 3'000);
}

/// Memories of one stripe a region: the traffic of the overlay's own runtime, which reads one
/// operand once and the other for each of its stripes, padded to the array; results at 32 bits.
TEST(ProductCost, TrafficOfTheRuntime) {
  const MatrixProduct product{.m = 30, .k = 200, .n = 50, .weight_bits = 3, .input_bits = 2};
  const std::int64_t k_words = 4;                           // ceil(200 / 64)
  const BismoShape design{8, 64, 4, 4 * 3 * 4, 4 * 2 * 4};  // 4 regions x planes x words
  const ProductCost cost = cost_in_order(product, design, {}, {true, false});
  EXPECT_EQ(cost.schedule.holding, Holding::stripes);
  EXPECT_EQ(cost.schedule.passes, 13);               // ceil(50 / 4)
  const std::int64_t left = 32 * k_words * 64 * 3;   // 30 rows padded to 32
  const std::int64_t right = 52 * k_words * 64 * 2;  // 50 columns padded to 52
  EXPECT_EQ(cost.fetch_bits, right + left * 13);
  EXPECT_EQ(cost.result_bits, 32 * 52 * 32);
  EXPECT_EQ(cost.execute_cycles, 4 * 13 * 3 * 2 * (k_words + 10));
}

/// One tile, by hand: 2 x 64 x 2, 1 bit each. Fetch 2 + 2 words, run 1 + 10, write 2 x 2 x 32 bits.
TEST(ProductCost, SmallestProduct) {
  const MatrixProduct product{.m = 2, .k = 64, .n = 2};
  const ProductCost cost = best_cost(product, {2, 64, 2, 1024, 1024}, {}, ScheduleRule::cycles);
  EXPECT_EQ(cost.cycles, 4 + 11 + 2);
  EXPECT_EQ(cost.fetch_bits, 4 * 64);
  EXPECT_EQ(cost.result_bits, 2 * 64);
}

/// Larger products on real arrays, where the simulator would take too long.
MatrixProduct large_product(Rng& rng) {
  MatrixProduct product;
  product.m = rng.between(1, 600);
  product.n = rng.between(1, 4'000);
  product.k = rng.between(1, 5'000);
  product.weight_bits = static_cast<int>(rng.between(1, 8));
  product.input_bits = static_cast<int>(rng.between(1, 8));
  product.output_bits = static_cast<int>(rng.between(1, 16));
  product.input_elements = rng.between(1, product.k * product.n);
  return product;
}

BismoShape large_design(Rng& rng) {
  return {rng.between(1, 16), std::int64_t{64} << rng.below(4), rng.between(1, 16),
          std::int64_t{1024} << rng.below(6), std::int64_t{1024} << rng.below(6)};
}

TEST(ProductCost, NeverLessThanTheProductItself) {
  Rng rng(7);
  for (int trial = 0; trial < 20'000; ++trial) {
    OverlayOptions options = random_options(rng);
    options.stripe_bytes = 32'768;
    const BismoShape design = large_design(rng);
    const MatrixProduct product = large_product(rng);
    for (const ProductOrder order : kProductOrders) {
      const ProductCost cost = cost_in_order(product, design, options, order);
      const double peak = static_cast<double>(binary_operations_per_cycle(design));
      ASSERT_GE(static_cast<double>(cost.cycles), product.binary_operations() / peak);
      ASSERT_GE(cost.cycles,
                std::max({cost.execute_cycles, cost.fetch_cycles, cost.result_cycles}));
      ASSERT_LE(cost.cycles, cost.execute_cycles + cost.fetch_cycles + cost.result_cycles + 16);
      const std::int64_t inputs =
          options.im2col == Im2col::in_dram ? product.k * product.n : product.input_elements;
      const std::int64_t results =
          options.result_width == ResultWidth::accumulator ? 32 : product.output_bits;
      ASSERT_GE(cost.fetch_bits,
                product.m * product.k * product.weight_bits + inputs * product.input_bits);
      ASSERT_GE(cost.result_bits, product.m * product.n * results);
      ASSERT_LE(static_cast<double>(cost.dram_bits()), most_work(product));
      ASSERT_LE(static_cast<double>(cost.cycles), most_work(product));
    }
  }
}

/// Dm, Bm exchanged with Dn, Bn; and a deeper memory never moves more.
TEST(ProductCost, MirrorImagesAndDeeperMemories) {
  Rng rng(8);
  for (int trial = 0; trial < 20'000; ++trial) {
    OverlayOptions options = random_options(rng);
    options.stripe_bytes = 32'768;
    const BismoShape design = large_design(rng);
    const BismoShape mirror{design.dn, design.dk, design.dm, design.bn, design.bm};
    const MatrixProduct product = large_product(rng);
    for (const ScheduleRule rule :
         {ScheduleRule::cycles, ScheduleRule::dram, ScheduleRule::balanced}) {
      const ProductCost cost = best_cost(product, design, options, rule);
      const ProductCost mirrored = best_cost(product, mirror, options, rule);
      ASSERT_EQ(cost.cycles, mirrored.cycles);
      ASSERT_EQ(cost.dram_bits(), mirrored.dram_bits());
    }
    BismoShape deeper = design;
    deeper.bm *= 2;
    ASSERT_LE(best_cost(product, deeper, options, ScheduleRule::dram).dram_bits(),
              best_cost(product, design, options, ScheduleRule::dram).dram_bits());
  }
}

TEST(ProductCost, RulesChooseAmongAllOrders) {
  Rng rng(9);
  for (int trial = 0; trial < 5'000; ++trial) {
    const OverlayOptions options = random_options(rng);
    const BismoShape design = random_design(rng, options);
    const MatrixProduct product = random_product(rng);
    const ProductCost fast = best_cost(product, design, options, ScheduleRule::cycles);
    const ProductCost lean = best_cost(product, design, options, ScheduleRule::dram);
    const ProductCost both = best_cost(product, design, options, ScheduleRule::balanced);
    const auto worth = [&](const ProductCost& cost) {
      return cost.cycles + cost.fetch_bits / options.fetch_channel_bits +
             cost.result_bits / options.result_channel_bits;
    };
    for (const ProductOrder order : kProductOrders) {
      const ProductCost other = cost_in_order(product, design, options, order);
      ASSERT_LE(std::pair(fast.cycles, fast.dram_bits()),
                std::pair(other.cycles, other.dram_bits()));
      ASSERT_LE(std::pair(lean.dram_bits(), lean.cycles),
                std::pair(other.dram_bits(), other.cycles));
      ASSERT_LE(worth(both), worth(other));
    }
    ASSERT_EQ(cost_in_order(product, design, options, both.schedule.order), both);
  }
}

}  // namespace
}  // namespace hwflow::chip
