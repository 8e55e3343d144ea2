#include "chip/overlay/design_space.hpp"

#include <gtest/gtest.h>

namespace hwflow::chip {
namespace {

/// Registers counted by hand in the sources of the overlay: 3 at the memory, 1 at the broadcast;
/// then 3 and the compressor tree (3, 3, 4, 5), or 8 and the tree over 2, 4, 8, 16 counters.
TEST(PipelineDepth, OfBothVersions) {
  EXPECT_EQ(pipeline_depth(BismoModel::trets19, 32), 4 + 3 + 2);
  EXPECT_EQ(pipeline_depth(BismoModel::trets19, 64), 4 + 3 + 3);
  EXPECT_EQ(pipeline_depth(BismoModel::trets19, 128), 4 + 3 + 3);
  EXPECT_EQ(pipeline_depth(BismoModel::trets19, 256), 4 + 3 + 4);
  EXPECT_EQ(pipeline_depth(BismoModel::trets19, 512), 4 + 3 + 5);
  EXPECT_EQ(pipeline_depth(BismoModel::fpl18, 32), 4 + 8 + 0);
  EXPECT_EQ(pipeline_depth(BismoModel::fpl18, 64), 4 + 8 + 1);
  EXPECT_EQ(pipeline_depth(BismoModel::fpl18, 128), 4 + 8 + 2);
  EXPECT_EQ(pipeline_depth(BismoModel::fpl18, 256), 4 + 8 + 3);
  EXPECT_EQ(pipeline_depth(BismoModel::fpl18, 512), 4 + 8 + 4);
}

/// dm dn (a dk + b + 120.1) for (a, b) = (1.17, 44.1) and (2.04, 109.41), and
/// ceil(dk / 32) (dm + dn) at 1024 entries; 2 dm dn dk f: 6.5 and 15.4 TOPS are published.
TEST(OverlayResources, PublishedInstances) {
  struct Instance {
    BismoShape design;
    double new_lut, old_lut;
    std::int64_t bram36;
    double mhz, tops;
  };
  const Instance instances[] = {
      {{2, 64, 2, 1024, 1024}, 956, 1440, 8, 200, 0.1024},
      {{8, 64, 8, 1024, 1024}, 15'301, 23'044, 32, 200, 1.6384},
      {{8, 128, 8, 1024, 1024}, 20'093, 31'400, 64, 200, 3.2768},
      {{8, 256, 8, 1024, 1024}, 29'678, 48'112, 128, 200, 6.5536},
      {{10, 256, 10, 1024, 1024}, 46'372, 75'175, 160, 300, 15.36},
  };
  OverlayOptions old_units;
  old_units.model = BismoModel::fpl18;
  for (const Instance& instance : instances) {
    EXPECT_NEAR(overlay_resources(instance.design, {}).lut, instance.new_lut, 0.6);
    EXPECT_NEAR(overlay_resources(instance.design, old_units).lut, instance.old_lut, 0.6);
    EXPECT_EQ(overlay_resources(instance.design, {}).bram36, instance.bram36);
    EXPECT_NEAR(
        static_cast<double>(binary_operations_per_cycle(instance.design)) * instance.mhz * 1e-6,
        instance.tops, 1e-9);
  }
}

TEST(OverlayResources, BaseIsAdded) {
  OverlayOptions options;
  options.base_lut = 4'000.5;
  options.base_bram36 = 9;
  const FpgaResources with = overlay_resources({8, 256, 8, 1024, 1024}, options);
  EXPECT_NEAR(with.lut, 29'678.08 + 4'000.5, 1e-6);
  EXPECT_EQ(with.bram36, 128 + 9);
}

TEST(FpgaDevice, TheLargestOverlaysFitTheirBoards) {
  const FpgaResources pynq = overlay_resources({8, 256, 8, 1024, 1024}, {});
  const FpgaResources ultra96 = overlay_resources({10, 256, 10, 1024, 1024}, {});
  EXPECT_TRUE(fits(pynq, kZ7020));
  EXPECT_FALSE(fits(ultra96, kZ7020));
  EXPECT_TRUE(fits(ultra96, kZu3eg));
  EXPECT_FALSE(fits(overlay_resources({16, 512, 16, 1024, 1024}, {}), kZu3eg));
}

TEST(DesignSpace, DefaultHasAllOfThem) {
  const DesignSpace space;
  EXPECT_EQ(space.size(), 16U * 4 * 16 * 6 * 6);
  EXPECT_EQ(space.dm.front(), 1);
  EXPECT_EQ(space.dn.back(), 16);
  EXPECT_EQ(space.bn.back(), 32 * 1024);
  EXPECT_EQ(validate(space, {}), Diagnostics{});
}

TEST(OverlayOptions, RefusesWrongValues) {
  OverlayOptions options;
  options.fetch_channel_bits = 48;
  options.result_channel_bits = 1024;
  options.regions = 1;
  options.stripe_bytes = 0;
  options.base_lut = -1.0;
  options.base_bram36 = -1;
  EXPECT_EQ(to_text(validate(options)),
            "fetch_channel_bits: must be a power of two in [8, 512], got 48\n"
            "result_channel_bits: must be a power of two in [8, 512], got 1024\n"
            "regions: must be in [2, 64], got 1\n"
            "stripe_bytes: must be in [1, 1073741824], got 0\n"
            "base_bram36: must be in [0, 1000000], got -1\n"
            "base_lut: must be in [0, 1e9], got -1\n");
  EXPECT_EQ(validate(OverlayOptions{}), Diagnostics{});
}

TEST(BismoShape, RefusesWhatCannotBeBuilt) {
  EXPECT_EQ(validate(BismoShape{8, 256, 8, 1 << 16, 4}, {}), Diagnostics{});
  EXPECT_EQ(to_text(validate(BismoShape{0, 192, 257, 3, (1 << 16) + 1}, {})),
            "dm: must be in [1, 256], got 0\n"
            "dk: must be 32, 64, 128, 256 or 512, got 192\n"
            "dn: must be in [1, 256], got 257\n"
            "bm: must be in [4, 65536], got 3\n"
            "bn: must be in [4, 65536], got 65537\n");
  EXPECT_EQ(to_text(validate(BismoShape{8, 32, 8, 1024, 1024}, {})),
            "dk: must be a multiple of the fetch channel of 64 bits, got 32\n");
  OverlayOptions small_fetches;
  small_fetches.stripe_bytes = 255;
  EXPECT_EQ(to_text(validate(BismoShape{8, 256, 7, 1024, 1024}, small_fetches)),
            "dm: 8 rows of 256 bits are more than the 255 bytes of one fetch\n");
}

TEST(DesignSpace, RefusesWrongLists) {
  DesignSpace space;
  space.dm = {};
  space.dk = {64, 96};
  space.dn = {4, 4, 300};
  space.bm = {2048, 1024};
  EXPECT_EQ(to_text(validate(space, {})),
            "dm: must list one value at least\n"
            "dk[1]: must be 32, 64, 128, 256 or 512, got 96\n"
            "dn[1]: must be more than 4, got 4 (list values in ascending order)\n"
            "dn[2]: must be in [1, 256], got 300\n"
            "bm[1]: must be more than 2048, got 1024 (list values in ascending order)\n");
  OverlayOptions small_fetches;
  small_fetches.stripe_bytes = 512;
  space = DesignSpace{};
  EXPECT_EQ(to_text(validate(space, small_fetches)),
            "dm: 16 rows of 512 bits are more than the 512 bytes of one fetch\n"
            "dn: 16 rows of 512 bits are more than the 512 bytes of one fetch\n");
}

TEST(OverlayOptions, Names) {
  EXPECT_EQ(name(PipelineFill::per_sync), "per_sync");
  EXPECT_EQ(name(Im2col::on_chip), "on_chip");
  EXPECT_EQ(name(ResultWidth::outputs), "outputs");
  EXPECT_EQ(name(ScheduleRule::balanced), "balanced");
}

}  // namespace
}  // namespace hwflow::chip
