#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "chip/cost/cost.hpp"
#include "tests/chip/cost/case_mismatches.hpp"
#include "tests/chip/cost/random_case.hpp"

namespace hwflow::chip {
namespace {

using testing::mismatches;
using testing::RandomCase;

constexpr std::uint64_t kCaseSeed = 20261123;

TEST(Evaluate, TrafficEqualsTheElementByElementWalk) {
  for (std::uint64_t i = 0; i < 20000; ++i) {
    Rng rng = Rng::derive(kCaseSeed, i);
    const RandomCase random_case = testing::make_case(rng);
    if (mismatches(random_case).empty()) continue;
    const RandomCase small =
        testing::shrink(random_case, [](const RandomCase& c) { return !mismatches(c).empty(); });
    FAIL() << "seed " << kCaseSeed << ", case " << i << "\n"
           << describe(small) << mismatches(small);
  }
}

/// A signal of 30 * tiles + 17 samples under a filter of three, cut into tiles of 30 over four
/// instances (8 + 8 + 8 + 6): windows slide, both ends are padded, tiles and mesh are ragged.
std::vector<std::int64_t> counts_of_a_signal(std::int64_t tiles, const CountingRules& rules,
                                             bool forwarding, std::int64_t stride) {
  const std::int64_t samples = 30 * tiles + 17;
  Accelerator::Fields fields;
  fields.name = "signal";
  fields.counting = rules;
  for (const char* name : {"DRAM", "GLB", "RF"}) {
    MemoryLevel level;
    level.name = name;
    level.keeps = RoleSet{{true, true, true}};
    fields.levels.push_back(level);
  }
  fields.levels[1].fanout.x = 4;
  fields.levels[1].fanout.forwarding = forwarding;
  const Accelerator accelerator = *Accelerator::make(fields);
  const Layer layer{"signal",
                    *make_convolution({.in_height = stride * (samples - 1) + 1,
                                       .kernel_height = 3,
                                       .stride_height = stride,
                                       .pad_top = 1,
                                       .pad_bottom = 1}),
                    {}};
  Mapping mapping;
  mapping.levels.resize(3);
  mapping.levels[0].temporal = {{Dim::p, tiles + 1}};
  mapping.levels[1].temporal = {{Dim::r, 3}};
  mapping.levels[1].spatial_x = {{Dim::p, 4}};
  mapping.levels[2].temporal = {{Dim::p, 8}};
  const Cost cost = std::get<Cost>(evaluate(layer, accelerator, mapping));
  std::vector<std::int64_t> counts;
  for (const LevelCost& level : cost.levels) {
    for (const TensorTraffic& traffic : level.operands) {
      counts.insert(counts.end(), {traffic.reads, traffic.fills, traffic.updates, traffic.drains});
    }
  }
  return counts;
}

/// Witness: one more tile in the middle costs the same each time. A walk over each of the six
/// million samples would take hours.
TEST(Evaluate, CountsOfLongSignalsGrowByTheSameWithEveryTile) {
  CountingRules whole_tiles, boxes;
  whole_tiles.halo_reuse = false;
  boxes.fetch_stride_gaps = true;
  for (const CountingRules& rules : {CountingRules{}, whole_tiles, boxes}) {
    for (const bool forwarding : {false, true}) {
      for (const std::int64_t stride : {1, 2, 5}) {
        constexpr std::int64_t kFew = 20, kMany = 200'000;
        const auto few = counts_of_a_signal(kFew, rules, forwarding, stride);
        const auto next = counts_of_a_signal(kFew + 1, rules, forwarding, stride);
        const auto many = counts_of_a_signal(kMany, rules, forwarding, stride);
        for (std::size_t i = 0; i < few.size(); ++i) {
          ASSERT_EQ(many[i], few[i] + (kMany - kFew) * (next[i] - few[i]))
              << "count " << i << ", forwarding " << forwarding << ", stride " << stride;
        }
      }
    }
  }
}

/// The random cases are worth nothing if they miss what the model must get right.
TEST(Evaluate, RandomCasesReachEveryFeature) {
  std::map<std::string, int> seen;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    Rng rng = Rng::derive(kCaseSeed, i);
    const RandomCase c = testing::make_case(rng);
    const Layer layer = *c.layer();
    ++seen[fmt::format("kind {}", static_cast<int>(c.kind))];
    seen["strided"] += c.shape.stride_height > 1 && layer.op.bound(Dim::p) > 1;
    seen["asymmetric strides"] += c.shape.stride_height != c.shape.stride_width;
    seen["dilated"] += c.shape.dilation_height > 1 && layer.op.bound(Dim::r) > 1;
    seen["asymmetric pads"] += c.shape.pad_top != c.shape.pad_bottom;
    seen["grouped"] += layer.op.bound(Dim::g) > 1 && layer.op.bound(Dim::k) > 1;
    DimArray tile = layer.op.bounds();
    for (const LevelLoops& level : c.mapping.levels) {
      seen["several dimensions on one axis"] += level.spatial_x.size() > 1;
      for (const Loop& x : level.spatial_x)
        for (const Loop& y : level.spatial_y) seen["a dimension on both axes"] += x.dim == y.dim;
      for (const auto* list : {&level.temporal, &level.spatial_x, &level.spatial_y})
        for (const Loop& loop : *list) {
          std::int64_t& size = tile[index(loop.dim)];
          const std::int64_t inner = (size + loop.bound - 1) / loop.bound;
          seen[list == &level.temporal ? "ragged in time" : "ragged in space"] += size % inner != 0;
          size = inner;
        }
    }
    for (const MemoryLevel& level : c.machine.levels) {
      seen["bypass"] += level.keeps != RoleSet{{true, true, true}};
      seen["no multicast"] += !level.fanout.multicast && level.fanout.instances() > 1;
      seen["no reduction"] += !level.fanout.spatial_reduction && level.fanout.instances() > 1;
      seen["forwarding"] += level.fanout.forwarding && level.fanout.instances() > 1;
    }
  }
  EXPECT_GE(seen.size(), 20u);
  for (const auto& [feature, count] : seen) EXPECT_GE(count, 500) << feature;
}

TEST(Evaluate, CoarseBoundsMidBoundsFine) {
  constexpr std::uint64_t kSeed = 7;
  int bounded_above_compulsory = 0;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    Rng rng = Rng::derive(kSeed, i);
    RandomCase random_case = testing::make_case(rng);
    const Layer layer = *random_case.layer();
    // The outermost buffer has just the room that this mapping needs.
    auto& levels = random_case.machine.levels;
    const auto roomy = evaluate(layer, *random_case.accelerator(), random_case.mapping);
    if (levels.size() > 1)
      levels[1].capacity_bits =
          std::max<std::int64_t>(1, std::get<Cost>(roomy).levels[1].occupied_bits);
    const Accelerator accelerator = *random_case.accelerator();
    const auto fine = evaluate(layer, accelerator, random_case.mapping);
    const auto mid = evaluate_mid(layer, accelerator);
    const auto coarse = evaluate_coarse(layer, accelerator);
    ASSERT_TRUE(std::holds_alternative<Cost>(fine) && mid && coarse) << "case " << i;
    const Cost& cost = std::get<Cost>(fine);
    const double slack = 1 + 1e-12;
    ASSERT_LE(coarse->dram_bits, mid->dram_bits) << i << "\n" << describe(random_case);
    ASSERT_LE(coarse->cycles, mid->cycles) << i << "\n" << describe(random_case);
    ASSERT_LE(coarse->energy_pj, mid->energy_pj * slack) << i << "\n" << describe(random_case);
    ASSERT_LE(mid->dram_bits, cost.dram_bits) << i << "\n" << describe(random_case);
    ASSERT_LE(mid->cycles, cost.cycles) << i << "\n" << describe(random_case);
    ASSERT_LE(mid->energy_pj, cost.energy_pj * slack) << i << "\n" << describe(random_case);
    if (levels.size() > 1) {
      ASSERT_LE(mid->buffer_bits, *levels[1].capacity_bits) << i << "\n" << describe(random_case);
    }
    if (mid->dram_bits > coarse->dram_bits) ++bounded_above_compulsory;
  }
  EXPECT_GT(bounded_above_compulsory, 20);  // the law is not met by a bound that says nothing
}

}  // namespace
}  // namespace hwflow::chip
