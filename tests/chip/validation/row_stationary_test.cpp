#include "chip/validation/row_stationary.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/random.hpp"
#include "chip/cost/cost.hpp"

namespace hwflow::chip {
namespace {

ConvShape conv(std::int64_t batch, std::int64_t in, std::int64_t out, std::int64_t size,
               std::int64_t kernel, std::int64_t stride, std::int64_t pad, std::int64_t groups) {
  ConvShape shape;
  shape.n = batch;
  shape.in_channels = in;
  shape.out_channels = out;
  shape.groups = groups;
  shape.in_height = shape.in_width = size;
  shape.kernel_height = shape.kernel_width = kernel;
  shape.stride_height = shape.stride_width = stride;
  shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = pad;
  return shape;
}

/// Chen et al., JSSC 2017, table III, with the active PEs of table V.
struct Printed {
  const char* name;
  ConvShape shape;
  RowMapping mapping;
  double input_kib, sum_kib;
  std::int64_t active_pes;
};
std::vector<Printed> printed() {
  return {{"CONV1", conv(4, 3, 96, 227, 11, 4, 0, 1), {96, 1, 7, 16, 1, 1, 2}, 15.5, 72.1, 154},
          {"CONV2", conv(4, 96, 256, 27, 5, 1, 2, 2), {64, 1, 27, 16, 2, 1, 1}, 3.8, 91.1, 135},
          {"CONV3", conv(4, 256, 384, 13, 3, 1, 1, 1), {64, 4, 13, 16, 4, 1, 4}, 7.0, 84.5, 156},
          {"CONV4", conv(4, 384, 384, 13, 3, 1, 1, 2), {64, 4, 13, 16, 3, 2, 2}, 10.5, 84.5, 156},
          {"CONV5", conv(4, 384, 256, 13, 3, 1, 1, 2), {64, 4, 13, 16, 3, 2, 2}, 10.5, 84.5, 156}};
}

TEST(RowStationary, PrintedMappingsGiveThePrintedFootprintsAndActivePes) {
  for (const Printed& layer : printed()) {
    EXPECT_TRUE(row_problems(row_layer(layer.shape), layer.mapping, RowLimits{}).empty());
    const PassCounts counts = count_passes(row_layer(layer.shape), layer.mapping);
    EXPECT_EQ(counts.active_pes, layer.active_pes) << layer.name;
    // One printed decimal, which the table cuts off in one place (72.19) and rounds in others.
    EXPECT_NEAR(static_cast<double>(counts.input_tile_words) * 2 / 1024, layer.input_kib, 0.1);
    EXPECT_NEAR(static_cast<double>(counts.sum_tile_words) * 2 / 1024, layer.sum_kib, 0.1);
  }
}

TEST(RowStationary, TheRuleFindsThePrintedMappings) {
  for (const Printed& layer : printed())
    EXPECT_EQ(to_text(plan_rows(row_layer(layer.shape), RowLimits{}).value()),
              to_text(layer.mapping))
        << layer.name;
}

/// The eyeriss machine without limits of room, padding counted as the chip stores it.
Accelerator roomy(bool halo_reuse) {
  Accelerator::Fields fields = load_accelerator("eyeriss").value().fields();
  fields.counting.fetch_padding = true;
  fields.counting.halo_reuse = halo_reuse;
  for (std::size_t l = 1; l < fields.levels.size(); ++l)
    fields.levels[l].capacity_bits = std::int64_t{1} << 40;
  return Accelerator::make(std::move(fields)).value();
}

/// The same counts out of the fine model, which knows nothing of passes. DRAM brings whole strips.
PassCounts counts_of_fine_model(const std::vector<RowPart>& parts) {
  static const Accelerator machine = roomy(true), whole_strips = roomy(false);
  PassCounts sum;
  for (const RowPart& part : parts) {
    const Evaluation evaluation = evaluate(part.layer, machine, part.mapping);
    const Evaluation outside = evaluate(part.layer, whole_strips, part.mapping);
    const Cost& cost = std::get<Cost>(evaluation);
    const auto& dram = std::get<Cost>(outside).levels[0].operands;
    const auto& buffer = cost.levels[1].operands;
    const auto& operands = part.layer.op.operands();
    for (std::size_t o = 0; o < operands.size(); ++o) {
      switch (operands[o].role) {
        case Role::weights: sum.dram_weights += dram[o].reads; break;
        case Role::inputs:
          sum.dram_inputs += dram[o].reads;
          sum.buffer_inputs += buffer[o].reads;
          sum.input_tile_words = std::max(sum.input_tile_words, buffer[o].tile_words);
          break;
        case Role::outputs:
          sum.dram_outputs += dram[o].updates;
          sum.buffer_sums += buffer[o].reads + buffer[o].updates + buffer[o].drains;
          sum.sum_tile_words = std::max(sum.sum_tile_words, buffer[o].tile_words);
          break;
      }
    }
    sum.compute_cycles += cost.compute_cycles;
    sum.active_pes = std::max(sum.active_pes, cost.levels[4].used_instances);
  }
  return sum;
}

void expect_equal(const PassCounts& passes, const PassCounts& fine, const std::string& text) {
  EXPECT_EQ(passes.active_pes, fine.active_pes) << text;
  EXPECT_EQ(passes.sum_tile_words, fine.sum_tile_words) << text;
  EXPECT_EQ(passes.input_tile_words, fine.input_tile_words) << text;
  EXPECT_EQ(passes.dram_weights, fine.dram_weights) << text;
  EXPECT_EQ(passes.dram_inputs, fine.dram_inputs) << text;
  EXPECT_EQ(passes.dram_outputs, fine.dram_outputs) << text;
  EXPECT_EQ(passes.buffer_inputs, fine.buffer_inputs) << text;
  EXPECT_EQ(passes.buffer_sums, fine.buffer_sums) << text;
  EXPECT_EQ(passes.compute_cycles, fine.compute_cycles) << text;
}

TEST(RowStationary, PassesCountAsTheFineModelOnAlexNet) {
  for (const Printed& layer : printed())
    expect_equal(
        count_passes(row_layer(layer.shape), layer.mapping),
        counts_of_fine_model(rows_to_parts(layer.name, layer.shape, layer.mapping, RowLimits{})),
        layer.name);
}

std::int64_t pick(Rng& rng, std::int64_t least, std::int64_t most) {
  return least + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most - least + 1)));
}

