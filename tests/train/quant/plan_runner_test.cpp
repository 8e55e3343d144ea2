#include "train/quant/plan_runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/random.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/nn/weight_shapes.hpp"
#include "train/quant/integer_executor.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

constexpr std::int64_t kImages = 40;
constexpr std::size_t kLarge = std::size_t{1} << 28U, kSmall = 60'000;

/// What the runner promises, without anything shared.
std::vector<std::int32_t> alone(CalibratedNetwork& calibrated, const CompressionPlan& plan,
                                std::span<const std::uint8_t> pixels, std::int64_t count,
                                bool reestimate) {
  const QuantizedNetwork quantized = calibrated.quantize(plan, QuantizerMethod::lsq, reestimate);
  return IntegerExecutor::make(*to_integer_network(quantized))->predict(pixels, count, 1);
}

struct Case {
  std::shared_ptr<CalibratedNetwork> calibrated;
  std::vector<std::uint8_t> pixels;
  std::size_t layers = 0;
};

Case quadrants_case() {
  const ImageSet& test = trained().data->test;
  const std::size_t used = static_cast<std::size_t>(kImages) * 2 * 12 * 12;
  return {calibrated_quadrants(),
          {test.pixels.begin(), test.pixels.begin() + static_cast<std::ptrdiff_t>(used)},
          4};
}

/// Branches that meet in a concatenation, a convolution in groups (no narrow kernel), a node read
/// by an addition and a layer, and logits that are a sum of two layers.
Network branched_network() {
  NetworkBuilder b;
  const NodeId input = b.input({2, 8, 8});
  const NodeId left = b.conv_bias("left", input, 4, {.kernel = 3, .pad = 1}, Activation::relu);
  const NodeId right = b.conv_bias("right", input, 4, {.kernel = 1}, Activation::relu6);
  const NodeId both = b.concat("concat", {left, right});
  const NodeId grouped =
      b.conv_bias("grouped", both, 8, {.kernel = 3, .pad = 1}, Activation::none, /*groups=*/2);
  const NodeId sum = b.add("sum", grouped, both, Activation::relu);
  const NodeId pooled = b.max_pool("pooled", sum, {.kernel = 2, .stride = 2});
  const NodeId mean = b.global_average_pool("mean", pooled);
  const NodeId one = b.fully_connected("one", mean, 5);
  const NodeId other = b.fully_connected("other", pooled, 5);
  b.add("logits", one, other, Activation::none);
  return std::move(b).finish("branched");
}

/// Random weights; the second channel of "left" is dead beside its bias.
Case branched_case() {
  const Network network = branched_network();
  Rng rng(20261127);
  WeightMap weights;
  for (const auto& [name, shape] : expected_tensors(network)) {
    FloatTensor& tensor = weights[name];
    tensor.shape = shape;
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    for (std::int64_t i = 0; i < count; ++i)
      tensor.values.push_back(static_cast<float>(0.3 * rng.normal()));
  }
  for (std::size_t i = 18; i < 36; ++i) weights.at("left.weight").values[i] = 0.0F;
  weights.at("left.bias").values[1] = 0.5F;
  ImageSet images{"noise", 2, 8, 8, 5, {}, {}};
  images.pixels.resize(static_cast<std::size_t>(kImages) * 2 * 8 * 8);
  images.labels.resize(static_cast<std::size_t>(kImages));
  for (std::uint8_t& pixel : images.pixels) pixel = static_cast<std::uint8_t>(rng.below(256));
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < kImages; ++i) indices.push_back(i);
  const FoldedNetwork folded = fold_for_quantization(network, weights);
  return {CalibratedNetwork::make(folded.network, folded.weights, images, indices,
                                  {{0.5F, 0.5F}, {0.25F, 0.25F}}, {.correction_images = 16})
              .value(),
          images.pixels, 5};
}

/// Plans that have much in common, in an order of no meaning.
std::vector<CompressionPlan> related_plans(std::size_t layers, std::size_t count,
                                           std::uint64_t seed) {
  Rng rng(seed);
  const auto width = [&] { return static_cast<int>(rng.between(1, 8)); };
  std::vector<CompressionPlan> plans{CompressionPlan::uniform(layers, 8, 8)};
  while (plans.size() < count) {
    CompressionPlan plan = plans[rng.below(plans.size())];
    PrecisionPair& layer = plan.layers[rng.below(layers)];
    if (rng.below(2) == 0)
      layer.weights = width();
    else
      layer.inputs = width();
    plans.push_back(plan);
  }
  return plans;
}

