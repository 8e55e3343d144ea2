#include "chip/fusion/group_cost.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/chip/fusion/random_network.hpp"
#include "tests/support/fused_simulator.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

using hwflow::testing::FusedSimulation;
using hwflow::testing::simulate_fused;

/// The closed forms of a drawn schedule against its walk; false where they differ.
void expect_equal(const Network& network, const FusionGraph& graph,
                  const testing::RandomSchedule& drawn) {
  const GroupSchedule& schedule = drawn.schedule;
  const Group& group = drawn.group;
  const FusedSimulation walked =
      simulate_fused(network, graph, group, schedule, drawn.double_buffered);
  EXPECT_TRUE(walked.faults.empty()) << walked.faults.front();
  const TileScans scans(group, schedule);
  const TiledGroup tiled(group, scans, schedule.outer);
  EXPECT_EQ(tiled.traffic(schedule), walked.traffic);
  const GroupRoom room = tiled.room(schedule, drawn.double_buffered);
  EXPECT_EQ(room.live.bits, walked.peak_bits);
  EXPECT_EQ(room.staging_bits, walked.staging_bits);
  EXPECT_EQ(room.weight_staging_bits, walked.weight_staging_bits);
  const Retention retention{schedule.halos, schedule.channel_parts};
  const std::vector<std::int64_t> widths = pixel_bits(group, tiled.scan(), retention);
  const std::vector<std::int64_t> by_step = tiled.live_bits_by_step(schedule);
  ASSERT_EQ(by_step.size(), walked.live.size());
  std::size_t step = 0;
  for (std::int64_t o = 0; o < tiled.scan().outer.steps(); ++o) {
    for (std::int64_t i = 0; i < tiled.scan().inner.steps(); ++i, ++step) {
      std::vector<std::int64_t> live(group.layers.size(), 0);
      add_live_bits(group, tiled.scan(), retention, widths, {o, i, 0}, live);
      ASSERT_EQ(live, walked.live[step]) << "at step " << o << ", " << i;
      EXPECT_EQ(by_step[step], *std::max_element(live.begin(), live.end()));
    }
  }
  for (std::size_t l = 0; l < group.layers.size(); ++l) {
    EXPECT_EQ(tiled.made_pixels(l, schedule), walked.made_pixels[l]);
    EXPECT_EQ(tiled.working_steps(l, schedule), walked.working_steps[l]);
  }
}

TEST(TiledGroup, EqualsTheWalkOverPixelsOnRandomGraphs) {
  constexpr std::uint64_t kSeed = 1;
  const char* asked = std::getenv("HWFLOW_CASES");
  const int cases = asked != nullptr ? std::atoi(asked) : 6000;
  for (int i = 0; i < cases && !HasFailure(); ++i) {
    Rng rng = Rng::derive(kSeed, static_cast<std::uint64_t>(i));
    const Network network = testing::random_network(rng, 5);
    LoweringOptions options;
    options.batch = rng.between(1, 2);
    const FusionGraph graph =
        make_fusion_graph(network, testing::random_plan(rng, network), options);
    const auto drawn = testing::random_schedule(rng, graph);
    SCOPED_TRACE(fmt::format("case {}\n{}", i, testing::describe(network, graph, drawn)));
    expect_equal(network, graph, drawn);
  }
}

/// A chain whose windows have no gaps keeps nothing that nobody will read: no schedule that
/// computes everything once gets by with less.
TEST(TiledGroup, KeepsNothingInVainInChains) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng = Rng::derive(5, seed);
    NetworkBuilder builder;
    NodeId x = builder.input({1, rng.between(6, 10), rng.between(6, 10)});
    for (int i = 0; i < 3; ++i)
      x = builder.conv_bias(fmt::format("n{}", i), x, 1, {.kernel = 3, .pad = 1}, Activation::none);
    const Network network = std::move(builder).finish("chain");
    const FusionGraph graph =
        make_fusion_graph(network, CompressionPlan::uniform(3, 8, 8), {.partial_sum_bits = 8});
    auto drawn = testing::random_schedule(rng, graph);
    std::fill(drawn.schedule.halos.begin(), drawn.schedule.halos.end(), HaloPolicy::retain);
    const FusedSimulation walked =
        simulate_fused(network, graph, drawn.group, drawn.schedule, false);
    for (const std::int64_t pixels : walked.kept_in_vain) EXPECT_EQ(pixels, 0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace hwflow::chip
