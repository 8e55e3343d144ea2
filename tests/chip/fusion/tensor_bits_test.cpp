#include "chip/fusion/tensor_bits.hpp"

#include <gtest/gtest.h>

#include "workload/builtin_networks.hpp"

namespace hwflow::chip {
namespace {

TEST(TensorBits, AddUpToTheTotalsAndStepsToTheCycles) {
  const auto network = make_builtin_network("resnet8");
  ASSERT_TRUE(network.has_value());
  for (const std::int64_t batch : {1, 2}) {
    LoweringOptions lowering;
    lowering.batch = batch;
    const FusionGraph graph = make_fusion_graph(
        *network, CompressionPlan::uniform(network->compute_nodes().size(), 8, 8), lowering);
    for (const bool double_buffered : {false, true}) {
      const auto machine =
          make_fusion_machine(*load_accelerator("eyeriss-isca"), {{}, double_buffered});
      ASSERT_TRUE(machine.has_value());
      FusionOptions options;
      options.mapper.strategy = "products";
      options.mapper.max_evaluations = 500;
      const auto fusion = fuse_network(graph, *machine, options);
      ASSERT_TRUE(fusion.has_value());
      std::int64_t fused = 0, single = 0, compulsory = 0;
      for (const TensorBits& tensor : tensor_bits(*fusion, graph)) {
        fused += tensor.fused_bits;
        single += tensor.single_bits.value();
        compulsory += tensor.compulsory_bits;
      }
      EXPECT_EQ(fused, fusion->total.dram_bits);
      EXPECT_EQ(single, fusion->single_layers->dram_bits);
      EXPECT_EQ(compulsory, fusion->compulsory_dram_bits);
      for (const FusedGroup& group : fusion->groups) {
        if (!group.cost) continue;
        const GroupTimeline& line = group.cost->timeline;
        std::int64_t cycles = 0, transfers = 0, compute = 0;
        for (std::size_t o = 0; o < line.outer_classes.size(); ++o) {
          for (std::size_t i = 0; i < line.inner_classes.size(); ++i) {
            transfers += line.step(o, i).all.written_bits + line.step(o, i).all.again_written_bits;
            for (const LayerWork& layer : line.step(o, i).layers) compute += layer.cycles;
          }
        }
        EXPECT_EQ(line.images, batch);
        for (std::int64_t image = 0; image < batch; ++image)
          for (std::size_t k = 0; k < line.slots.size(); ++k) cycles += line.slot(image, k).cycles;
        EXPECT_EQ(line.prologue_cycles + cycles + line.epilogue_cycles, group.cost->cycles);
        EXPECT_EQ(batch * compute, group.cost->compute_cycles);
        EXPECT_EQ(batch * transfers, group.plan->traffic.written_bits);
      }
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
