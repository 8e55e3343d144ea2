#include "chip/fusion/schedule_text.hpp"

#include <gtest/gtest.h>

#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

TEST(ScheduleText, NamesEveryChoice) {
  NetworkBuilder net;
  const NodeId x = net.input({4, 8, 8});
  const NodeId a = net.conv_bias("a", x, 4, {.kernel = 3, .pad = 1}, Activation::relu);
  const NodeId b = net.conv_bias("b", a, 4, {.kernel = 3, .pad = 1}, Activation::none);
  net.add("sum", a, b, Activation::none);
  const FusionGraph graph =
      make_fusion_graph(std::move(net).finish("block"), CompressionPlan::uniform(2, 8, 8), {});
  GroupSchedule schedule;
  schedule.tile_rows = 2;
  schedule.tile_columns = 8;
  schedule.halos.assign(8, HaloPolicy::retain);
  schedule.resident_weights = {true, false, true};
  EXPECT_EQ(tile_text(schedule), "2 x 8");
  // The addition has no weights: one of two stays.
  EXPECT_EQ(policies_text(graph, {0, 3}, schedule),
            "halos retained, bands of rows, weights: 1 of 2 stay");
  schedule.channel_parts = 4;
  schedule.outer = Axis::columns;
  schedule.halos[0] = HaloPolicy::again;
  schedule.read_again = skip_reads(graph, {0, 3});
  const Group group = make_group(graph, {0, 3}, schedule.read_again);
  for (std::size_t t = 0; t < group.tensors.size(); ++t)
    if (group.tensors[t].producer) schedule.halos[t] = HaloPolicy::in_band;
  EXPECT_EQ(tile_text(schedule), "2 x 8, 4 parts");
  EXPECT_EQ(policies_text(graph, {0, 3}, schedule),
            "bands recomputed, bands of columns, weights: 1 of 2 stay, 1 fetched with overlap, "
            "1 read again");
  schedule.halos[group.layers[0].output] = HaloPolicy::retain;
  EXPECT_EQ(policies_text(graph, {0, 3}, schedule),
            "halos retained or bands recomputed, bands of columns, weights: 1 of 2 stay, 1 fetched "
            "with overlap, 1 read again");
  schedule = {};
  schedule.halos.assign(8, HaloPolicy::retain);
  schedule.resident_weights.assign(3, true);
  schedule.shares = {5, 9};
  EXPECT_EQ(policies_text(graph, {0, 3}, schedule),
            "halos retained, bands of rows, weights: 2 of 2 stay, pipeline on 5 + 9 columns");
}

}  // namespace
}  // namespace hwflow::chip
