#include "study/finished_plan_codec.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/study/small_world.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::study {
namespace {

train::FinishedPlan an_example() {
  FakeAccuracyModel model;
  return model.finish(CompressionPlan::uniform(4, 4, 8), {}, {}, {}).value();
}

void expect_equal(const train::FinishedPlan& a, const train::FinishedPlan& b) {
  EXPECT_EQ(a.fake_quantized, b.fake_quantized);
  EXPECT_EQ(a.integer, b.integer);
  EXPECT_EQ(a.held_out, b.held_out);
  EXPECT_EQ(a.correct, b.correct);
  EXPECT_EQ(a.network, b.network);
  EXPECT_EQ(a.seconds, b.seconds);
}

TEST(FinishedPlanCodec, RoundTrip) {
  train::FinishedPlan plan = an_example();
  plan.network.plan.channels = {2, 1, 3};
  plan.network.kept = {{{0, 3}, {1}, {0, 1, 7}}};
  const auto back = decode_finished_plan(encode_finished_plan(plan));
  ASSERT_TRUE(back.has_value());
  expect_equal(plan, *back);
}

TEST(FinishedPlanCodec, EveryBuiltInNetworkSurvives) {
  for (const BuiltinNetwork& row : builtin_networks()) {
    train::FinishedPlan plan = an_example();
    plan.network.network = row.build();
    plan.network.nodes.resize(plan.network.network.nodes().size());
    const auto back = decode_finished_plan(encode_finished_plan(plan));
    ASSERT_TRUE(back.has_value()) << row.name;
    EXPECT_EQ(plan.network, back->network) << row.name;
  }
}

TEST(FinishedPlanCodec, RefusesEveryShorterText) {
  const std::string bytes = encode_finished_plan(an_example());
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    ASSERT_FALSE(decode_finished_plan(bytes.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_finished_plan(bytes + "x").has_value());
}

TEST(FinishedPlanCodec, RefusesEveryFlippedBit) {
  const std::string bytes = encode_finished_plan(an_example());
  Rng rng(9);
  for (int trial = 0; trial < 500; ++trial) {
    std::string broken = bytes;
    broken[rng.below(broken.size())] ^= static_cast<char>(1U << rng.below(8));
    ASSERT_FALSE(decode_finished_plan(broken).has_value()) << "trial " << trial;
  }
}

}  // namespace
}  // namespace hwflow::study
