#include <gtest/gtest.h>

#include "tests/chip/arch/file_samples.hpp"

namespace hwflow::chip {
namespace {

using samples::changed;
using samples::message;
using samples::Refusal;

TEST(EnergyLookup, RefusesMixedEnergies) {
  const std::string own_numbers =
      ": mixed tables: a number of its own beside energy table 'eyeriss-isca16' (name an entry, or "
      "write energy_table: inline and give all numbers)\n";
  const std::vector<Refusal> refusals{
      {"energy_table: eyeriss-isca16", "energy_table: eyeris-isca16",
       "a.yaml:4: energy_table: no energy table 'eyeris-isca16' (did you mean "
       "'eyeriss-isca16'?)\n"},
      {"energy: glb\n", "energy: glb_ifmap_psum\n",
       "a.yaml:11: levels[1].energy: mixed tables: 'glb_ifmap_psum' is an entry of "
       "'neurospector-eyeriss-65nm', this accelerator takes its energies from 'eyeriss-isca16'\n"},
      {"energy: glb\n", "energy: gbl\n",
       "a.yaml:11: levels[1].energy: energy table 'eyeriss-isca16' has no entry 'gbl' of this kind "
       "(did you mean 'glb'?)\n"},
      {"    energy: glb\n", "",
       "a.yaml:8: levels[1].energy: needs an entry of energy table 'eyeriss-isca16'\n"},
      {"energy: rf", "energy: rf, read_energy_pj_per_bit: 1",
       "a.yaml:13: levels[2].read_energy_pj_per_bit" + own_numbers},
      {"hop_energy: inter_pe", "hop_energy_pj_per_bit: 1",
       "a.yaml:12: levels[1].fanout.hop_energy_pj_per_bit" + own_numbers},
      {"energy: mac", "energy: mac, mac_energy_pj: 3",
       "a.yaml:14: engine.mac_energy_pj" + own_numbers},
      {"energy: mac", "area_um2: 3",
       "a.yaml:14: engine.energy: needs an entry of energy table 'eyeriss-isca16'\n"},
      {"clock_mhz: 100", "node_nm: 65",
       "a.yaml:5: node_nm: a normalised energy table has no node\n"},
      {"clock_mhz: 100", "scale_to_nm: 45",
       "a.yaml:5: scale_to_nm: a normalised energy table has no node\n"},
      {"energy_table: eyeriss-isca16", "energy_table: inline",
       "a.yaml:1: energy_source: needed with energy_table: inline: where the energies come from\n"
       "a.yaml:7: levels[0].energy: names an entry, but energy_table is inline\n"
       "a.yaml:7: levels[0].read_energy_pj_per_bit: needed with energy_table: inline\n"
       "a.yaml:7: levels[0].write_energy_pj_per_bit: needed with energy_table: inline\n"
       "a.yaml:11: levels[1].energy: names an entry, but energy_table is inline\n"
       "a.yaml:12: levels[1].fanout.hop_energy: names an entry, but energy_table is inline\n"
       "a.yaml:8: levels[1].read_energy_pj_per_bit: needed with energy_table: inline\n"
       "a.yaml:8: levels[1].write_energy_pj_per_bit: needed with energy_table: inline\n"
       "a.yaml:13: levels[2].energy: names an entry, but energy_table is inline\n"
       "a.yaml:13: levels[2].read_energy_pj_per_bit: needed with energy_table: inline\n"
       "a.yaml:13: levels[2].write_energy_pj_per_bit: needed with energy_table: inline\n"
       "a.yaml:14: engine.energy: names an entry, but energy_table is inline\n"
       "a.yaml:14: engine.mac_energy_pj: needed with energy_table: inline\n"
       "a.yaml:14: engine.reference_weight_bits: needed with energy_table: inline\n"
       "a.yaml:14: engine.reference_input_bits: needed with energy_table: inline\n"},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_EQ(message(changed(refusal.from, refusal.to)), refusal.message);
  }
}

TEST(EnergyLookup, RefusesMixedNodesUnlessScaled) {
  std::string text = R"(schema: 1
name: small
source: this test
energy_table: bitfusion-45nm
levels:
  - {name: DRAM, keeps: [weights, inputs, outputs], energy: dram}
  - {name: GLB, keeps: [weights, inputs, outputs], capacity_bits: 8192, energy: sram_1KiB}
engine: {kind: bit_parallel, width_bits: 8, energy: mac_8x8}
node_nm: 16
)";
  EXPECT_EQ(message(text),
            "a.yaml:9: node_nm: mixed nodes: the accelerator is 16 nm, its energies are 45 nm "
            "(write scale_to_nm: 16 to scale them)\n");
  const Accelerator scaled = parse_accelerator(text + "scale_to_nm: 16\n", "a.yaml").value();
  // 16 nm at 0.8 V: 0.2958 * 0.64 - 0.1241 * 0.8 + 0.03024 = 0.120272; 45 nm: 0.69302.
  const double factor = 0.120272 / 0.69302;
  EXPECT_NEAR(scaled.levels()[1].read_energy_pj_per_bit, 1.1332 / 32 * factor, 1e-12);
  EXPECT_NEAR(scaled.engine().mac_energy_pj, 0.2977 * factor, 1e-12);
  EXPECT_DOUBLE_EQ(scaled.levels()[0].read_energy_pj_per_bit, 15.0);  // DRAM is another chip
  EXPECT_NEAR(scaled.levels()[1].area_um2.value(), 8824 * 0.19, 1e-9);
  // 1.7893 mW at 200 MHz: 1.7893e9 pJ/s / 200e6 cycles/s = 8.9465 pJ a cycle.
  EXPECT_NEAR(scaled.levels()[1].leakage_pj_per_cycle, 8.9465 * factor, 1e-9);
  EXPECT_EQ(scaled.fields().technology,
            "16 nm, scaled from 45 nm at 0.8 V: energy x 0.1735, area x 0.19 (Stillmaker and Baas "
            "2017)");
  EXPECT_EQ(message(text + "scale_to_nm: 28\n")
                    .find("a.yaml:10: scale_to_nm: no scaling factors for "
                          "28 nm") != std::string::npos,
            true);
}

}  // namespace
}  // namespace hwflow::chip
