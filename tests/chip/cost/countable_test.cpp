#include "chip/cost/countable.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chip/cost/cost.hpp"

namespace hwflow::chip {
namespace {

using testing::HasSubstr;

/// DRAM over compute units.
Accelerator::Fields machine() {
  Accelerator::Fields fields;
  fields.name = "flat";
  fields.levels.resize(1);
  fields.levels[0].name = "DRAM";
  fields.levels[0].keeps = RoleSet{{true, true, true}};
  return fields;
}

Layer fully_connected(std::int64_t n, std::int64_t c, std::int64_t k) {
  return {"fc", *make_fully_connected(n, c, k), {}};
}

Layer convolution(const ConvShape& shape) { return {"conv", *make_convolution(shape), {}}; }

std::string refusal(const Layer& layer, const Accelerator::Fields& fields) {
  const Accelerator accelerator = *Accelerator::make(fields);
  const auto told = refuse_uncountable(layer, accelerator);
  EXPECT_EQ(is_countable(layer, accelerator), !told.has_value());
  EXPECT_EQ(evaluate_coarse(layer, accelerator).has_value(), !told.has_value());
  EXPECT_EQ(evaluate_mid(layer, accelerator).has_value(), !told.has_value());
  return told ? hwflow::to_text(Diagnostics{*told}) : "";
}

TEST(Countable, LayersOfRealNetworksAreOnTheSlowestMachine) {
  Accelerator::Fields slow = machine();
  slow.levels[0].read_bandwidth_bits_per_cycle = 1e-3;
  slow.levels[0].whole_words = true;
  slow.levels[0].word_bits = 512;
  slow.engine.kind = BitSerialEngine{};
  EXPECT_EQ(refusal(fully_connected(64, 25088, 4096), slow), "");
  EXPECT_EQ(refusal(convolution({.in_channels = 64,
                                 .out_channels = 64,
                                 .in_height = 224,
                                 .in_width = 224,
                                 .kernel_height = 3,
                                 .kernel_width = 3}),
                    slow),
            "");
}

TEST(Countable, ProductsThatOverflowAreRefused) {
  // 2^52 MACs, of 16 + 16 + 64 bits in 4 passes.
  const Layer wide{"fc", *make_fully_connected(1 << 12, 1 << 20, 1 << 20), {16, 16, 16, 64}};
  EXPECT_THAT(refusal(wide, machine()), HasSubstr("fc: could move 1.7e+18 bits on 'flat'"));

  Accelerator::Fields slow = machine();
  slow.levels[0].read_bandwidth_bits_per_cycle = 1e-3;
  const Layer long_one = fully_connected(1 << 10, 1 << 20, 1 << 20);
  EXPECT_EQ(refusal(long_one, machine()), "");
  EXPECT_THAT(refusal(long_one, slow), HasSubstr("cycles on 'flat', more than can be counted"));

  Accelerator::Fields serial = machine();
  serial.engine.kind = BitSerialEngine{};  // 64 x 64 cycles for a MAC
  const Layer widest{"fc", *make_fully_connected(1 << 10, 1 << 20, 1 << 20), {64, 64, 1, 64}};
  EXPECT_THAT(refusal(widest, serial), HasSubstr("more than can be counted"));  // 2^62
}

TEST(Countable, WindowsThatWouldBeWalkedForEverAreRefused) {
  const std::string windows = "its windows are too large to be counted";
  EXPECT_THAT(refusal(convolution({.in_height = 1 << 27, .kernel_height = 3}), machine()),
              HasSubstr(windows));
  EXPECT_THAT(
      refusal(convolution({.in_height = 1 << 20, .kernel_height = (1 << 16) + 1}), machine()),
      HasSubstr(windows));
  EXPECT_THAT(refusal(convolution({.in_height = 9, .kernel_height = 3, .pad_top = (1 << 16) + 1}),
                      machine()),
              HasSubstr(windows));
  // No overlap: every word of the axis belongs to one window.
  EXPECT_EQ(refusal(convolution({.in_height = 1 << 27, .kernel_height = 2, .stride_height = 2}),
                    machine()),
            "");
  EXPECT_EQ(
      refusal(convolution({.in_height = 1 << 20, .kernel_height = 3, .pad_top = 1}), machine()),
      "");
}

TEST(Countable, EvaluateAsksFirst) {
  const Layer wide{"fc", *make_fully_connected(1 << 12, 1 << 20, 1 << 20), {16, 16, 16, 64}};
  Accelerator::Fields fields = machine();
  fields.levels[0].read_bandwidth_bits_per_cycle = 1e-3;
  Mapping mapping;
  mapping.levels.resize(1);
  mapping.levels[0].temporal = {{Dim::n, 1 << 12}, {Dim::c, 1 << 20}, {Dim::k, 1 << 20}};
  const Evaluation result = evaluate(wide, *Accelerator::make(fields), mapping);
  const auto* infeasible = std::get_if<Infeasible>(&result);
  ASSERT_NE(infeasible, nullptr);
  EXPECT_EQ(infeasible->reason, Infeasible::Reason::uncountable);
}

}  // namespace
}  // namespace hwflow::chip
