// Witness: counts that timeloop-model v0.4 printed for fixed mappings (project reference data,
// mapper reference cases of 2026-11-23: TL01, 02, 03, 05, 06, 07 and 20).
#include "chip/cost/semantics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chip/cost/cost.hpp"
#include "workload/layer.hpp"

namespace hwflow::chip {
namespace {

Layer conv_layer(std::int64_t c, std::int64_t k, std::int64_t out, std::int64_t kernel,
                 std::int64_t stride) {
  ConvShape shape;
  shape.in_channels = c;
  shape.out_channels = k;
  shape.in_height = shape.in_width = stride * (out - 1) + kernel;
  shape.kernel_height = shape.kernel_width = kernel;
  shape.stride_height = shape.stride_width = stride;
  return {"reference", *make_convolution(shape), {16, 16, 16, 16}};
}

MemoryLevel make_level(const std::string& name, RoleSet keeps, double pj_per_word) {
  MemoryLevel level;
  level.name = name;
  level.keeps = keeps;
  level.read_energy_pj_per_bit = level.write_energy_pj_per_bit = pj_per_word / 16;
  return level;
}

Accelerator make_machine(std::vector<MemoryLevel> levels, Semantics semantics) {
  Accelerator::Fields fields;
  fields.name = "reference";
  fields.partial_sum_bits = 16;
  fields.levels = std::move(levels);
  fields.engine.mac_energy_pj = 1;
  return with_semantics(*Accelerator::make(fields), semantics);
}

constexpr RoleSet kAll{{true, true, true}};

Cost cost_of(const Layer& layer, const Accelerator& machine, const std::string& mapping) {
  const auto result = evaluate(layer, machine, *mapping_from_text(mapping, machine));
  EXPECT_TRUE(std::holds_alternative<Cost>(result)) << mapping;
  return std::get<Cost>(result);
}

struct Counted {
  std::string mapping;
  Layer layer;
  std::int64_t input_words;  ///< out of DRAM
};

TEST(Timeloop, CountsInputWordsAsRecordedOnTwoLevels) {
  const Accelerator machine = make_machine(
      {make_level("DRAM", kAll, 200), make_level("GLB", kAll, 6)}, Semantics::timeloop);
  for (const auto& [mapping, layer, input_words] :
       {Counted{"DRAM: p4 | GLB: k4 c2 p2 q8 r3 s3", conv_layer(2, 4, 8, 3, 1), 200},
        Counted{"DRAM: p4 c2 | GLB: k4 p2 q8 r3 s3", conv_layer(2, 4, 8, 3, 1), 320},
        Counted{"DRAM: p4 q4 | GLB: k4 c2 p2 q2 r3 s3", conv_layer(2, 4, 8, 3, 1), 320},
        Counted{"DRAM: p4 | GLB: k4 c2 p2 q8 r3 s3", conv_layer(2, 4, 8, 3, 2), 578},
        Counted{"DRAM: p4 | GLB: k4 c8 p2 q8", conv_layer(8, 4, 8, 1, 2), 1440},
        Counted{"DRAM: c4 k4 p2 | GLB: k4 c4 p7 q14 r3 s3", conv_layer(16, 16, 14, 3, 1), 16384}}) {
    EXPECT_EQ(cost_of(layer, machine, mapping).levels[0].operands[1].reads, input_words) << mapping;
  }
}

/// E168: 14 x 12 PEs with a spad for each tensor below a buffer that weights bypass.
Accelerator make_e168(Semantics semantics) {
  std::vector<MemoryLevel> levels{make_level("DRAM", kAll, 200),
                                  make_level("GLB", {{false, true, true}}, 6),
                                  make_level("ifmap_spad", {{false, true, false}}, 1),
                                  make_level("weights_spad", {{true, false, false}}, 1),
                                  make_level("psum_spad", {{false, false, true}}, 1)};
  levels[1].fanout.x = 14;
  levels[1].fanout.y = 12;
  return make_machine(std::move(levels), semantics);
}

TEST(Timeloop, CountsEveryLevelOfARowStationaryMappingAsRecorded) {
  const Cost cost = cost_of(conv_layer(64, 64, 56, 3, 1), make_e168(Semantics::timeloop),
                            "DRAM: k4 p4 c2 | GLB: p14 q4 c8 ; x q14 y s3 c4 | ifmap_spad: | "
                            "weights_spad: r3 | psum_spad: k16");
  const auto& glb = cost.levels[1].operands;
  EXPECT_EQ(cost.levels[0].operands[0].reads, 8257536);
  EXPECT_EQ(glb[1].reads, 2752512);  // rows of neighbouring columns are one diagonal
  EXPECT_EQ(glb[1].fills, 950272);
  EXPECT_EQ(glb[2].updates, 401408);
  EXPECT_EQ(glb[2].reads, 200704);
  EXPECT_EQ(cost.levels[2].operands[1].fills, 7225344);
  EXPECT_EQ(cost.levels[3].operands[0].fills, 115605504);
  EXPECT_EQ(cost.levels[4].operands[2].fills, 2408448);  // read back by every PE
  EXPECT_EQ(cost.levels[4].operands[2].reads, 113197056);
  EXPECT_EQ(cost.cycles, 688128);
}

TEST(Timeloop, ForwardingTakesFromNeighboursWhatTheyJustReceived) {
  // 3x1 layer, 4 PEs along c, 3 along r, rows one after the other: PE r needs at row p + 1 what PE
  // r + 1 received at row p. The recorded model reads 560 words of the buffer then.
  ConvShape shape;
  shape.in_channels = shape.out_channels = 8;
  shape.in_height = 14;
  shape.in_width = 5;
  shape.kernel_height = 3;
  shape.kernel_width = 1;
  const Layer layer{"3x1", *make_convolution(shape), {16, 16, 16, 16}};
  std::vector<MemoryLevel> levels{make_level("DRAM", kAll, 200), make_level("GLB", kAll, 6),
                                  make_level("RF", kAll, 1)};
  levels[1].fanout.x = levels[1].fanout.y = 4;
  const std::string mapping = "DRAM: q5 p12 | GLB: ; x c4 y r3 | RF: k8 c2";
  const Cost with = cost_of(layer, make_machine(levels, Semantics::timeloop), mapping);
  EXPECT_EQ(with.levels[1].operands[1].reads, 560);
  EXPECT_EQ(with.levels[2].operands[1].reads, 12 * 1033);
  EXPECT_DOUBLE_EQ(with.energy_pj, 312652);
  const Cost without =
      cost_of(layer, make_machine(levels, Semantics::timeloop_no_forwarding), mapping);
  EXPECT_EQ(without.levels[1].operands[1].reads, 5 * 12 * 3 * 8);  // every PE, every row
}

TEST(Semantics, NamesAreReadBack) {
  for (const Semantics semantics : all_semantics())
    EXPECT_EQ(*semantics_from_name(name(semantics)), semantics);
  const auto wrong = semantics_from_name("timelop");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(to_text(wrong.error()), ::testing::HasSubstr("timeloop"));
}

TEST(Semantics, ExactIsTheDefaultCounting) {
  const Accelerator machine = make_e168(Semantics::exact);
  EXPECT_EQ(machine.fields().counting, CountingRules{});
}

}  // namespace
}  // namespace hwflow::chip
