#include "study/group_details.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "study/layer_details.hpp"
#include "tests/study/small_world.hpp"

namespace hwflow::study {
namespace {

double sum(const std::vector<double>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

/// The small network's schedule with groups of at most so many layers.
struct Described {
  chip::FusionMachine machine;
  chip::NetworkFusion fusion;
  PlanSchedule schedule;
};
Described describe(std::optional<std::size_t> max_group) {
  const Network network = small_network();
  chip::FusionMachine machine = *make_fusion_machine(small_accelerator());
  const chip::FusionGraph graph =
      chip::make_fusion_graph(network, CompressionPlan{{{8, 8}, {4, 4}, {2, 8}, {8, 4}}}, {});
  chip::FusionOptions options;
  options.objective = chip::Objective::edp;
  options.mapper.max_evaluations = 500;
  options.max_group = max_group;
  chip::NetworkFusion fusion = fuse_network(graph, machine, options).value();
  PlanSchedule schedule = describe_fusion(network, graph, machine, fusion);
  return {std::move(machine), std::move(fusion), std::move(schedule)};
}

TEST(DescribeFusion, ShowsGroupsWithTheirMembersAndCosts) {
  const auto [machine, fusion, schedule] = describe(std::nullopt);
  ASSERT_EQ(schedule.groups.size(), fusion.groups.size());
  std::vector<std::size_t> places;
  for (std::size_t g = 0; g < schedule.groups.size(); ++g) {
    const GroupDetails& group = schedule.groups[g];
    EXPECT_EQ(group.energy_pj, fusion.groups[g].total.energy_pj);
    EXPECT_EQ(group.cycles, fusion.groups[g].total.cycles);
    EXPECT_EQ(group.dram_bits, fusion.groups[g].total.dram_bits);
    EXPECT_EQ(group.peak_buffer_bits, fusion.groups[g].peak_buffer_bits);
    EXPECT_LE(group.peak_buffer_bits, machine.room.feature_bits);
    EXPECT_NEAR(sum(group.energy_by_component_pj), group.energy_pj, 1e-9 * group.energy_pj);
    EXPECT_EQ(group.energy_by_component_pj.size(), energy_components(machine.whole).size());
    if (const auto& cost = fusion.groups[g].cost) {  // DRAM, buffer, NoC, MAC, leakage
      EXPECT_EQ(group.energy_by_component_pj,
                (std::vector{cost->dram_energy_pj, cost->level_energy_pj[0], 0.0,
                             cost->mac_energy_pj, cost->leakage_pj}));
    }
    EXPECT_EQ(group.is_fused, !group.tile.empty());
    EXPECT_EQ(group.is_fused, !group.policies.empty());
    for (const GroupMember& member : group.members) places.push_back(member.plan_index.value());
  }
  EXPECT_EQ(places, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_LT(schedule.groups.size(), 4U);  // something is fused
  EXPECT_EQ(schedule.groups.front().members.front().weight_bits, 8);
  EXPECT_EQ(schedule.groups.front().members.front().shape, "k4 c4 p8 q8 r3 s3");
}

/// Only layers that run by themselves have mappings, and those are the ones that were priced.
TEST(DescribeFusion, ShowsMappingsOfLayersByThemselvesOnly) {
  for (const std::optional<std::size_t> most : {std::optional<std::size_t>{1}, {}}) {
    const auto [machine, fusion, schedule] = describe(most);
    std::size_t next = 0;
    for (const GroupDetails& group : schedule.groups) {
      if (group.is_fused) continue;
      ASSERT_LT(next, schedule.layers.size());
      const LayerDetails& layer = schedule.layers[next++];
      EXPECT_EQ(group.members.size(), 1U);
      EXPECT_EQ(layer.name, group.members.front().name);
      EXPECT_EQ(layer.energy_pj, group.energy_pj);
      EXPECT_EQ(layer.cycles, group.cycles);
      EXPECT_EQ(layer.plan_index, group.members.front().plan_index);
      EXPECT_FALSE(layer.loop_nest.empty());
      EXPECT_EQ(layer.channels, (std::array{4, 4, 8, 10}[layer.plan_index.value()]));
      EXPECT_EQ(layer.channels_whole, layer.channels);
    }
    EXPECT_EQ(next, schedule.layers.size());
  }
}

}  // namespace
}  // namespace hwflow::study
