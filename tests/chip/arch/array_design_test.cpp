#include "chip/arch/array_design.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/chip/arch/samples.hpp"

namespace hwflow::chip {
namespace {

using samples::small_fields;

Accelerator small() {
  Accelerator::Fields fields =
      small_fields();  // GLB 8192 bits over 4 x 3; RF 64 bits, 2 below each
  fields.levels[0].read_bandwidth_bits_per_cycle = 16.0;
  fields.levels[0].write_bandwidth_bits_per_cycle = 8.0;
  fields.levels[1].read_energy_pj_per_bit = 2.0;
  fields.levels[1].area_um2 = 1000.0;
  fields.engine.kind = BitParallelEngine{16};
  return Accelerator::make(fields).value();
}

TEST(ArrayDesign, SizesAreThoseOfTheAccelerator) {
  EXPECT_EQ(array_sizes(small()), (ArraySizes{3, 4, 64, 8192, 16.0}));
}

TEST(ArrayDesign, ItsOwnSizesChangeNothing) {
  for (const BuiltinAccelerator& builtin : builtin_accelerators()) {
    const Accelerator accelerator = load_accelerator(builtin.name).value();
    EXPECT_EQ(resized(accelerator, array_sizes(accelerator)).value(), accelerator) << builtin.name;
  }
}

TEST(ArrayDesign, OtherSizesAreThoseAskedFor) {
  const ArraySizes sizes{5, 6, 128, 4096, 32.0};
  const Accelerator design = resized(small(), sizes).value();
  EXPECT_EQ(array_sizes(design), sizes);
  EXPECT_EQ(design.compute_units(), 5 * 6 * 2);
  EXPECT_EQ(design.levels()[0].write_bandwidth_bits_per_cycle, 16.0);  // twice, as reads
  // 1 KiB becomes 512 B: 1.1332 pJ a word becomes 1.061 pJ, 8824 um2 become 7603.
  EXPECT_NEAR(design.levels()[1].read_energy_pj_per_bit, 2.0 * 1.061 / 1.1332, 1e-12);
  EXPECT_NEAR(*design.levels()[1].area_um2, 1000.0 * 7603.0 / 8824.0, 1e-9);
}

/// Sixteen banks of 1 KiB become sixteen of 512 B, not half of one of 16 KiB.
TEST(ArrayDesign, BanksStayAsManyAndEachIsResized) {
  Accelerator::Fields fields = small().fields();
  fields.levels[1].capacity_bits = 16 * 8192;
  fields.levels[1].banks = 16;
  const Accelerator accelerator = Accelerator::make(fields).value();
  ArraySizes sizes = array_sizes(accelerator);
  sizes.buffer_bits /= 2;
  const Accelerator design = resized(accelerator, sizes).value();
  EXPECT_NEAR(design.levels()[1].read_energy_pj_per_bit, 2.0 * 1.061 / 1.1332, 1e-12);
  EXPECT_NEAR(*design.levels()[1].area_um2, 1000.0 * 7603.0 / 8824.0, 1e-9);
  fields.levels[1].area_um2.reset();
  EXPECT_NEAR(array_area_um2(Accelerator::make(fields).value()),
              16 * 8824.0 + 12 * 1499.0 * 64 / 1024 + 24 * 2203.24, 1e-9);
}

TEST(ArrayDesign, MemoriesKeepTheirShares) {
  const Accelerator eyeriss = load_accelerator("eyeriss").value();  // 192 + 3584 + 384 bits a PE
  ArraySizes sizes = array_sizes(eyeriss);
  EXPECT_EQ(sizes.register_bits, 192 + 3584 + 384);
  EXPECT_EQ(sizes.buffer_bits, 884'736);
  sizes.register_bits *= 2;
  const Accelerator design = resized(eyeriss, sizes).value();
  EXPECT_EQ(design.levels()[2].capacity_bits, 2 * 192);
  EXPECT_EQ(design.levels()[3].capacity_bits, 2 * 3584);
  EXPECT_EQ(design.levels()[4].capacity_bits, 2 * 384);
  EXPECT_EQ(design.levels()[1].capacity_bits, 884'736);
}

TEST(ArrayDesign, RefusesEverythingThatIsWrong) {
  Accelerator::Fields fields = small_fields();
  fields.levels.pop_back();
  const Accelerator without = Accelerator::make(fields).value();
  const auto design = resized(without, {0, -1, 8, 0, 3.0});
  ASSERT_FALSE(design.has_value());
  EXPECT_EQ(to_text(design.error()),
            "rows: must be >= 1, got 0\n"
            "columns: must be >= 1, got -1\n"
            "register_bits: small has none of these\n"
            "buffer_bits: must be >= 1, got 0\n"
            "dram_bits_per_cycle: is unlimited in small\n");
}

TEST(SramModel, PassesThroughTheTableAndRises) {
  EXPECT_DOUBLE_EQ(sram_area_um2(1024), 1499.0);
  EXPECT_DOUBLE_EQ(sram_area_um2(16 * 8192), 108'577.0);
  EXPECT_DOUBLE_EQ(sram_area_um2(512), 1499.0 / 2);
  EXPECT_DOUBLE_EQ(sram_area_um2(48 * 8192), 3 * 108'577.0);
  // Half way between 4 and 8 KiB on a logarithmic scale: the geometric mean.
  EXPECT_NEAR(sram_area_um2(std::sqrt(4.0 * 8.0) * 8192), std::sqrt(30'061.0 * 57'506.0), 1e-6);
  EXPECT_DOUBLE_EQ(sram_energy(2 * 8192), 1.9032);
  EXPECT_DOUBLE_EQ(sram_energy(8), 0.6837);
  // Beyond the sweep in the ratios of Horowitz's caches; 16 KiB lie half way between 10 and 20 pJ.
  const double middle = std::sqrt(10.0 * 20.0);
  EXPECT_NEAR(sram_energy(32 * 8192), 9.9817 * 20.0 / middle, 1e-9);
  EXPECT_NEAR(sram_energy(1024 * 8192), 9.9817 * 100.0 / middle, 1e-9);
  EXPECT_NEAR(sram_energy(32'768.0 * 8192), 9.9817 * 500.0 / middle, 1e-9);  // 32 times again
  for (double bits = 64; bits < 1e7; bits *= 1.1) {
    EXPECT_GT(sram_area_um2(bits * 1.1), sram_area_um2(bits));
    EXPECT_GE(sram_energy(bits * 1.1), sram_energy(bits));
  }
}

/// Twice the bandwidth is twice the interface, where its area is told.
TEST(ArrayArea, CountsTheInterfaceToDram) {
  Accelerator::Fields fields = small().fields();
  fields.levels[0].area_um2 = 500.0;
  const Accelerator accelerator = Accelerator::make(fields).value();
  ArraySizes sizes = array_sizes(accelerator);
  EXPECT_NEAR(array_area_um2(accelerator), array_area_um2(small()) + 500.0, 1e-9);
  sizes.dram_bits_per_cycle = 32.0;
  EXPECT_NEAR(array_area_um2(resized(accelerator, sizes).value()), array_area_um2(small()) + 1000.0,
              1e-9);
}

/// By hand: a buffer of 1000 um2 as stated, 12 register files of 64 bits, 24 multipliers of 16 bit.
TEST(ArrayArea, AddsUpInstances) {
  EXPECT_NEAR(array_area_um2(small()), 1000.0 + 12 * 1499.0 * 64 / 1024 + 24 * 2203.24, 1e-9);
}

TEST(ArrayArea, GrowsWithEverySize) {
  for (const char* name : {"eyeriss", "bitfusion", "nvdla"}) {
    const Accelerator accelerator = load_accelerator(name).value();
    const ArraySizes now = array_sizes(accelerator);
    const double area = array_area_um2(accelerator);
    for (const auto& change :
         {+[](ArraySizes& s) { s.rows *= 2; }, +[](ArraySizes& s) { s.columns += 1; },
          +[](ArraySizes& s) { s.buffer_bits *= 2; }}) {
      ArraySizes sizes = now;
      change(sizes);
      EXPECT_GT(array_area_um2(resized(accelerator, sizes).value()), area) << name;
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
