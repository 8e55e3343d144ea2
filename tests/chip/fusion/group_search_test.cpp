#include "chip/fusion/group_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "tests/chip/fusion/random_network.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

std::vector<std::int64_t> allowed_tiles(std::int64_t extent, std::optional<std::int64_t> given) {
  if (given) return {std::min(extent, *given)};
  return tile_choices(extent);
}

/// Every allowed schedule of a slice priced by itself: no bounds, no shortcuts.
std::optional<std::int64_t> least_by_enumeration(const FusionGraph& graph, const Slice& slice,
                                                 const BufferRoom& buffer,
                                                 const GroupSpaceOptions& allowed = {}) {
  std::optional<std::int64_t> given_rows, given_columns;
  if (allowed.tile) given_rows = allowed.tile->rows;
  if (allowed.tile) given_columns = allowed.tile->columns;
  std::optional<std::int64_t> least;
  const std::vector<std::size_t> skips = skip_reads(graph, slice);
  for (std::size_t set = 0; set < std::size_t{1} << skips.size(); ++set) {
    GroupSchedule schedule;
    for (std::size_t i = 0; i < skips.size(); ++i)
      if ((set >> i) & 1U) schedule.read_again.push_back(skips[i]);
    const Group group = make_group(graph, slice, schedule.read_again);
    std::vector<std::size_t> sources, intermediates;
    for (std::size_t t = 0; t < group.tensors.size(); ++t) {
      if (!group.tensors[t].producer)
        sources.push_back(t);
      else if (!group.tensors[t].reads.empty())
        intermediates.push_back(t);
    }
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
        schedule.halos[sources[i]] = policy;
        choose_sources(i + 1, tiled);
      }
    };
    std::function<void(std::size_t)> choose_intermediates = [&](std::size_t i) {
      if (i == intermediates.size()) {
        const TileScans scans(group, schedule);
        for (const std::int64_t parts : {1, 2}) {  // three channels at most
          schedule.channel_parts = parts;
          choose_sources(0, TiledGroup(group, scans, schedule.outer));
        }
        return;
      }
      for (const HaloPolicy policy : allowed.intermediates) {
        schedule.halos[intermediates[i]] = policy;
        choose_intermediates(i + 1);
      }
    };
    const GroupLayer& last = group.layers.back();
    schedule.halos.assign(group.tensors.size(), HaloPolicy::retain);
    for (const std::int64_t tile_rows : allowed_tiles(last.height, given_rows)) {
      for (const std::int64_t tile_columns : allowed_tiles(last.width, given_columns)) {
        for (const Axis outer : {Axis::rows, Axis::columns}) {
          if (allowed.outer && outer != *allowed.outer) continue;
          schedule.outer = outer;
          schedule.tile_rows = tile_rows;
          schedule.tile_columns = tile_columns;
          choose_intermediates(0);
        }
      }
    }
  }
  return least;
}

struct Drawn {
  FusionGraph graph;
  Slice slice;
  BufferRoom buffer;
};
/// A slice that is small enough to be enumerated.
std::optional<Drawn> draw(Rng& rng) {
  const Network network = testing::random_network(rng, 3);
  FusionGraph graph = make_fusion_graph(network, testing::random_plan(rng, network), {});
  const Slice slice{0, graph.layers.size()};
  const Group group = make_group(graph, slice);
  std::int64_t channels = 1;
  for (const GroupLayer& layer : group.layers) channels = std::max(channels, layer.channels);
  if (channels > 3 || skip_reads(graph, slice).size() > 1) return std::nullopt;
  std::int64_t weights = 0;
  for (const GroupLayer& layer : group.layers) weights += layer.weight_bits;
  const std::int64_t bits = rng.between(200, 1500) + rng.between(0, weights);
  return Drawn{std::move(graph), slice, {bits, std::nullopt, rng.below(2) == 0}};
}

/// A tile, a policy and perhaps an axis of the bands.
GroupSpaceOptions draw_space(Rng& rng) {
  constexpr std::array kPolicies{HaloPolicy::retain, HaloPolicy::in_band, HaloPolicy::again};
  GroupSpaceOptions space;
  space.intermediates = {kPolicies[rng.below(3)]};
  if (rng.below(2) == 0) space.intermediates = {kPolicies.begin(), kPolicies.end()};
  space.tile = OutputTile{rng.between(1, 5), rng.between(1, 5)};
  if (rng.below(2) == 0) space.outer = rng.below(2) == 0 ? Axis::rows : Axis::columns;
  return space;
}

