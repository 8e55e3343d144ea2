#include <gtest/gtest.h>

#include <string>

#include "chip/cost/cost.hpp"
#include "workload/layer.hpp"

// Counts of DRAM words for buffers that hold exactly the current tile, enumerated by another
// program (project reference data, mapper reference cases of 2026-11-23: `enumeration_DRAM_words.
// exact` of the D2 cases with fixed mappings, and `optima.exact.ragged` of the small ones). All
// operands have 16 bits; outputs read back are DRAM reads of outputs.

namespace hwflow::chip {
namespace {

struct Reference {
  std::string id;
  ConvShape shape;
  std::int64_t buffer_words;
  std::string mapping;
  std::int64_t inputs, weights, outputs_written, outputs_read_back;
};

ConvShape conv(std::int64_t c, std::int64_t k, std::int64_t out, std::int64_t kernel,
               std::int64_t stride) {
  ConvShape shape;
  shape.in_channels = c;
  shape.out_channels = k;
  shape.in_height = shape.in_width = stride * (out - 1) + kernel;
  shape.kernel_height = shape.kernel_width = kernel;
  shape.stride_height = shape.stride_width = stride;
  return shape;
}

ConvShape dense(std::int64_t n, std::int64_t c, std::int64_t k) {
  ConvShape shape;
  shape.n = n;
  shape.in_channels = c;
  shape.out_channels = k;
  return shape;
}

/// DRAM and one buffer, 200 and 6 per 16-bit word, one unit, MAC energy 1.
Accelerator two_levels(std::int64_t buffer_words) {
  MemoryLevel dram;
  dram.name = "DRAM";
  dram.keeps.has = {true, true, true};
  dram.read_energy_pj_per_bit = dram.write_energy_pj_per_bit = 200.0 / 16;
  MemoryLevel buffer = dram;
  buffer.name = "GLB";
  buffer.capacity_bits = buffer_words * 16;
  buffer.read_energy_pj_per_bit = buffer.write_energy_pj_per_bit = 6.0 / 16;
  Accelerator::Fields fields;
  fields.name = "D2";
  fields.levels = {dram, buffer};
  fields.engine.mac_energy_pj = 1;
  fields.counting.count_drain_reads = false;
  return *Accelerator::make(fields);
}

Layer layer_of(const ConvShape& shape) {
  return {"reference", *make_convolution(shape), {16, 16, 16, 16}};
}

class ReferenceCounts : public ::testing::TestWithParam<Reference> {};

TEST_P(ReferenceCounts, DramWords) {
  const Reference& r = GetParam();
  const Layer layer = layer_of(r.shape);
  const Accelerator d2 = two_levels(r.buffer_words);
  const auto mapping = mapping_from_text(r.mapping, d2);
  ASSERT_TRUE(mapping) << to_text(mapping.error());
  const auto result = evaluate(layer, d2, *mapping);
  ASSERT_TRUE(std::holds_alternative<Cost>(result));
  const Cost& cost = std::get<Cost>(result);
  const auto& dram = cost.levels[0].operands;
  EXPECT_EQ(dram[0].reads, r.weights);
  EXPECT_EQ(dram[1].reads, r.inputs);
  EXPECT_EQ(dram[2].updates, r.outputs_written);
  EXPECT_EQ(dram[2].reads, r.outputs_read_back);

  // Energy of the same source: MACs + 200 * DRAM words + 6 * (4 MACs - outputs + fills).
  const std::int64_t macs = layer.op.macs();
  const std::int64_t dram_words = r.inputs + r.weights + r.outputs_written + r.outputs_read_back;
  const std::int64_t buffer_words =
      4 * macs - layer.op.output().elements() + r.inputs + r.weights + r.outputs_read_back;
  EXPECT_DOUBLE_EQ(cost.energy_pj, static_cast<double>(macs + 200 * dram_words + 6 * buffer_words));
  EXPECT_EQ(cost.cycles, macs);

  const auto mid = evaluate_mid(layer, d2);
  ASSERT_TRUE(mid);
  EXPECT_LE(mid->dram_bits, dram_words * 16);
  EXPECT_LE(mid->energy_pj, cost.energy_pj);
}

INSTANTIATE_TEST_SUITE_P(
    Enumerated, ReferenceCounts,
    ::testing::Values(Reference{"TL01", conv(2, 4, 8, 3, 1), 32768,
                                "DRAM: p4 | GLB: k4 c2 p2 q8 r3 s3", 200, 72, 256, 0},
                      Reference{"TL02", conv(2, 4, 8, 3, 1), 32768,
                                "DRAM: p4 c2 | GLB: k4 p2 q8 r3 s3", 320, 288, 256, 0},
                      Reference{"TL03", conv(2, 4, 8, 3, 1), 32768,
                                "DRAM: p4 q4 | GLB: k4 c2 p2 q2 r3 s3", 320, 72, 256, 0},
                      Reference{"TL05", conv(2, 4, 8, 3, 2), 32768,
                                "DRAM: p4 | GLB: k4 c2 p2 q8 r3 s3", 578, 72, 256, 0},
                      Reference{"TL06", conv(8, 4, 8, 1, 2), 32768, "DRAM: p4 | GLB: k4 c8 p2 q8",
                                512, 32, 256, 0},
                      Reference{"TL07", conv(16, 16, 14, 3, 1), 32768,
                                "DRAM: c4 k4 p2 | GLB: k4 c4 p7 q14 r3 s3", 14848, 2304, 12544,
                                9408},
                      Reference{"TL10", dense(4, 512, 100), 32768,
                                "DRAM: k10 c4 | GLB: n4 k10 c128", 20480, 51200, 400, 0},
                      Reference{"HD01 ragged", conv(8, 8, 7, 3, 1), 256,
                                "DRAM: k3 c8 r3 | GLB: k3 p7 q7 s3", 1944, 576, 392, 0},
                      Reference{"HD04 ragged", conv(8, 16, 7, 3, 2), 256,
                                "DRAM: p4 c8 r3 s3 | GLB: k16 p2 q7", 3528, 4608, 784, 0},
                      Reference{"HD08 ragged", dense(14, 32, 31), 256,
                                "DRAM: k2 c32 | GLB: n14 k16", 896, 992, 434, 0}),
    [](const auto& reference) {
      std::string name = reference.param.id;
      for (char& c : name)
        if (c == ' ') c = '_';
      return name;
    });

TEST(ReferenceCounts, CoarseCountsEveryUsedWordOnce) {
  // HD01: 8 input maps of 9x9 = 648, 576 weights, 392 outputs.
  const auto coarse = evaluate_coarse(layer_of(conv(8, 8, 7, 3, 1)), two_levels(256));
  ASSERT_TRUE(coarse);
  EXPECT_EQ(coarse->dram_bits, 16 * 1616);
  EXPECT_EQ(coarse->macs, 28224);
  EXPECT_EQ(coarse->cycles, 28224);
  EXPECT_DOUBLE_EQ(coarse->energy_pj, 28224 + 200.0 * 1616);
}

TEST(ReferenceCounts, MidReachesTheProvedOptimumOfADenseLayer) {
  // HD08 has no halo, so that the bound is tight: 2,322 words, while 14*32 + 32*31 + 14*31 = 1,874
  // are compulsory.
  const auto layer = layer_of(dense(14, 32, 31));
  const auto mid = evaluate_mid(layer, two_levels(256));
  const auto coarse = evaluate_coarse(layer, two_levels(256));
  ASSERT_TRUE(mid && coarse);
  EXPECT_EQ(mid->dram_bits, 16 * 2322);
  EXPECT_EQ(coarse->dram_bits, 16 * 1874);
}

}  // namespace
}  // namespace hwflow::chip
