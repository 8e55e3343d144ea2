#include "chip/arch/fpga_resources.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

FpgaResources of(const BismoShape& shape, BismoModel model) {
  return fpga_resources(shape, model).value();
}

/// 8 * 8 * (2.04 * 256 + 109.41 + 120.1) = 64 * 751.75 = 48112 LUT;
/// ceil(256/32) * (8 * 1 + 8 * 1) = 128 block RAMs: what the largest overlay on a PYNQ-Z1 needs.
TEST(Bismo, LargestOverlayOnTheZ7020) {
  const BismoShape shape{8, 256, 8, 1024, 1024};
  const FpgaResources first = of(shape, BismoModel::fpl18);
  EXPECT_NEAR(first.lut, 48112.0, 1e-6);
  EXPECT_EQ(first.bram36, 128);
  EXPECT_TRUE(fits(first, kZ7020));
  // 64 * (1.17 * 256 + 44.1 + 120.1) = 64 * 463.72 = 29678.08
  EXPECT_NEAR(of(shape, BismoModel::trets19).lut, 29678.08, 1e-6);
}

TEST(Bismo, OtherPublishedShapes) {
  // 100 * 463.72 = 46372 LUT, 8 * 20 = 160 block RAMs: the overlay of the Ultra96.
  const FpgaResources ultra96 = of({10, 256, 10, 1024, 1024}, BismoModel::trets19);
  EXPECT_NEAR(ultra96.lut, 46372.0, 1e-6);
  EXPECT_EQ(ultra96.bram36, 160);
  EXPECT_FALSE(fits(ultra96, kZ7020));  // 160 > 140 block RAMs
  // The default of the generator: 4 * (1.17 * 64 + 164.2) = 956.32, 2 * (2 + 2) = 8.
  const FpgaResources small = of({2, 64, 2, 1024, 1024}, BismoModel::trets19);
  EXPECT_NEAR(small.lut, 956.32, 1e-6);
  EXPECT_EQ(small.bram36, 8);
  // 64 * (2.04 * 128 + 229.51) = 31400.32, 4 * 16 = 64.
  const FpgaResources middle = of({8, 128, 8, 1024, 1024}, BismoModel::fpl18);
  EXPECT_NEAR(middle.lut, 31400.32, 1e-6);
  EXPECT_EQ(middle.bram36, 64);
}

TEST(Bismo, BlockRamsComeInWholePieces) {
  // ceil(33/32) = 2 wide, ceil(1025/1024) = 2 deep for the left side, 1 for the right: 2 * (2 + 3).
  EXPECT_EQ(of({1, 33, 3, 1025, 1}, BismoModel::fpl18).bram36, 2 * (1 * 2 + 3 * 1));
}

/// Published: 6.5 binary TOPS on the PYNQ-Z1 at 200 MHz, 15.4 on the Ultra96 at 300 MHz.
TEST(Bismo, PeakMatchesThePublishedHeadlines) {
  const auto tops = [](const BismoShape& shape, double mhz) {
    return static_cast<double>(binary_operations_per_cycle(shape)) * mhz * 1e-6;
  };
  EXPECT_NEAR(tops({8, 256, 8, 1024, 1024}, 200), 6.5, 0.06);     // 6.5536
  EXPECT_NEAR(tops({10, 256, 10, 1024, 1024}, 300), 15.4, 0.05);  // 15.36
}

TEST(Bismo, RefusesEverySizeBelowOne) {
  const auto refused = fpga_resources({0, 256, -1, 1024, 0}, BismoModel::fpl18);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(to_text(refused.error()),
            "dm: must be >= 1, got 0\n"
            "dn: must be >= 1, got -1\n"
            "bn: must be >= 1, got 0\n");
}

}  // namespace
}  // namespace hwflow::chip
