#include "chip/mapping/reference_cases.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

/// A 4 x 3 array of sibling register files, written by hand in the neutral format.
constexpr const char* kFile = R"({
  "architectures": {
    "tiny": {
      "levels": [
        {"name": "DRAM", "instances": 1, "capacity_words16": null, "energy_per_word_read": 200,
         "energy_per_word_write": 160, "read_bw_words_per_cycle": null,
         "write_bw_words_per_cycle": null},
        {"name": "GLB", "instances": 1, "capacity_words16": 100, "energy_per_word_read": 6,
         "energy_per_word_write": 6, "read_bw_words_per_cycle": 2, "write_bw_words_per_cycle": 1},
        {"name": "w_spad", "instances": 12, "mesh_x_y": [4, 3], "capacity_words16": 8,
         "energy_per_word_read": 1, "energy_per_word_write": 1}
      ],
      "mac": {"instances": 12, "mesh_x_y": [4, 3], "energy": 1}
    },
    "tiny_bw": {"same_as": "tiny",
                "bandwidth_words_per_cycle": {"DRAM": [4, 3], "spads": [2, 1]}}
  },
  "cases": [
    {"id": "first", "arch": "tiny",
     "layer": {"N": 2, "M": 6, "C": 5, "P": 7, "Q": 10, "R": 3, "S": 1, "stride": 2,
               "Wdilation": 1, "Hdilation": 1},
     "mapping": [
       {"level": "DRAM", "keeps": ["Weights", "Inputs", "Outputs"]},
       {"level": "GLB", "keeps": ["Inputs", "Outputs"]},
       {"level": "w_spad", "keeps": ["Weights"]},
       {"level": "DRAM", "temporal_loops_outer_to_inner": [["M", 2], ["P", 7]]},
       {"level": "GLB", "temporal_loops_outer_to_inner": [["N", 2], ["C", 5]]},
       {"below": "GLB", "spatial_x": [["Q", 2], ["M", 2]], "spatial_y": [["R", 3]]},
       {"level": "w_spad", "temporal_loops_outer_to_inner": [["Q", 5], ["M", 2]]}],
     "result": {"cycles": 77, "energy_pj_sum_of_levels": 12.5, "levels": {
       "mac": {"computes": 5},
       "GLB": {"instances": 1, "Inputs": {"tile_words": 9, "reads_total": 1, "fills_total": 2,
                                          "updates_total": 3}}}}},
    {"id": "second", "arch": "tiny_bw",
     "layer": {"G": 3, "M": 1, "C": 1, "P": 4, "Q": 4, "R": 3, "S": 3},
     "optima": {"TL": {"min_energy": {"energy": 10.0, "cycles": 4, "dram_words": 3,
                                      "mapping": [{"level": "DRAM",
                                                   "temporal_loops_outer_to_inner": [["G", 3]]}]}},
                "TL_no_forwarding": {"one_axis": {"min_edp": {"energy": 2.0, "cycles": 5,
                                                              "dram_words": 6}}}},
     "exact": {"seconds": 1.0, "ragged": {"min_dram_words": {"energy": 7.0, "cycles": 8,
                                                             "dram_words": 9}}}}
  ]
})";

std::vector<ReferenceCase> cases() { return parse_reference_cases(kFile, "refs.json").value(); }

TEST(ReferenceCases, ReadsTheLayer) {
  const Layer layer = cases()[0].layer;
  EXPECT_EQ(layer.op.bounds(), (DimArray{2, 6, 5, 7, 10, 3, 1, 1}));
  EXPECT_EQ(layer.bits, (LayerBits{16, 16, 16, 16}));
  // Rows: 2 * (7 - 1) + (3 - 1) + 1 = 15, columns: 2 * (10 - 1) + 1 = 19, nothing padded.
  for (const Operand& operand : layer.op.operands()) {
    if (operand.role == Role::inputs) {
      EXPECT_EQ(operand.elements(), 2 * 5 * 15 * 19);
    }
    for (const Rank& rank : operand.ranks) EXPECT_EQ(rank.offset, 0);
  }
}

TEST(ReferenceCases, ReadsTheArchitecture) {
  const Accelerator accelerator = cases()[0].accelerator;
  ASSERT_EQ(accelerator.levels().size(), 3u);
  const MemoryLevel& dram = accelerator.levels()[0];
  EXPECT_EQ(dram.capacity_bits, std::nullopt);
  EXPECT_DOUBLE_EQ(dram.read_energy_pj_per_bit, 12.5);   // 200 / 16
  EXPECT_DOUBLE_EQ(dram.write_energy_pj_per_bit, 10.0);  // 160 / 16
  EXPECT_EQ(dram.read_bandwidth_bits_per_cycle, std::nullopt);
  const MemoryLevel& buffer = accelerator.levels()[1];
  EXPECT_EQ(buffer.capacity_bits, 1600);
  EXPECT_EQ(buffer.read_bandwidth_bits_per_cycle, 32.0);
  EXPECT_EQ(buffer.keeps, (RoleSet{{false, true, true}}));  // weights bypass it
  EXPECT_EQ(buffer.fanout.x, 4);
  EXPECT_EQ(buffer.fanout.y, 3);
  EXPECT_EQ(accelerator.levels()[2].fanout.instances(), 1);  // the MACs have the mesh of the files
  EXPECT_EQ(accelerator.compute_units(), 12);
  EXPECT_EQ(accelerator.fields().partial_sum_bits, 16);
  EXPECT_DOUBLE_EQ(accelerator.engine().mac_energy_pj_at(16, 16), 1.0);
}