void expect_results_of_plans_alone(const Case& c, bool reestimate, std::size_t cache_bytes) {
  PlanRunner runner(c.calibrated, c.pixels, kImages, reestimate, cache_bytes);
  for (const CompressionPlan& plan : related_plans(c.layers, 60, 5)) {
    ASSERT_TRUE(runner.can_run(plan));
    ASSERT_EQ(runner.predict(plan), alone(*c.calibrated, plan, c.pixels, kImages, reestimate))
        << to_text(plan);
    EXPECT_LE(runner.cache_bytes(), cache_bytes);
  }
}

TEST(PlanRunner, EqualsTheExecutorWithAnyRoomForCodes) {
  const Case quadrants = quadrants_case(), branched = branched_case();
  for (const bool reestimate : {false, true})
    for (const std::size_t bytes : {std::size_t{0}, kSmall, kLarge}) {
      SCOPED_TRACE(testing::Message() << "reestimate " << reestimate << ", " << bytes << " bytes");
      expect_results_of_plans_alone(quadrants, reestimate, bytes);
      expect_results_of_plans_alone(branched, reestimate, bytes);
    }
}

TEST(PlanRunner, OrderAndThreadsChangeNothing) {
  const Case c = branched_case();
  std::vector<CompressionPlan> plans = related_plans(c.layers, 60, 6);
  std::vector<std::vector<std::int32_t>> expected, got(plans.size());
  PlanRunner first(c.calibrated, c.pixels, kImages, true, kLarge);
  for (const CompressionPlan& plan : plans) expected.push_back(first.predict(plan));
  PlanRunner backward(c.calibrated, c.pixels, kImages, true, kSmall);
  for (std::size_t i = plans.size(); i-- > 0;) got[i] = backward.predict(plans[i]);
  EXPECT_EQ(got, expected);
  PlanRunner together(c.calibrated, c.pixels, kImages, true, kLarge);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < plans.size(); i += 4) got[i] = together.predict(plans[i]);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, expected);
}

TEST(PlanRunner, OtherImagesGetTheirOwnCodes) {
  const Case c = quadrants_case();
  const std::size_t image = 2 * 12 * 12;
  const std::vector<std::uint8_t> others(c.pixels.rbegin(), c.pixels.rend());
  PlanRunner runner(c.calibrated, c.pixels, kImages, true, kLarge);
  const CompressionPlan plan = CompressionPlan::uniform(c.layers, 3, 4);
  for (int time = 0; time < 3; ++time) {
    EXPECT_EQ(runner.predict(plan), alone(*c.calibrated, plan, c.pixels, kImages, true));
    EXPECT_EQ(runner.predict(plan, {others.data(), 7 * image}, 7),
              alone(*c.calibrated, plan, {others.data(), 7 * image}, 7, true));
  }
}

/// MACs per image of the layers: first 12*12*8*2*9, branch 6*6*12*8*9, depthwise 6*6*12*9,
/// last 12*4.
constexpr std::int64_t kFirst = 20736, kBranch = 31104, kDepthwise = 3888, kLast = 48;

TEST(PlanRunner, RunsOnlyWhatThePlansBeforeDidNot) {
  const Case c = quadrants_case();
  PlanRunner runner(c.calibrated, c.pixels, kImages, true, kLarge);
  const auto macs_of = [&](const CompressionPlan& plan) {
    const std::int64_t before = runner.macs_run();
    (void)runner.predict(plan);
    return runner.macs_run() - before;
  };
  const std::int64_t all = kFirst + kBranch + kDepthwise + kLast;
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 4);
  EXPECT_EQ(macs_of(plan), all);
  EXPECT_EQ(macs_of(plan), all) << "kept from the second time on";
  EXPECT_EQ(macs_of(plan), kLast) << "only codes are kept, not logits";
  CompressionPlan other = plan;
  other.layers[2].weights = 3;
  EXPECT_EQ(macs_of(other), kDepthwise + kLast);
  other.layers[2].inputs = 3;  // a grid that the addition has not written, from what it adds
  EXPECT_EQ(macs_of(other), kDepthwise + kLast);
  other = plan;
  other.layers[1].weights = 3;
  EXPECT_EQ(macs_of(other), kBranch + kDepthwise + kLast) << "the shortcut is not computed again";
  PlanRunner forgetful(c.calibrated, c.pixels, kImages, true, 0);
  for (int time = 1; time <= 3; ++time) {
    (void)forgetful.predict(plan);
    EXPECT_EQ(forgetful.macs_run(), time * all);
  }
}

TEST(PlanRunner, LeavesWideCodesToOthers) {
  const Case c = quadrants_case();
  const PlanRunner runner(c.calibrated, c.pixels, kImages, true, kLarge);
  EXPECT_TRUE(runner.can_run(CompressionPlan::uniform(4, 8, 8)));
  EXPECT_FALSE(runner.can_run(CompressionPlan::uniform(4, 9, 8)));
  EXPECT_FALSE(runner.can_run(CompressionPlan::uniform(4, 8, 16)));
}

}  // namespace
}  // namespace hwflow::train
