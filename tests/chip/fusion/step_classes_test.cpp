#include "chip/fusion/step_classes.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "workload/network_builder.hpp"

namespace hwflow::chip {
namespace {

/// Two 3x3 convolutions over 12 rows, scanned 2 rows at a time: by hand.
TEST(StepClasses, TellTheBordersFromTheMiddle) {
  NetworkBuilder builder;
  NodeId x = builder.input({1, 12, 12});
  x = builder.conv_bias("a", x, 1, {.kernel = 3, .pad = 1}, Activation::none);
  builder.conv_bias("b", x, 1, {.kernel = 3, .pad = 1}, Activation::none);
  const Network network = std::move(builder).finish("two");
  const FusionGraph graph = make_fusion_graph(network, CompressionPlan::uniform(2, 8, 8), {});
  const Group group = make_group(graph, {0, 2});
  ASSERT_EQ(group.tensors.size(), 3U);  // x, a, b
  const AxisPlan plan(group, Axis::rows, 2);
  const std::vector<Halo> halos(3, Halo::retain);
  const StepClasses classes = step_classes(graph, group, plan, Axis::rows, halos);
  // Step 0 makes rows 0..2 of a and 0..1 of b, then two rows of each; a ends with row 11 in step 5.
  ASSERT_EQ(classes.of_step.size(), 6U);
  EXPECT_EQ(classes.counts.size(), 3U);
  std::vector<const AxisStep*> steps;
  for (const auto& [step, count] : classes.counts) steps.push_back(&step);
  const auto at = [&](std::size_t i) -> const AxisStep& { return *steps[classes.of_step[i]]; };
  EXPECT_EQ(at(0).moved, (std::vector<std::int64_t>{4, 3, 2}));
  EXPECT_EQ(at(0).blocks[0], (BlockAxis{.size = 3, .padding_before = 1}));
  EXPECT_EQ(at(0).blocks[1], (BlockAxis{.size = 2, .padding_before = 1}));
  EXPECT_EQ(at(1).blocks[0], (BlockAxis{.size = 2}));
  EXPECT_EQ(at(1).moved, (std::vector<std::int64_t>{2, 2, 2}));
  for (const std::size_t like_1 : {2, 3, 4}) EXPECT_EQ(classes.of_step[1], classes.of_step[like_1]);
  // Step 4 has made a up to row 10, for which it has fetched row 11 of x, the last.
  EXPECT_EQ(at(5).blocks[0], (BlockAxis{.size = 1, .padding_behind = 1}));
  EXPECT_EQ(at(5).blocks[1], (BlockAxis{.size = 2, .padding_behind = 1}));
  EXPECT_EQ(at(5).moved, (std::vector<std::int64_t>{0, 1, 2}));
}

/// Law: a class stands for steps that are alike; every step is in one.
TEST(StepClasses, CountEveryStepOnce) {
  NetworkBuilder builder;
  NodeId x = builder.input({1, 17, 9});
  x = builder.conv_bias("a", x, 1, {.kernel = 3, .stride = 2, .pad = 1}, Activation::none);
  builder.conv_bias("b", x, 1, {.kernel = 3, .pad = 1}, Activation::none);
  const Network network = std::move(builder).finish("two");
  const FusionGraph graph = make_fusion_graph(network, CompressionPlan::uniform(2, 8, 8), {});
  const Group group = make_group(graph, {0, 2});
  for (const Halo halo : {Halo::retain, Halo::again}) {
    const std::vector<Halo> halos(3, halo);
    const AxisPlan plan(group, Axis::rows, 1, halos);
    const StepClasses classes = step_classes(graph, group, plan, Axis::rows, halos);
    std::vector<std::int64_t> counts(classes.counts.size(), 0), expected;
    for (const std::size_t place : classes.of_step) ++counts[place];
    for (const auto& [step, count] : classes.counts) expected.push_back(count);
    EXPECT_EQ(counts, expected);
    std::int64_t made = 0;
    for (const auto& [step, count] : classes.counts) made += count * step.moved[1];
    EXPECT_EQ(made, plan.moved(1, halo));
  }
}

}  // namespace
}  // namespace hwflow::chip