TEST(ReferenceCases, SameAsChangesOnlyTheBandwidths) {
  const Accelerator accelerator = cases()[1].accelerator;
  EXPECT_EQ(accelerator.levels()[0].read_bandwidth_bits_per_cycle, 64.0);
  EXPECT_EQ(accelerator.levels()[0].write_bandwidth_bits_per_cycle, 48.0);
  EXPECT_EQ(accelerator.levels()[1].read_bandwidth_bits_per_cycle, 32.0);
  EXPECT_EQ(accelerator.levels()[2].write_bandwidth_bits_per_cycle, 16.0);
  EXPECT_EQ(accelerator.levels()[2].capacity_bits, 128);
}

TEST(ReferenceCases, ReadsTheMapping) {
  const ReferenceCase first = cases()[0];
  ASSERT_TRUE(first.mapping.has_value());
  EXPECT_EQ(to_text(*first.mapping, first.accelerator),
            "DRAM: k2 p7 | GLB: n2 c5 ; x q2 k2 y r3 | w_spad: q5 k2");
  EXPECT_EQ(to_text(check(*first.mapping, first.layer, first.accelerator)), "");
}

TEST(ReferenceCases, ReadsTheCounts) {
  const ReferenceCase first = cases()[0];
  ASSERT_TRUE(first.result.has_value());
  EXPECT_EQ(first.result->cycles, 77);
  EXPECT_EQ(first.result->energy_pj, 12.5);
  ASSERT_EQ(first.result->counts.size(), 1u);
  const ReferenceCounts& counts = first.result->counts.front();
  EXPECT_EQ(counts.level, "GLB");
  EXPECT_EQ(counts.role, Role::inputs);
  EXPECT_EQ(counts.reads, 1);
  EXPECT_EQ(counts.fills, 2);
  EXPECT_EQ(counts.updates, 3);
  EXPECT_EQ(counts.tile_words, 9);
}

TEST(ReferenceCases, ReadsGroupsAndOptima) {
  const ReferenceCase second = cases()[1];
  EXPECT_EQ(second.layer.op.bounds(), (DimArray{1, 1, 1, 4, 4, 3, 3, 3}));
  ASSERT_EQ(second.optima.size(), 3u);
  EXPECT_EQ(second.optima[0].counting, "TL");
  EXPECT_EQ(second.optima[0].objective, "min_energy");
  ASSERT_TRUE(second.optima[0].mapping.has_value());
  EXPECT_EQ(second.optima[0].mapping->levels[0].temporal, (std::vector<Loop>{{Dim::g, 3}}));
  EXPECT_EQ(second.optima[1].counting, "TL_no_forwarding");
  EXPECT_EQ(second.optima[1].space, "one_axis");
  EXPECT_EQ(second.optima[1].cycles, 5);
  EXPECT_EQ(second.optima[2].counting, "exact");
  EXPECT_EQ(second.optima[2].space, "ragged");
  EXPECT_EQ(second.optima[2].dram_words, 9);
  EXPECT_FALSE(second.optima[2].mapping.has_value());
}

TEST(ReferenceCases, RefusesWhatItCannotRead) {
  const auto message = [](const std::string& text) {
    const auto read = parse_reference_cases(text, "refs.json");
    return read ? std::string("accepted") : to_text(read.error());
  };
  EXPECT_EQ(message("{"), "refs.json: is not JSON\n");
  EXPECT_EQ(message("[]"),
            "refs.json: key 'architectures' is missing\nrefs.json: key 'cases' is missing\n");
  std::string text = kFile;
  const auto replace = [&text](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  replace("\"arch\": \"tiny\"", "\"arch\": \"tny\"");
  replace("\"P\": 7", "\"P\": 0");
  EXPECT_EQ(message(text),
            "refs.json: cases[0].layer.P: must be an integer from 1 to 1073741824, got 0\n"
            "refs.json.architectures: no architecture 'tny' (did you mean 'tiny'?)\n");
  text = kFile;
  replace("[\"C\", 5]", "[\"X\", 5]");
  replace("\"below\": \"GLB\"", "\"below\": \"GBL\"");
  replace("\"reads_total\": 1", "\"reads_total\": -1");
  EXPECT_EQ(message(text),
            "refs.json: cases[0].mapping[4].temporal_loops_outer_to_inner[1]: a loop is [letter of "
            "N M C P Q R S G, bound]\n"
            "refs.json: cases[0].mapping[5]: the architecture has no level 'GBL'\n"
            "refs.json: cases[0].result.levels.GLB.Inputs.reads_total: must be an integer from 0 "
            "to 9007199254740992, got -1\n");
}

TEST(ReferenceCases, RefusesAMissingFile) {
  const auto read = load_reference_cases("no/such/file.json");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(to_text(read.error()), "no/such/file.json: there is no such file\n");
}

}  // namespace
}  // namespace hwflow::chip
