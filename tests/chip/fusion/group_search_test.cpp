#include "chip/fusion/group_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "tests/chip/fusion/random_network.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

/// Every schedule of a slice priced by itself: no bounds, no shortcuts.
std::optional<std::int64_t> least_by_enumeration(const FusionGraph& graph, const Slice& slice,
                                                 const BufferRoom& buffer) {
  std::optional<std::int64_t> least;
  const std::vector<std::size_t> skips = skip_reads(graph, slice);
  for (std::size_t set = 0; set < std::size_t{1} << skips.size(); ++set) {
    GroupSchedule schedule;
    for (std::size_t i = 0; i < skips.size(); ++i)
      if ((set >> i) & 1U) schedule.read_again.push_back(skips[i]);
    const Group group = make_group(graph, slice, schedule.read_again);
    std::vector<std::size_t> sources;
    for (std::size_t t = 0; t < group.tensors.size(); ++t)
      if (!group.tensors[t].producer) sources.push_back(t);
    const auto price_all_weights = [&](const TiledGroup& tiled) {
      for (std::size_t residents = 0; residents < std::size_t{1} << group.layers.size();
           ++residents) {
        schedule.resident_weights.clear();
        for (std::size_t l = 0; l < group.layers.size(); ++l)
          schedule.resident_weights.push_back(((residents >> l) & 1U) != 0);
        const GroupRoom room = tiled.room(schedule, buffer.double_buffered);
        const std::int64_t moved = tiled.traffic(schedule).total();
        if (fits(room, buffer) && (!least || moved < *least)) least = moved;
      }
    };
    std::function<void(std::size_t, const TiledGroup&)> choose_sources = [&](std::size_t i,
                                                                             const TiledGroup&
                                                                                 tiled) {
      if (i == sources.size()) return price_all_weights(tiled);
      for (const HaloPolicy policy : {HaloPolicy::retain, HaloPolicy::in_band, HaloPolicy::again}) {
        schedule.sources[sources[i]] = policy;
        choose_sources(i + 1, tiled);
      }
    };
    const GroupLayer& last = group.layers.back();
    for (const std::int64_t tile_rows : tile_choices(last.height)) {
      for (const std::int64_t tile_columns : tile_choices(last.width)) {
        const AxisPlan rows(group, Axis::rows, tile_rows, Halo::retain);
        const AxisPlan columns(group, Axis::columns, tile_columns, Halo::retain);
        for (const Axis outer : {Axis::rows, Axis::columns}) {
          for (const std::int64_t parts : {1, 2}) {  // three channels at most
            schedule.outer = outer;
            schedule.tile_rows = tile_rows;
            schedule.tile_columns = tile_columns;
            schedule.channel_parts = parts;
            schedule.sources.assign(group.tensors.size(), HaloPolicy::retain);
            choose_sources(0, TiledGroup(group, rows, columns, outer));
          }
        }
      }
    }
  }
  return least;
}

TEST(GroupSpace, FindsTheLeastTrafficOfAllSchedules) {
  int with_schedules = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng = Rng::derive(11, seed);
    const Network network = testing::random_network(rng, 3);
    const FusionGraph graph = make_fusion_graph(network, testing::random_plan(rng, network), {});
    const Slice slice{0, graph.layers.size()};
    const Group group = make_group(graph, slice);
    std::int64_t channels = 1;
    for (const GroupLayer& layer : group.layers) channels = std::max(channels, layer.channels);
    if (channels > 3 || skip_reads(graph, slice).size() > 1) continue;
    std::int64_t weights = 0;
    for (const GroupLayer& layer : group.layers) weights += layer.weight_bits;
    const BufferRoom buffer{rng.between(200, 1500) + rng.between(0, weights), std::nullopt,
                            rng.below(2) == 0};
    GroupSpace space(graph, slice, buffer, {});
    const auto found = least_traffic(space, 0);
    const auto least = least_by_enumeration(graph, slice, buffer);
    ASSERT_EQ(found.has_value(), least.has_value()) << "seed " << seed;
    if (!found) continue;
    ++with_schedules;
    ASSERT_EQ(found->traffic.total(), *least) << "seed " << seed;
    ASSERT_TRUE(fits(found->room, buffer)) << "seed " << seed;
  }
  EXPECT_GT(with_schedules, 40);
}

/// The first five convolutions of VGG-E in fp32, feature maps only (weights have a memory of their
/// own). Alwani et al., "Fused-layer CNN accelerators", MICRO 2016: 3.6 MB per image with 362 KB,
/// of 1024 bytes, as their 3.6 MB are of 2^20.
TEST(GroupSpace, MovesNoMoreThanAlwaniWithNoMoreRoom) {
  const Network network = *make_builtin_network("vgg19");
  LoweringOptions options;
  options.float_bits = options.network_output_bits = options.auxiliary_bits = 32;
  const FusionGraph graph = make_fusion_graph(
      network, PrecisionPlan::uniform(network.compute_nodes().size(), 32, 32), options);
  const Slice slice{0, 7};  // conv1_1 .. conv3_1 with two poolings
  ASSERT_EQ(graph.layers[6].layer.name, "conv3_1");
  GroupSpace space(graph, slice, {362 * 1024 * 8, std::int64_t{1} << 40, false}, {});
  const auto found = least_traffic(space, 0);
  ASSERT_TRUE(found.has_value());
  const GroupTraffic& traffic = found->traffic;
  // Image and output of conv3_1 once: (3 * 224 * 224 + 256 * 56 * 56) words.
  EXPECT_EQ(traffic.fetched_bits + traffic.read_again_bits + traffic.written_bits,
            32 * (3 * 224 * 224 + 256 * 56 * 56));
  EXPECT_LE(found->room.feature_bits(), 362 * 1024 * 8);
}

}  // namespace
}  // namespace hwflow::chip
