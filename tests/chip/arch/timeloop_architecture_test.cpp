#include "chip/arch/timeloop_architecture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/refusals.hpp"

namespace hwflow::chip::timeloop {
namespace {

using hwflow::testing::expect_refusals;
using ::testing::Contains;
using ::testing::HasSubstr;

Expected<AcceleratorInput> read(const std::string& text) {
  return read_architecture(Documents::parse(text, "arch.yaml").value());
}

std::string problems_of(const std::string& text) {
  const auto machine = read(text);
  return machine ? "accepted" : to_text(machine.error());
}

constexpr const char* kNodes = R"(
architecture:
  version: 0.4
  nodes:
    - !Component {name: DRAM, class: DRAM, attributes: {width: 64, datawidth: 8}}
    - !Component
      name: buffer
      class: smartbuffer_SRAM
      attributes: {depth: 128, width: 32, datawidth: 8, shared_bandwidth: 4, multiple_buffering: 2}
      constraints: {dataspace: {bypass: [Weights]}, temporal: {permutation: NCP}}
    - !Container {name: column, spatial: {meshX: 4}}
    - !Component
      name: through
      class: dummy_storage
      constraints: {dataspace: {bypass: [Weights, Inputs, Outputs]}}
    - !Container {name: PE, spatial: {meshY: 3}}
    - !Parallel
      nodes:
        - !Component
          name: weight_reg
          class: regfile
          attributes: {depth: 2, width: 8, datawidth: 8}
          constraints: {dataspace: {keep: [Weights]}}
        - !Component
          name: sum_reg
          class: regfile
          attributes: {entries: 5, datawidth: 16}
          constraints: {dataspace: {keep: [Outputs]}}
    - !Component {name: mac, class: intmac, attributes: {multiplier_width: 8}}
)";

TEST(TimeloopArchitecture, NodesMakeLevelsAndMeshes) {
  const auto machine = read(kNodes);
  ASSERT_TRUE(machine) << to_text(machine.error());
  const auto& levels = machine->accelerator.levels();
  ASSERT_EQ(levels.size(), 4U);  // the dummy keeps nothing
  EXPECT_EQ(levels[1].capacity_bits, 128 * 32);
  EXPECT_EQ(levels[1].keeps, (RoleSet{{false, true, true}}));
  EXPECT_TRUE(levels[1].double_buffered);
  EXPECT_TRUE(levels[1].shared_port);
  EXPECT_EQ(levels[1].read_bandwidth_bits_per_cycle, 4 * 8);
  EXPECT_EQ(levels[1].fanout.x, 4);
  EXPECT_EQ(levels[1].fanout.y, 3);
  EXPECT_EQ(levels[2].keeps, (RoleSet{{true, false, false}}));
  EXPECT_EQ(levels[3].keeps, (RoleSet{{false, false, true}}));
  EXPECT_EQ(levels[3].capacity_bits, 5 * 8);  // five words, each counted as eight bits
  EXPECT_EQ(machine->accelerator.compute_units(), 12);
  EXPECT_EQ(machine->accelerator.fields().partial_sum_bits, 8);
  EXPECT_THAT(machine->notes, Contains(HasSubstr("words of 'sum_reg' have 16 bits")));
  EXPECT_THAT(machine->notes, Contains(HasSubstr("limits the map space")));
}

TEST(TimeloopArchitecture, SpatialLoopsMayNameContainersAndLevelsThatKeepNothing) {
  const auto machine = read(kNodes);
  ASSERT_TRUE(machine);
  EXPECT_THAT(machine->mesh_names, Contains(MeshName{"column", 1, 4, 1}));
  EXPECT_THAT(machine->mesh_names, Contains(MeshName{"inter_PE_spatial", 1, 1, 3}));
  EXPECT_THAT(machine->mesh_names, Contains(MeshName{"buffer", 1, 4, 1}));
  EXPECT_THAT(machine->mesh_names, Contains(MeshName{"through", 1, 1, 3}));
}

/// Outermost 200, buffers 6, registers 1 for 16 bits, one MAC of 16 x 16 bits 1.
TEST(TimeloopArchitecture, WithoutAnEnergyTableOursIsTakenAndSaid) {
  const auto machine = read(kNodes);
  ASSERT_TRUE(machine);
  const auto& levels = machine->accelerator.levels();
  EXPECT_DOUBLE_EQ(levels[0].read_energy_pj_per_bit, 200.0 / 16);
  EXPECT_DOUBLE_EQ(levels[1].write_energy_pj_per_bit, 6.0 / 16);
  EXPECT_DOUBLE_EQ(levels[2].read_energy_pj_per_bit, 1.0 / 16);
  EXPECT_DOUBLE_EQ(machine->accelerator.engine().mac_energy_pj, 0.25);
  EXPECT_EQ(machine->accelerator.fields().energy_table, "eyeriss-isca16");
  EXPECT_THAT(machine->notes, Contains(HasSubstr("no energy reference table (ERT)")));
}

TEST(TimeloopArchitecture, EnergiesOfAnAccessAreThoseOfItsWholeRow) {
  const std::string table = R"(
ERT:
  version: 0.4
  tables:
    - {name: "s.DRAM[1..1]", actions: [{name: read, energy: 64}, {name: write, energy: 128}]}
    - {name: "s.buffer[1..1]", actions: [{name: read, energy: 8}, {name: write, energy: 16},
                                         {name: update, energy: 16}, {name: leak, energy: 0.5}]}
    - {name: "s.weight_reg[1..12]", actions: [{name: read, energy: 1}, {name: write, energy: 1}]}
    - {name: "s.sum_reg[1..12]", actions: [{name: read, energy: 2}, {name: write, energy: 2}]}
    - {name: "s.mac[1..12]", actions: [{name: compute, energy: 3}]}
)";
  const auto machine = read(kNodes + table);
  ASSERT_TRUE(machine) << to_text(machine.error());
  const auto& levels = machine->accelerator.levels();
  EXPECT_DOUBLE_EQ(levels[0].read_energy_pj_per_bit, 1);  // rows of 64 bits
  EXPECT_DOUBLE_EQ(levels[0].write_energy_pj_per_bit, 2);
  EXPECT_DOUBLE_EQ(levels[1].read_energy_pj_per_bit, 0.25);  // rows of 32 bits
  EXPECT_DOUBLE_EQ(levels[1].leakage_pj_per_cycle, 0.5);
  EXPECT_DOUBLE_EQ(levels[3].read_energy_pj_per_bit, 0.25);  // one word, counted as 8 bits
  EXPECT_DOUBLE_EQ(machine->accelerator.engine().mac_energy_pj, 3);
  std::string other = table;
  other.replace(other.find("update, energy: 16"), 18, "update, energy: 20");
  EXPECT_THAT(problems_of(kNodes + other),
              HasSubstr("an update of 'buffer' costs 20 pJ and a write 16 pJ"));
  other = table;
  other.replace(other.find("s.sum_reg"), 9, "s.sum_red");
  EXPECT_THAT(problems_of(kNodes + other),
              HasSubstr("ERT.tables: has no energies of reading and writing 'sum_reg'"));
}

