#include "chip/validation/comparison.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/chip/validation/tiny_set.hpp"
#include "tests/support/refusals.hpp"

namespace hwflow::chip {
namespace {

using hwflow::testing::edited;
using ::testing::HasSubstr;

const Comparison& row(const SetResult& result, const std::string& layer,
                      const std::string& quantity) {
  for (const Comparison& each : result.rows)
    if (each.layer == layer && each.quantity == quantity) return each;
  throw std::runtime_error("no " + layer + " " + quantity);
}

SetResult run(const std::string& name) {
  return run_validation(load_validation_set(name).value()).value();
}

/// The witness is the publication: each distance to it is recorded beside the figure, and a model
/// that drifts leaves it.
class PublishedDistance : public ::testing::TestWithParam<std::string> {};

TEST_P(PublishedDistance, IsTheRecordedOne) {
  const auto result = run_validation(load_validation_set(GetParam()).value());
  ASSERT_TRUE(result.has_value()) << to_text(result.error());
  int compared = 0;
  for (const Comparison& each : result->rows) {
    if (!each.published || !each.bounds) continue;
    ++compared;
    EXPECT_TRUE(each.within()) << each.layer << " " << each.quantity << ": ours " << each.ours
                               << ", published " << *each.published;
  }
  EXPECT_GT(compared, 0);
}

std::vector<std::string> set_names() {
  std::vector<std::string> names;
  for (const BuiltinSet& set : builtin_validation_sets()) names.push_back(set.name);
  return names;
}
std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Sets, PublishedDistance, ::testing::ValuesIn(set_names()), test_name);

TEST(Validation, ActivePesAndFootprintsOfTheChipAreEqual) {
  const SetResult result = run("eyeriss-alexnet");
  for (const char* layer : {"CONV1", "CONV2", "CONV3", "CONV4", "CONV5"}) {
    EXPECT_EQ(row(result, layer, "active_pes").ratio(), 1.0);
    for (const char* quantity : {"buffer_sum_kib", "buffer_input_kib"}) {
      const Comparison& room = row(result, layer, quantity);
      EXPECT_NEAR(room.ours, *room.published, 0.1) << layer << quantity;  // one printed decimal
    }
  }
}

/// CONV5, 4 images, 2 groups of 128 filters and 192 channels, m64 n4 e13 p16 q3 r2 t2, by hand:
/// 192 / (3*2) = 32 channel passes, 128 / (16*2) = 4 filter passes.
TEST(Validation, Conv5ByHand) {
  const SetResult result = run("eyeriss-alexnet");
  // Partial sums go out and come back once a channel pass: 2 * 32 * (4*256*13*13 words);
  // inputs with their padding (15 x 15) come once a filter pass: 4 * (4*384*15*15 words).
  const double words = 2.0 * 32 * 4 * 256 * 13 * 13 + 4.0 * 4 * 384 * 15 * 15;
  EXPECT_NEAR(row(result, "CONV5", "glb_mb").ours, words * 2e-6, 1e-9);
  // 2*4*32 passes of 4 images * 16 filters * 3 channels * 3 taps * 13 columns; each then loads
  // 2*16 filters * 6 channels * 9 words, four a cycle. 200 cycles are a microsecond.
  const double cycles = 256.0 * (4 * 16 * 3 * 3 * 13 + 32 * 6 * 9 / 4);
  EXPECT_NEAR(row(result, "CONV5", "processing_ms").ours, cycles / 200e3, 1e-9);
  // Weights once, inputs (13 x 13) for each of 2 blocks of 64 filters, outputs once; the two are
  // coded in 64/3 of 16 bits for each of their 22.4 % that are not zero.
  const double weights = 256.0 * 192 * 9, activations = 2.0 * 4 * 384 * 169 + 4.0 * 256 * 169;
  const double coded = activations * 0.224 * 21.333333 / 16;
  EXPECT_NEAR(row(result, "CONV5", "dram_mb").ours, (weights + coded) * 2e-6, 1e-6);
  EXPECT_NEAR(row(result, "CONV5", "dram_dense_mb").ours, (weights + activations) * 2e-6, 1e-9);
  // 480 MB/s carry the coded activations while the array waits.
  EXPECT_NEAR(row(result, "CONV5", "total_ms").ours, cycles / 200e3 + coded * 2 / 480e3, 1e-5);
}

/// The port of 16 bytes a cycle bounds the layer with the least work for each partial sum.
TEST(Validation, BufferPortBoundsEarlyVggLayers) {
  const SetResult result = run("eyeriss-vgg16");
  for (const char* layer : {"CONV1-1", "CONV1-2", "CONV2-1", "CONV2-2"}) {
    const double cycles = row(result, layer, "processing_ms").ours * 200e3;
    const double rate = row(result, layer, "glb_mb").ours * 1e6 / cycles;
    EXPECT_GT(rate, 15.5) << layer;
    EXPECT_LT(rate, 16.0) << layer;
  }
}

/// The two constants of power are those of a straight line through the five AlexNet layers, and the
/// files of the chip agree on them.
TEST(Validation, PowerIsCalibratedOnAlexNetAlone) {
  ValidationSet set = load_validation_set("eyeriss-alexnet").value();
  const double clock = set.chip->clock_mw, scale = set.chip->energy_scale;
  for (const char* other : {"eyeriss-alexnet-planned", "eyeriss-vgg16"}) {
    EXPECT_EQ(load_validation_set(other)->chip->clock_mw, clock);
    EXPECT_EQ(load_validation_set(other)->chip->energy_scale, scale);
  }
  set.chip->clock_mw = 0;
  set.chip->energy_scale = 1;
  const SetResult table = run_validation(set).value();
  double x = 0, y = 0, xx = 0, xy = 0;
  for (const ValidationLayer& layer : set.layers) {
    const Comparison& power = row(table, layer.name, "power_mw");
    x += power.ours / 5;
    y += *power.published / 5;
    xx += power.ours * power.ours / 5;
    xy += power.ours * *power.published / 5;
  }
  const double slope = (xy - x * y) / (xx - x * x);
  EXPECT_NEAR(scale, slope, 1e-3);
  EXPECT_NEAR(clock, y - slope * x, 0.1);
}

ValidationSet tiny(const std::string& from = "", const std::string& to = "") {
  const std::string measured =
      edited(kTinySet, "{macs: 6}", R"({macs: 6, dram_words: 15, DRAM.inputs.reads: 6, cycles: 12}
distances:
  - {quantity: macs, least: 1, most: 1}
  - {quantity: cycles, least: 0.9, most: 1.1})");
  return parse_validation_set(edited(measured, from, to), "tiny.yaml").value();
}

TEST(Validation, GivenMappingsByHand) {
  const SetResult result = run_validation(tiny()).value();
  // 3 outputs of 2 terms: every weight once, both inputs for each output, three results.
  EXPECT_EQ(row(result, "fc", "dram_words").ratio(), 1.0);
  EXPECT_EQ(row(result, "fc", "DRAM.inputs.reads").ratio(), 1.0);
  EXPECT_TRUE(row(result, "fc", "macs").within());
  // One MAC a cycle: 6 cycles, half of the 12 that the file claims.
  EXPECT_EQ(row(result, "fc", "cycles").ratio(), 0.5);
  EXPECT_FALSE(row(result, "fc", "cycles").within());
}

TEST(Validation, LeastTrafficByHand) {
  ValidationSet set = tiny();
  set.method = ValidationMethod::least_traffic;
  set.machine = "nvdla";
  set.bits = 8;
  set.layers[0].loops.reset();
  set.layers[0].in_channels = 1024;
  set.layers[0].out_channels = 2048;
  set.layers[0].batch = 2;
  set.layers[0].published = {{"dram_kib", 1026.5}, {"dram_cycles", 1}, {"mac_cycles", 1024}};
  const SetResult result = run_validation(set).value();
  // Weights of 2 MiB once for two images; each image has 1 KiB of inputs and 2 KiB of outputs.
  EXPECT_DOUBLE_EQ(row(result, "fc", "dram_kib").ours, 1024 + 1 + 2);
  EXPECT_DOUBLE_EQ(row(result, "fc", "dram_cycles").ours, 1027.0 * 1024 / 10);
  EXPECT_DOUBLE_EQ(row(result, "fc", "mac_cycles").ours, 1024);
  set.layers[0].stored_output_share = 0.25;
  EXPECT_DOUBLE_EQ(row(run_validation(set).value(), "fc", "dram_kib").ours, 1024 + 1 + 0.5);
}

TEST(Validation, BestMappingsCountTheirMacs) {
  const SetResult result = run("eyeriss-isca16");
  // 105,415,200 products an image, 16 images, one unit of energy each.
  EXPECT_DOUBLE_EQ(row(result, "conv1", "mac_energy").ours, 105415200.0 * 16);
  // Four accesses of the register file a MAC at least.
  EXPECT_GE(row(result, "conv1", "innermost_energy").ours, 4 * 105415200.0 * 16);
}

TEST(Validation, WhatCannotRunIsToldWithItsLayer) {
  const auto problems = [](const ValidationSet& set) {
    const auto result = run_validation(set);
    return result ? std::string() : to_text(result.error());
  };
  EXPECT_THAT(problems(tiny("macs: 6", "mac: 6")),
              HasSubstr("tiny: fc: published: unknown quantity 'mac' (did you mean 'macs'?)"));
  EXPECT_THAT(problems(tiny("k3 c2", "k3")), HasSubstr("tiny: fc: "));
  ValidationSet wide = tiny("k3 c2 | GLB: | ifmap_spad: | weights_spad: | psum_spad:",
                            "c2 | GLB: | ifmap_spad: | weights_spad: | psum_spad: k25");
  wide.layers[0].out_channels = 25;
  EXPECT_THAT(problems(wide), HasSubstr("tiny: fc: mapping: is not possible: "));
  EXPECT_THAT(problems(tiny("machine: e168", "machine: e169")), HasSubstr("did you mean 'e168'?"));
  ValidationSet chip = load_validation_set("eyeriss-alexnet").value();
  chip.machine = "eyeriss-isca";
  EXPECT_THAT(problems(chip), HasSubstr("has not the levels of the Eyeriss chip"));
  chip.machine = "eyeriss";
  chip.layers[2].rows->q = 5;
  EXPECT_THAT(problems(chip), HasSubstr("CONV3: rows: q overfills the input spad"));
  chip.layers[2].rows.reset();
  chip.chip->limits.banks = 1;
  EXPECT_THAT(problems(chip), HasSubstr("CONV3: no row-stationary mapping fits"));
}

}  // namespace
}  // namespace hwflow::chip
