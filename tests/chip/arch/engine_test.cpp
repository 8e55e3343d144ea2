#include <gtest/gtest.h>

#include "base/check.hpp"
#include "chip/arch/accelerator.hpp"

namespace hwflow::chip {
namespace {

using Rate = ComputeEngine::Rate;

ComputeEngine with(const EngineKind& kind) {
  ComputeEngine engine;
  engine.kind = kind;
  return engine;
}

TEST(BitParallel, OneMacACycleUpToItsWidthAndNothingBeyond) {
  const ComputeEngine engine = with(BitParallelEngine{16});
  EXPECT_EQ(engine.rate(16, 16), (Rate{1, 1}));
  EXPECT_EQ(engine.rate(1, 3), (Rate{1, 1}));
  EXPECT_EQ(engine.rate(17, 8), std::nullopt);
  EXPECT_EQ(engine.rate(8, 17), std::nullopt);
  EXPECT_EQ(engine.rate(0, 8), std::nullopt);
  EXPECT_EQ(engine.rate(8, -1), std::nullopt);
}

/// Bit Fusion (Sharma et al., ISCA 2018): a fusion unit holds 16 bricks of 2 x 2 bits, and a
/// product of w x a bits takes (w/2)(a/2) of them, so 16 / ((w/2)(a/2)) products a cycle.
TEST(SpatialFusion, SharesTheBricksOfAUnit) {
  const ComputeEngine engine = with(VectorisedEngine{8, {2, 4, 8}});
  for (const int w : {2, 4, 8}) {
    for (const int a : {2, 4, 8}) {
      EXPECT_EQ(engine.rate(w, a), (Rate{1, 16 / ((w / 2) * (a / 2))})) << w << " x " << a;
    }
  }
}

TEST(SpatialFusion, RoundsWidthsUpToSupportedOnes) {
  const ComputeEngine engine = with(VectorisedEngine{8, {2, 4, 8}});
  EXPECT_EQ(engine.rate(1, 1), (Rate{1, 16}));  // as 2 x 2
  EXPECT_EQ(engine.rate(3, 5), (Rate{1, 2}));   // as 4 x 8: 16 / (2 * 4)
}

TEST(SpatialFusion, WideOperandsTakePassesOfTheUnitWidth) {
  const ComputeEngine engine = with(VectorisedEngine{8, {2, 4, 8}});
  EXPECT_EQ(engine.rate(16, 8), (Rate{2, 1}));   // two 8-bit halves of the weight
  EXPECT_EQ(engine.rate(16, 16), (Rate{4, 1}));  // schoolbook product of halves
  EXPECT_EQ(engine.rate(16, 2), (Rate{2, 4}));   // each half shares the unit with 4 inputs of 2 bit
  EXPECT_EQ(engine.rate(17, 8), (Rate{3, 1}));   // ceil(17 / 8)
}

TEST(SubWordLanes, TheWiderOperandSetsTheLanes) {
  const ComputeEngine engine =
      with(VectorisedEngine{16, {4, 8, 16}, VectorisedEngine::Fusion::lanes});
  EXPECT_EQ(engine.rate(16, 16), (Rate{1, 1}));
  EXPECT_EQ(engine.rate(8, 4), (Rate{1, 2}));
  EXPECT_EQ(engine.rate(4, 4), (Rate{1, 4}));
  EXPECT_EQ(engine.rate(2, 3), (Rate{1, 4}));
  EXPECT_EQ(engine.rate(2, 5), (Rate{1, 2}));
  EXPECT_EQ(engine.rate(32, 4), (Rate{2, 1}));
}

TEST(BitSerial, CyclesAreTheProductOfTheDigits) {
  const ComputeEngine bismo = with(BitSerialEngine{1, 1});
  for (int w = 1; w <= 16; ++w) {
    for (int a = 1; a <= 16; ++a) EXPECT_EQ(bismo.rate(w, a), (Rate{w * a, 1}));
  }
  const ComputeEngine mixed = with(BitSerialEngine{4, 2});
  EXPECT_EQ(mixed.rate(8, 8), (Rate{2 * 4, 1}));
  EXPECT_EQ(mixed.rate(5, 3), (Rate{2 * 2, 1}));
}

/// Law: narrower operands are never slower, on any engine.
TEST(Engines, RatesAreMonotone) {
  for (const ComputeEngine& engine :
       {with(VectorisedEngine{8, {2, 4, 8}}), with(BitSerialEngine{2, 3}),
        with(VectorisedEngine{8, {1, 2, 4, 8}, VectorisedEngine::Fusion::lanes})}) {
    const auto slowness = [&engine](int w, int a) {
      const Rate rate = engine.rate(w, a).value();
      return static_cast<double>(rate.cycles) / static_cast<double>(rate.macs);
    };
    for (int w = 1; w < 32; ++w) {
      for (int a = 1; a < 32; ++a) {
        EXPECT_LE(slowness(w, a), slowness(w + 1, a)) << w << " x " << a;
        EXPECT_LE(slowness(w, a), slowness(w, a + 1)) << w << " x " << a;
      }
    }
  }
}

TEST(MacEnergy, FollowsTheProductOfWidthsOrStaysConstant) {
  ComputeEngine engine = with(BitParallelEngine{16});
  engine.mac_energy_pj = 2.2;
  EXPECT_DOUBLE_EQ(engine.mac_energy_pj_at(16, 16), 2.2);
  EXPECT_DOUBLE_EQ(engine.mac_energy_pj_at(8, 4), 2.2 / 8);  // 32 of 256 partial products
  engine.scaling = ComputeEngine::EnergyScaling::constant;
  EXPECT_DOUBLE_EQ(engine.mac_energy_pj_at(8, 4), 2.2);
  EXPECT_THROW((void)engine.mac_energy_pj_at(17, 4), InternalError);
}

TEST(MacEnergy, CountsTheBitsThatTheEngineSwitches) {
  ComputeEngine fusion = with(VectorisedEngine{8, {2, 4, 8}});
  fusion.reference_weight_bits = fusion.reference_input_bits = 8;
  fusion.mac_energy_pj = 0.64;
  EXPECT_DOUBLE_EQ(fusion.mac_energy_pj_at(2, 2), 0.04);   // 4 of 64
  EXPECT_DOUBLE_EQ(fusion.mac_energy_pj_at(3, 3), 0.16);   // computed as 4 x 4
  EXPECT_DOUBLE_EQ(fusion.mac_energy_pj_at(16, 8), 1.28);  // two full passes
  ComputeEngine serial = with(BitSerialEngine{2, 2});
  serial.reference_weight_bits = serial.reference_input_bits = 2;
  serial.mac_energy_pj = 0.1;
  EXPECT_DOUBLE_EQ(serial.mac_energy_pj_at(3, 2), 0.2);  // two digits of weight
}

/// Energy of a unit per cycle is the same whatever the widths: MACs per cycle grow as energy falls.
TEST(MacEnergy, SpatialFusionSpendsTheSameInEveryCycle) {
  ComputeEngine fusion = with(VectorisedEngine{8, {2, 4, 8}});
  fusion.reference_weight_bits = fusion.reference_input_bits = 8;
  fusion.mac_energy_pj = 0.5599;
  for (int w = 1; w <= 16; ++w) {
    for (int a = 1; a <= 16; ++a) {
      const Rate rate = fusion.rate(w, a).value();
      const double per_cycle = fusion.mac_energy_pj_at(w, a) * static_cast<double>(rate.macs) /
                               static_cast<double>(rate.cycles);
      EXPECT_NEAR(per_cycle, 0.5599, 1e-12) << w << " x " << a;
    }
  }
}

}  // namespace
}  // namespace hwflow::chip