TEST(RowStationary, PassesCountAsTheFineModelOnRandomLayers) {
  int compared = 0;
  for (std::uint64_t i = 0; i < 100000; ++i) {
    Rng rng = Rng::derive(20261126, i);
    const std::int64_t kernel = pick(rng, 1, 3), groups = pick(rng, 1, 2);
    // Windows must meet: gaps between them are stored by the chip, not by the fine model.
    const ConvShape shape = conv(
        pick(rng, 1, 4), groups * pick(rng, 1, 9), groups * pick(rng, 1, 8), pick(rng, 3, 9),
        kernel, pick(rng, 1, std::min<std::int64_t>(kernel, 2)), pick(rng, 0, kernel / 2), groups);
    const RowLayer layer = row_layer(shape);
    const RowMapping mapping{pick(rng, 1, 8), pick(rng, 1, 4), pick(rng, 1, 9), pick(rng, 1, 4),
                             pick(rng, 1, 4), pick(rng, 1, 3), pick(rng, 1, 3)};
    if (!row_problems(layer, mapping, RowLimits{}).empty()) continue;
    // Where the first and the last window of a row meet, the next pass finds words in the
    // scratchpad.
    if ((layer.out_columns - 1) * layer.stride < layer.filter_columns) continue;
    const auto parts = rows_to_parts("layer", shape, mapping, RowLimits{});
    const bool one_filter_pass = mapping.p * mapping.t == layer.filters;
    // Sets that rest in a last pass of few channels keep their filters; two parts load theirs
    // twice.
    if (one_filter_pass && layer.channels % (mapping.q * mapping.r) != 0) continue;
    if (one_filter_pass && parts.size() > 1) continue;
    ++compared;
    expect_equal(count_passes(layer, mapping), counts_of_fine_model(parts),
                 fmt::format("case {}: {}", i, to_text(mapping)));
    if (HasFailure()) return;
  }
  EXPECT_GT(compared, 400);
}