TEST(GroupSpace, FindsTheLeastTrafficOfTheSchedulesThatAreAllowed) {
  int with_schedules = 0, with_cut_tiles = 0, with_several_policies = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Rng rng = Rng::derive(12, seed);
    const auto drawn = draw(rng);
    const GroupSpaceOptions allowed = draw_space(rng);
    if (!drawn || drawn->slice.size() == 1) continue;
    GroupSpace space(drawn->graph, drawn->slice, drawn->buffer, allowed);
    const auto found = least_traffic(space, 0);
    const auto least = least_by_enumeration(drawn->graph, drawn->slice, drawn->buffer, allowed);
    ASSERT_EQ(found.has_value(), least.has_value()) << "seed " << seed;
    if (!found) continue;
    ++with_schedules;
    ASSERT_EQ(found->traffic.total(), *least) << "seed " << seed;
    const GroupLayer last = make_group(drawn->graph, drawn->slice).layers.back();
    ASSERT_EQ(found->schedule.tile_rows, std::min(allowed.tile->rows, last.height));
    ASSERT_EQ(found->schedule.tile_columns, std::min(allowed.tile->columns, last.width));
    const Group group = make_group(drawn->graph, drawn->slice, found->schedule.read_again);
    std::set<HaloPolicy> used;
    for (std::size_t t = 0; t < group.tensors.size(); ++t)
      if (group.tensors[t].producer && !group.tensors[t].reads.empty())
        used.insert(found->schedule.halos[t]);
    if (allowed.intermediates.size() == 1) {
      used.insert(allowed.intermediates.front());  // there may be none
      ASSERT_EQ(used, std::set{allowed.intermediates.front()});
    }
    if (used.size() > 1) ++with_several_policies;
    if (allowed.outer) {
      ASSERT_EQ(found->schedule.outer, *allowed.outer);
    }
    with_cut_tiles += allowed.tile->rows > last.height ? 1 : 0;
  }
  EXPECT_GT(with_schedules, 60);
  EXPECT_GT(with_cut_tiles, 5);
  EXPECT_GT(with_several_policies, 0);
}

TEST(GroupSpace, SufficientRoomIsTheLeastThatHoldsASchedule) {
  int too_small = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng = Rng::derive(13, seed);
    const auto drawn = draw(rng);
    const GroupSpaceOptions allowed = draw_space(rng);
    if (!drawn || drawn->slice.size() == 1) continue;
    const auto holds = [&](const BufferRoom& room) {
      return least_by_enumeration(drawn->graph, drawn->slice, room, allowed).has_value();
    };
    BufferRoom room = sufficient_room(drawn->graph, drawn->slice, drawn->buffer, allowed);
    ASSERT_TRUE(holds(room)) << "seed " << seed;
    if (room.feature_bits == drawn->buffer.feature_bits) continue;
    ++too_small;
    --room.feature_bits;
    ASSERT_FALSE(holds(room)) << "seed " << seed;
  }
  EXPECT_GT(too_small, 10);
}

TEST(GroupSpace, SufficientRoomOfWeightsIsBesideThatOfFeatureMaps) {
  int too_small = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng = Rng::derive(14, seed);
    const auto drawn = draw(rng);
    if (!drawn) continue;
    BufferRoom room = drawn->buffer;
    room.weight_bits = 1;
    room = sufficient_room(drawn->graph, drawn->slice, room, {});
    ASSERT_TRUE(least_by_enumeration(drawn->graph, drawn->slice, room).has_value());
    if (*room.weight_bits == 1) continue;
    ++too_small;
    --*room.weight_bits;
    ASSERT_FALSE(least_by_enumeration(drawn->graph, drawn->slice, room)) << "seed " << seed;
  }
  EXPECT_GT(too_small, 10);
}

TEST(GroupSpace, FindsTheLeastTrafficOfAllSchedules) {
  int with_schedules = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng = Rng::derive(11, seed);
    const auto drawn = draw(rng);
    if (!drawn) continue;
    const auto& [graph, slice, buffer] = *drawn;
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
      network, CompressionPlan::uniform(network.compute_nodes().size(), 32, 32), options);
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