TEST(TimeloopArchitecture, SubtreesCountInstancesAndColumns) {
  const auto machine = read(R"(
architecture:
  version: 0.3
  subtree:
    - name: system
      local: [{name: DRAM, class: DRAM, attributes: {word-bits: 16}}]
      subtree:
        - name: cluster[0..1]
          local: [{name: buffer, class: SRAM, attributes: {sizeKB: 1, word-bits: 16}}]
          subtree:
            - name: PE[0..11]
              local:
                - {name: spad, class: regfile, attributes: {depth: 3, block-size: 2, word-bits: 16, meshX: 8}}
                - {name: mac, class: fpmac, attributes: {meshX: 8, meshY: 3}}
)");
  ASSERT_TRUE(machine) << to_text(machine.error());
  const auto& levels = machine->accelerator.levels();
  EXPECT_EQ(levels[0].fanout.x, 2);
  EXPECT_EQ(levels[1].fanout.x, 4);  // 24 PEs in 8 columns below two buffers side by side
  EXPECT_EQ(levels[1].fanout.y, 3);
  EXPECT_EQ(levels[1].capacity_bits, 8192);
  EXPECT_EQ(levels[2].capacity_bits, 3 * 2 * 16);
  EXPECT_EQ(machine->format, Format::timeloop_0_3);
}