/// Every mapping of a small layer that fits, scored from count_passes() as the rule says.
TEST(RowStationary, PlansTheBestOfAllMappings) {
  for (const ConvShape& shape : {conv(2, 6, 8, 5, 3, 1, 1, 1), conv(1, 4, 4, 9, 5, 2, 2, 2)}) {
    RowLimits limits;
    limits.banks = 4;
    limits.bank_words = 64;
    limits.filter_words = 400;
    const RowLayer layer = row_layer(shape);
    using Key = std::tuple<double, std::int64_t, std::int64_t>;
    Key best{std::numeric_limits<double>::infinity(), 0, 0};
    for (std::int64_t m = 1; m <= 8; ++m)
      for (std::int64_t n = 1; n <= 2; ++n)
        for (std::int64_t e = 1; e <= 9; ++e)
          for (std::int64_t p = 1; p <= 8; ++p)
            for (std::int64_t q = 1; q <= 6; ++q)
              for (std::int64_t r = 1; r <= 6; ++r)
                for (std::int64_t t = 1; t <= 8; ++t) {
                  const RowMapping mapping{m, n, e, p, q, r, t};
                  if (!row_problems(layer, mapping, limits).empty()) continue;
                  const PassCounts c = count_passes(layer, mapping);
                  const auto time =
                      static_cast<double>(std::max(c.compute_cycles, c.buffer_inputs));
                  best = std::min(
                      best, Key{time * static_cast<double>(c.dram()), -c.active_pes, c.buffer()});
                }
    const auto plan = plan_rows(layer, limits);
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(row_problems(layer, *plan, limits).empty());
    const PassCounts c = count_passes(layer, *plan);
    const auto time = static_cast<double>(std::max(c.compute_cycles, c.buffer_inputs));
    EXPECT_EQ((Key{time * static_cast<double>(c.dram()), -c.active_pes, c.buffer()}), best);
  }
}

TEST(RowStationary, SaysWhatDoesNotFit) {
  const RowLayer conv3 = row_layer(printed()[2].shape);
  struct Refusal {
    RowMapping mapping;
    const char* reason;
  };
  for (const auto& [mapping, reason] : std::vector<Refusal>{
           {{64, 4, 13, 16, 4, 1, 5}, "its sets of PEs do not fit the array"},
           {{100, 4, 13, 16, 4, 1, 4}, "m does not divide the filters of a group"},
           {{64, 4, 13, 24, 3, 1, 4}, "p x t does not divide m"},
           {{64, 3, 13, 16, 4, 1, 4}, "n does not divide the batch"},
           {{64, 1, 14, 16, 4, 1, 4}, "e is more than the output rows"},
           {{64, 4, 13, 16, 5, 1, 4}, "q overfills the input spad"},
           {{64, 4, 13, 32, 1, 1, 1}, "p overfills the partial-sum spad"},
           {{96, 1, 13, 16, 3, 9, 1}, "q x r cuts the channels into passes that no loop can say"},
           {{96, 1, 13, 24, 4, 1, 4}, "p and q overfill the filter spad"},
           {{128, 4, 13, 16, 4, 1, 4}, "its tiles need more banks than the global buffer has"}}) {
    const auto problems = row_problems(conv3, mapping, RowLimits{});
    EXPECT_NE(std::find(problems.begin(), problems.end(), reason), problems.end()) << reason;
  }
  RowLimits none;
  none.banks = 1;
  EXPECT_FALSE(plan_rows(conv3, none).has_value());
}

TEST(RowStationary, StripsThatOneLoopCannotSayAreTwoParts) {
  // 56 rows in strips of 13: 13 x 4 + 4. A loop of 5 would cut them into strips of 12.
  const ConvShape shape = conv(1, 8, 16, 56, 3, 1, 1, 1);
  const RowMapping mapping{16, 1, 13, 4, 4, 1, 4};
  const auto parts = rows_to_parts("layer", shape, mapping, RowLimits{});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].layer.op.bound(Dim::p), 52);
  EXPECT_EQ(parts[1].layer.op.bound(Dim::p), 4);
  EXPECT_EQ(parts[0].layer.op.macs() + parts[1].layer.op.macs(), 56 * 56 * 9 * 8 * 16);
  expect_equal(count_passes(row_layer(shape), mapping), counts_of_fine_model(parts), "");
}

}  // namespace
}  // namespace hwflow::chip
