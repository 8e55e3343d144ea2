#include <gtest/gtest.h>

#include <set>

#include "chip/arch/accelerator.hpp"
#include "chip/arch/accelerator_format.hpp"

namespace hwflow::chip {
namespace {

Accelerator builtin(const std::string& name) { return load_accelerator(name).value(); }

double peak_macs_per_second(const Accelerator& accelerator, int weight_bits, int input_bits) {
  const auto rate = accelerator.engine().rate(weight_bits, input_bits).value();
  return static_cast<double>(accelerator.compute_units() * rate.macs) /
         static_cast<double>(rate.cycles) * accelerator.fields().clock_mhz * 1e6;
}

const MemoryLevel& level(const Accelerator& accelerator, const std::string& name) {
  for (const MemoryLevel& level : accelerator.levels()) {
    if (level.name == name) return level;
  }
  throw std::runtime_error("no level " + name);
}

TEST(Builtins, AllParseNameTheirSourceAndRoundTrip) {
  std::set<std::string> names;
  for (const BuiltinAccelerator& entry : builtin_accelerators()) {
    const Accelerator accelerator = builtin(entry.name);
    EXPECT_EQ(accelerator.name(), entry.name);
    EXPECT_FALSE(entry.description.empty());
    EXPECT_GT(accelerator.fields().source.size(), 40u) << entry.name;
    names.insert(entry.name);
    const auto again = parse_accelerator(accelerator_to_yaml(accelerator), "again");
    ASSERT_TRUE(again.has_value()) << to_text(again.error());
    EXPECT_EQ(again->key(), accelerator.key());
    EXPECT_EQ(again->fields().fpga, accelerator.fields().fpga);
  }
  for (const char* name :
       {"eyeriss", "eyeriss-isca", "e168", "e168bw", "ws16x16", "bismo", "bitfusion"}) {
    EXPECT_EQ(names.count(name), 1u) << name;
  }
}

/// Chen et al., JSSC 2017, table IV: 168 PEs, 108 KB, 448 + 24 + 48 B of scratchpads a PE, and
/// 33.6 GMAC/s at 200 MHz.
TEST(Builtins, EyerissIsTheChip) {
  const Accelerator eyeriss = builtin("eyeriss");
  EXPECT_EQ(eyeriss.compute_units(), 168);
  EXPECT_NEAR(peak_macs_per_second(eyeriss, 16, 16), 33.6e9, 1.0);
  EXPECT_EQ(level(eyeriss, "GLB").capacity_bits, 108 * 1024 * 8);
  EXPECT_FALSE(level(eyeriss, "GLB").keeps.contains(Role::weights));
  EXPECT_EQ(level(eyeriss, "weights_spad").capacity_bits, 448 * 8);
  EXPECT_EQ(level(eyeriss, "ifmap_spad").capacity_bits, 24 * 8);
  EXPECT_EQ(level(eyeriss, "psum_spad").capacity_bits, 48 * 8);
  // 64 bit at 60 MHz against a core of 200 MHz.
  EXPECT_NEAR(*level(eyeriss, "DRAM").read_bandwidth_bits_per_cycle * 200e6, 64 * 60e6, 1e-3);
  EXPECT_NEAR(level(eyeriss, "DRAM").read_energy_pj_per_bit * 16, 128.0, 1e-9);
  EXPECT_NEAR(level(eyeriss, "GLB").read_energy_pj_per_bit * 16, 5.27, 1e-9);
  EXPECT_NEAR(level(eyeriss, "weights_spad").read_energy_pj_per_bit * 16, 0.63, 1e-9);
}

/// Chen et al., ISCA 2016: MAC 1, RF 1, neighbour 2, buffer 6, DRAM 200.
TEST(Builtins, EyerissIscaHasTheNormalisedEnergies) {
  const Accelerator isca = builtin("eyeriss-isca");
  EXPECT_EQ(isca.compute_units(), 256);
  EXPECT_DOUBLE_EQ(isca.engine().mac_energy_pj_at(16, 16), 1.0);
  EXPECT_DOUBLE_EQ(level(isca, "RF").read_energy_pj_per_bit * 16, 1.0);
  EXPECT_DOUBLE_EQ(level(isca, "GLB").fanout.hop_energy_pj_per_bit * 16, 2.0);
  EXPECT_DOUBLE_EQ(level(isca, "GLB").read_energy_pj_per_bit * 16, 6.0);
  EXPECT_DOUBLE_EQ(level(isca, "DRAM").read_energy_pj_per_bit * 16, 200.0);
  EXPECT_EQ(level(isca, "GLB").capacity_bits, 128 * 1024 * 8);
  EXPECT_EQ(level(isca, "RF").capacity_bits, 512 * 8);
}

/// The machine of the mapper references: 55296, 12, 224 and 24 words of 16 bit; e168bw differs in
/// bandwidths alone.
TEST(Builtins, E168IsTheReferenceMachine) {
  const Accelerator e168 = builtin("e168");
  EXPECT_EQ(level(e168, "GLB").capacity_bits, 55296 * 16);
  EXPECT_EQ(level(e168, "GLB").fanout.x, 14);
  EXPECT_EQ(level(e168, "GLB").fanout.y, 12);
  EXPECT_EQ(level(e168, "ifmap_spad").capacity_bits, 12 * 16);
  EXPECT_EQ(level(e168, "weights_spad").capacity_bits, 224 * 16);
  EXPECT_EQ(level(e168, "psum_spad").capacity_bits, 24 * 16);
  Accelerator::Fields fields = builtin("e168bw").fields();
  EXPECT_EQ(fields.levels[0].write_bandwidth_bits_per_cycle, 4.0 * 16);
  EXPECT_EQ(fields.levels[1].read_bandwidth_bits_per_cycle, 16.0 * 16);
  EXPECT_EQ(fields.levels[4].read_bandwidth_bits_per_cycle, 2.0 * 16);
  for (MemoryLevel& unlimited : fields.levels) {
    unlimited.read_bandwidth_bits_per_cycle.reset();
    unlimited.write_bandwidth_bits_per_cycle.reset();
  }
  EXPECT_EQ(Accelerator::make(fields).value().key(), e168.key());
}

/// Umuroglu et al., FPL 2018: 6.5 binary TOPS (two operations a MAC) at 200 MHz on the Z7020; its
/// buffers are 128 block RAMs of 1024 x 32 bit.
TEST(Builtins, BismoHasThePublishedPeak) {
  const Accelerator bismo = builtin("bismo");
  EXPECT_NEAR(2 * peak_macs_per_second(bismo, 1, 1) * 1e-12, 6.5, 0.06);
  // 6.5536 / (4 * 4) for 4-bit operands.
  EXPECT_NEAR(2 * peak_macs_per_second(bismo, 4, 4) * 1e-12, 6.5536 / 16, 1e-9);
  EXPECT_EQ(*level(bismo, "lhs_buffer").capacity_bits + *level(bismo, "rhs_buffer").capacity_bits,
            128 * 1024 * 32);
  ASSERT_TRUE(bismo.fields().fpga.has_value());
  EXPECT_NEAR(bismo.fields().fpga->lut, 48112.0, 1e-6);
  EXPECT_EQ(bismo.fields().fpga->bram36, 128);
}

/// 512 units at 500 MHz: 256 GMAC/s at 8 x 8 bit, 16 times as many at 2 x 2.
TEST(Builtins, BitfusionPeaksFollowTheWidths) {
  const Accelerator fusion = builtin("bitfusion");
  EXPECT_EQ(fusion.compute_units(), 512);
  EXPECT_NEAR(peak_macs_per_second(fusion, 8, 8), 256e9, 1.0);
  EXPECT_NEAR(peak_macs_per_second(fusion, 2, 2), 4096e9, 1.0);
  EXPECT_NEAR(peak_macs_per_second(fusion, 4, 8), 512e9, 1.0);
  EXPECT_NEAR(peak_macs_per_second(fusion, 16, 16), 64e9, 1.0);
  EXPECT_EQ(level(fusion, "input_buffer").capacity_bits, 32768 * 8);
  EXPECT_EQ(level(fusion, "output_buffer").capacity_bits, 16384 * 8);
  EXPECT_EQ(*level(fusion, "weight_buffer").capacity_bits * fusion.instances(3), 65536 * 8);
  EXPECT_EQ(level(fusion, "DRAM").read_bandwidth_bits_per_cycle, 192.0);
}

/// DeFiNES, Meta_prototype_DF.py: 32 * 2 * 4 * 4 MACs, 700 pJ for 64 bit of DRAM read.
TEST(Builtins, DefinesMetaHasTheArrayOfItsFile) {
  const Accelerator meta = builtin("defines-meta");
  EXPECT_EQ(meta.compute_units(), 32 * 2 * 4 * 4);
  EXPECT_NEAR(level(meta, "DRAM").read_energy_pj_per_bit * 64, 700.0, 1e-9);
  EXPECT_NEAR(level(meta, "local_weights").write_energy_pj_per_bit * 512, 28.4, 1e-9);
  EXPECT_EQ(level(meta, "local_features").capacity_bits, 64 * 1024 * 8);
  EXPECT_EQ(meta.engine().rate(16, 16), std::nullopt);
}

TEST(Builtins, WeightStationaryArrayKeepsWeightsInItsPes) {
  const Accelerator ws = builtin("ws16x16");
  EXPECT_EQ(ws.compute_units(), 256);
  EXPECT_EQ(ws.instances(2), 16);   // accumulators: one for each column
  EXPECT_EQ(ws.instances(3), 256);  // weight registers: one for each PE
  EXPECT_EQ(ws.levels()[3].keeps, (RoleSet{{true, false, false}}));
}

}  // namespace
}  // namespace hwflow::chip
