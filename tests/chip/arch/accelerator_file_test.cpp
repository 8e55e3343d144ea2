#include "chip/arch/accelerator_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "chip/arch/accelerator_format.hpp"

namespace hwflow::chip {
namespace {

/// A right file; each refusal below replaces one piece of it.
constexpr const char* kGood = R"(schema: 1
name: small
source: this test
energy_table: eyeriss-isca16
clock_mhz: 100
levels:
  - {name: DRAM, keeps: [weights, inputs, outputs], energy: dram}
  - name: GLB
    keeps: [inputs, outputs]
    capacity_bits: 8192
    energy: glb
    fanout: {x: 4, y: 3, x_dims: [k, q], hop_energy: inter_pe}
  - {name: RF, keeps: [weights], capacity_bits: 64, energy: rf}
engine: {kind: bit_parallel, width_bits: 16, energy: mac}
)";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

std::string message(const std::string& text) {
  const auto read = parse_accelerator(text, "a.yaml");
  return read ? std::string("accepted") : to_text(read.error());
}

TEST(ParseAccelerator, ReadsAFile) {
  const Accelerator accelerator = parse_accelerator(kGood, "a.yaml").value();
  ASSERT_EQ(accelerator.levels().size(), 3u);
  EXPECT_EQ(accelerator.name(), "small");
  EXPECT_EQ(accelerator.fields().technology, "normalised");
  EXPECT_DOUBLE_EQ(accelerator.levels()[0].read_energy_pj_per_bit, 200.0 / 16);
  EXPECT_DOUBLE_EQ(accelerator.levels()[1].write_energy_pj_per_bit, 6.0 / 16);
  const Fanout& fanout = accelerator.levels()[1].fanout;
  EXPECT_EQ(fanout.instances(), 12);
  EXPECT_EQ(fanout.x_dims, (std::vector<Dim>{Dim::k, Dim::q}));
  EXPECT_DOUBLE_EQ(fanout.hop_energy_pj_per_bit, 2.0 / 16);
  EXPECT_EQ(accelerator.levels()[2].keeps, (RoleSet{{true, false, false}}));
  EXPECT_DOUBLE_EQ(accelerator.engine().mac_energy_pj_at(8, 8), 0.25);
}

struct Refusal {
  std::string from, to, message;
};

TEST(ParseAccelerator, RefusesWrongKeysAndValues) {
  const std::vector<Refusal> refusals{
      {"schema: 1\n", "schema: 2\n",
       "a.yaml:1: schema: must be 1, got 2 (this is the version of the file format that we "
       "read)\n"},
      {"clock_mhz: 100", "clock: 100",
       "a.yaml:5: clock: unknown key (did you mean 'clock_mhz'?)\n"},
      {"clock_mhz: 100", "clock_mhz: 0", "a.yaml:5: clock_mhz: must be > 0, got 0\n"},
      {"keeps: [inputs, outputs]", "keeps: [inputs, output]",
       "a.yaml:9: levels[1].keeps[1]: must be one of weights, inputs, outputs, got 'output' (did "
       "you mean 'outputs'?)\n"},
      {"keeps: [inputs, outputs]", "keeps: []",
       "a.yaml:9: levels[1].keeps: a level must keep at least one role\n"},
      {"capacity_bits: 8192", "capacity_bits: -8",
       "a.yaml:10: levels[1].capacity_bits: must be >= 1, got -8\n"},
      {"    capacity_bits: 8192\n", "",
       "a.yaml:8: levels[1]: needs capacity_bits (or unlimited: true)\n"},
      {"capacity_bits: 8192", "capacity_bits: 8192\n    unlimited: true",
       "a.yaml:8: levels[1]: is unlimited and has capacity_bits\n"},
      {"x_dims: [k, q]", "x_dims: [k, m]",
       "a.yaml:12: levels[1].fanout.x_dims[1]: must be one of n, k, c, p, q, r, s, g, got 'm' (did "
       "you mean 'n'?)\n"},
      {"x: 4", "x: 0", "a.yaml:12: levels[1].fanout.x: must be >= 1, got 0\n"},
      {"name: RF", "name: GLB", "a.yaml:13: levels[2].name: 'GLB' is also the name of levels[1]\n"},
      {"kind: bit_parallel", "kind: bitparallel",
       "a.yaml:14: engine.kind: must be one of bit_parallel, vectorised, bit_serial, got "
       "'bitparallel' (did you mean 'bit_parallel'?)\n"},
      {"width_bits: 16", "width_bits: 8",
       "a.yaml:14: engine.reference_weight_bits: the engine cannot compute its own reference "
       "widths "
       "16 x 16\n"},
      {"capacity_bits: 64", "capacity_bits: 64, shared_port: true",
       "a.yaml:13: levels[2].shared_port: needs read_bandwidth_bits_per_cycle\n"},
  };
  for (const Refusal& refusal : refusals) {
    EXPECT_EQ(message(changed(refusal.from, refusal.to)), refusal.message);
  }
}

TEST(ParseAccelerator, RefusesMixedEnergies) {
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

TEST(ParseAccelerator, RefusesMixedNodesUnlessScaled) {
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

TEST(ParseAccelerator, ReportsProblemsOfSeveralKindsAtOnce) {
  std::string text = changed("energy: glb\n", "energy: gbl\n");
  text.replace(text.find("name: RF"), 8, "name: GLB");
  text.replace(text.find("    capacity_bits: 8192\n"), 24, "");
  EXPECT_EQ(message(text),
            "a.yaml:8: levels[1]: needs capacity_bits (or unlimited: true)\n"
            "a.yaml:10: levels[1].energy: energy table 'eyeriss-isca16' has no entry 'gbl' of this "
            "kind (did you mean 'glb'?)\n"
            "a.yaml:12: levels[2].name: 'GLB' is also the name of levels[1]\n");
}

TEST(LoadAccelerator, RefusesUnknownNamesAndFiles) {
  const auto text = [](const std::string& name) { return to_text(load_accelerator(name).error()); };
  EXPECT_EQ(text("eyeris"),
            "eyeris: is no built-in accelerator (a file is named with its .yaml) (did you mean "
            "'eyeriss'?)\n");
  EXPECT_EQ(text("no/such.yaml"), "no/such.yaml: cannot be read\n");
}

TEST(AcceleratorFormat, ShippedPageIsTheGeneratedOne) {
  const char* root = std::getenv("HWFLOW_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  const std::string path = std::string(root) + "/docs/formats/accelerator.md";
  std::ifstream stream(path);
  const std::string shipped{std::istreambuf_iterator<char>(stream),
                            std::istreambuf_iterator<char>()};
  if (std::getenv("HWFLOW_APPROVE") != nullptr) {
    std::ofstream(path) << accelerator_manual();
    return;
  }
  EXPECT_EQ(shipped, accelerator_manual()) << "HWFLOW_APPROVE=1 writes " << path;
}

}  // namespace
}  // namespace hwflow::chip