TEST(TimeloopArchitecture, RefusesWhatItCannotRepresentWithPlaceAndReason) {
  const std::string good = kNodes;
  ASSERT_EQ(problems_of(good), "accepted");
  expect_refusals(
      good, problems_of,
      {{"nodes:", "nodse:", "arch.yaml:3: architecture: has neither 'nodes' (version 0.4) nor"},
       {"depth: 128", "detph: 128",
        "arch.yaml:9: architecture.nodes[1].attributes.detph: is a key without a meaning here "
        "(did you mean 'depth'?)"},
       {"depth: 128", "depth: deep", "must be an integer from 1 to"},
       {"width: 32", "width: 36", "rows of 36 bits hold 4 words of 8 bits"},
       {"class: regfile", "class: teapot", "'teapot' is no class of a memory"},
       {"class: regfile", "subclass: regfile", "'' is no class"},
       {"!Parallel", "!Pipelined", "the tag !Pipelined is not modelled"},
       {"!Container {name: column", "{name: column", "has no tag (one of !Component"},
       {"name: buffer", "name: buffer[1-4]", "is no name like PE or PE[0..15]"},
       {"multiple_buffering: 2", "multiple_buffering: 3", "single (1) and double (2)"},
       {"multiple_buffering: 2", "cluster-size: 2", "clusters are not modelled"},
       {"multiple_buffering: 2", "read_bandwidth: 2", "stands beside a bandwidth of reads"},
       {"meshX: 4", "meshX: 0", "must be an integer from 1 to"},
       {"meshX: 4", "meshZ: 4", "spatial.meshZ: is a key without a meaning here"},
       {"bypass: [Weights]", "bypass: [Wieghts]", "'Wieghts' is no data space"},
       {"class: intmac", "class: SRAM", "has no arithmetic unit"},
       {"{width: 64, datawidth: 8}", "{width: 128, datawidth: 128}", "words of 128 bits"},
       {"name: weight_reg", "name: weight_reg\n          spatial: {meshX: 2}",
        "a mesh in one of several parallel nodes"}});
  EXPECT_THAT(problems_of(good + "\nsparse_optimizations: {targets: [{name: buffer}]}\n"),
              HasSubstr("sparse storage and gating change counts"));
}

TEST(TimeloopArchitecture, WritesWhatItReadsAndNamesWhatTimeloopCannotSay) {
  const auto bitfusion = load_accelerator("bitfusion").value();
  const ForeignText text = write_architecture(bitfusion, Format::timeloop);
  std::vector<std::string> lost;
  for (const Diagnostic& loss : text.losses) lost.push_back(loss.place);
  EXPECT_THAT(lost, Contains("partial_sum_bits"));
  EXPECT_THAT(lost, Contains("engine.kind"));
  const auto e168 = load_accelerator("e168").value();
  for (const Format format : {Format::timeloop, Format::timeloop_0_3}) {
    const ForeignText plain = write_architecture(e168, format);
    EXPECT_EQ(to_text(plain.losses), "");
    const auto back = read(plain.text);
    ASSERT_TRUE(back) << to_text(back.error()) << plain.text;
    const auto& levels = back->accelerator.levels();
    ASSERT_EQ(levels.size(), e168.levels().size());
    for (LevelIndex l = 0; l < levels.size(); ++l) {
      EXPECT_EQ(levels[l].keeps, e168.levels()[l].keeps);
      EXPECT_EQ(levels[l].capacity_bits, e168.levels()[l].capacity_bits);
      EXPECT_EQ(levels[l].fanout, e168.levels()[l].fanout);
      EXPECT_DOUBLE_EQ(levels[l].read_energy_pj_per_bit, e168.levels()[l].read_energy_pj_per_bit);
    }
  }
}

}  // namespace
}  // namespace hwflow::chip::timeloop
