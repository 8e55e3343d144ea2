#include "train/quant/quantized_accuracy_model.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <filesystem>
#include <thread>

#include "base/random.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/quant/quantized_checkpoint.hpp"
#include "train/quant/quantized_testing.hpp"
#include "workload/network_builder.hpp"

namespace hwflow::train {
namespace {

/// Residual block with an option-A shortcut, max pooling, a depthwise layer and relu6.
Network small_network() {
  NetworkBuilder b;
  const NodeId input = b.input({2, 12, 12});
  const NodeId first =
      b.conv_bn("first", input, 8, {.kernel = 3, .stride = 1, .pad = 1}, Activation::relu);
  const NodeId branch =
      b.conv_bn("branch", first, 12, {.kernel = 3, .stride = 2, .pad = 1}, Activation::none);
  Node shortcut;
  shortcut.name = "shortcut";
  shortcut.kind = NodeKind::subsample;
  shortcut.inputs = {first};
  shortcut.conv.stride_height = shortcut.conv.stride_width = 2;
  shortcut.channel_pad_before = shortcut.channel_pad_after = 2;
  const NodeId sum = b.add("sum", branch, b.add(shortcut), Activation::relu);
  const NodeId depthwise =
      b.depthwise_bn("depthwise", sum, {.kernel = 3, .stride = 1, .pad = 1}, Activation::relu6);
  const NodeId pooled = b.max_pool("pooled", depthwise, {.kernel = 2, .stride = 2});
  b.fully_connected("last", b.global_average_pool("mean", pooled), 4);
  return std::move(b).finish("small");
}

/// Four classes: which quadrant of the image is bright.
ImageSet quadrants(std::int64_t count, std::uint64_t seed) {
  ImageSet images{.name = "quadrants",
                  .channels = 2,
                  .height = 12,
                  .width = 12,
                  .classes = 4,
                  .pixels = {},
                  .labels = {}};
  Rng rng(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::int64_t>(rng.below(4));
    images.labels.push_back(static_cast<std::uint8_t>(label));
    for (std::int64_t c = 0; c < 2; ++c)
      for (std::int64_t y = 0; y < 12; ++y)
        for (std::int64_t x = 0; x < 12; ++x) {
          const bool bright = (y < 6) == (label < 2) && (x < 6) == (label % 2 == 0);
          const std::int64_t mean = bright ? (c == label % 2 ? 170 : 120) : 90;
          images.pixels.push_back(
              static_cast<std::uint8_t>(mean + static_cast<std::int64_t>(rng.below(85))));
        }
  }
  return images;
}

struct Trained {
  Network network = small_network();
  std::shared_ptr<const Dataset> data;
  WeightMap weights;
  AccuracyModelOptions options;
};

const Trained& trained() {
  static const Trained result = [] {
    Trained t;
    t.data = std::make_shared<const Dataset>(
        Dataset{.train = quadrants(1200, 1), .test = quadrants(600, 2), .files = {}});
    t.options.normalization = {{0.5F, 0.4F}, {0.25F, 0.25F}};
    t.options.search_images = 200;
    t.options.calibration.images = 64;
    TrainOptions o;
    o.epochs = 3;
    o.batch_size = 50;
    o.learning_rate = 0.05;
    o.warmup_epochs = 0.0;
    auto run = train_network(t.network, std::nullopt, t.data->train, t.options.normalization, o);
    t.weights = run.value().weights;
    return t;
  }();
  return result;
}

std::unique_ptr<AccuracyModel> make_model() {
  auto model = make_quantized_accuracy_model(trained().network, trained().weights, trained().data,
                                             trained().options);
  EXPECT_TRUE(model.has_value());
  return std::move(*model);
}

QuantizedNetwork quantize(const PrecisionPlan& plan) {
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 64; ++i) indices.push_back(i);
  auto calibrated = CalibratedNetwork::make(folded.network, folded.weights, trained().data->train,
                                            indices, trained().options.normalization, {});
  EXPECT_TRUE(calibrated.has_value());
  return (*calibrated)->quantize(plan);
}

TEST(QuantizedAccuracyModel, EightBitsKeepTheFloatAccuracy) {
  const auto model = make_model();
  const AccuracyEstimate real = model->float_search_accuracy();
  EXPECT_EQ(real.total, 200);
  EXPECT_GT(real.top1(), 0.9);
  EXPECT_NEAR(model->evaluate(PrecisionPlan::uniform(4, 8, 8)).top1(), real.top1(), 0.02);
  EXPECT_NEAR(model->evaluate(PrecisionPlan::uniform(4, 32, 32)).top1(), real.top1(), 0.03);
}

TEST(QuantizedAccuracyModel, ConcurrentCallsGiveWhatSingleOnesGive) {
  const auto alone = make_model();
  const auto together = make_model();
  std::vector<AccuracyEstimate> expected, got(4);
  for (int i = 0; i < 4; ++i)
    expected.push_back(alone->evaluate(PrecisionPlan::uniform(4, 2 + i, 5 - i)));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const int bits = static_cast<int>(i);
      got[i] = together->evaluate(PrecisionPlan::uniform(4, 2 + bits, 5 - bits));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, expected);
}

TEST(QuantizedAccuracyModel, FinishIsRepeatableAndBothWaysAgree) {
  FinetuneOptions options;
  options.epochs = 1;
  options.batch_size = 50;
  const auto model = make_model();
  const PrecisionPlan plan = PrecisionPlan::uniform(4, 3, 3);
  const FinishedPlan first = model->finish(plan, options, {}, {});
  const FinishedPlan again = make_model()->finish(plan, options, {}, {});
  EXPECT_EQ(first.network, again.network);
  EXPECT_EQ(first.correct, again.correct);
  EXPECT_EQ(first.fake_quantized, first.integer);
  EXPECT_GT(first.integer.top1(), 0.8);
  EXPECT_EQ(first.network.plan, plan);
}

TEST(QuantizedAccuracyModel, RefusesMissingTensorsAndTooManySearchImages) {
  WeightMap weights = trained().weights;
  weights.erase("last.weight");
  AccuracyModelOptions options = trained().options;
  options.search_images = 5000;
  const auto model =
      make_quantized_accuracy_model(trained().network, weights, trained().data, options);
  ASSERT_FALSE(model.has_value());
  ASSERT_EQ(model.error().size(), 2U);
  EXPECT_EQ(model.error()[0].place, "last.weight");
  EXPECT_EQ(model.error()[1].place, "search_images");
}

TEST(FakeQuantizedNetwork, LogitsEqualTheIntegerExecutorsOnEveryImage) {
  const PrecisionPlan plans[] = {PrecisionPlan::uniform(4, 8, 8),
                                 PrecisionPlan::uniform(4, 4, 4),
                                 PrecisionPlan::uniform(4, 1, 2),
                                 PrecisionPlan::uniform(4, 16, 16),
                                 {{{8, 8}, {2, 3}, {5, 16}, {16, 4}}}};
  for (const PrecisionPlan& plan : plans) {
    SCOPED_TRACE(to_text(plan));
    const QuantizedNetwork quantized = quantize(plan);
    const auto executor = IntegerExecutor::make(*to_integer_network(quantized));
    ASSERT_TRUE(executor.has_value());
    const ImageSet& test = trained().data->test;
    const auto logits = executor->logits(test.pixels, test.count(), 1);
    std::vector<std::int64_t> all(static_cast<std::size_t>(test.count()));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    const torch::Tensor fake =
        exact_logits(quantized, to_tensor(test, quantized.normalization, all)).contiguous();
    // 16-bit grids have so many codes that a few lie within 2^-31 of a tie: one code of 65536.
    const double tolerance = plan.layers[0].inputs > 8 || plan.layers[2].inputs > 8 ? 1e-3 : 1e-6;
    int differing = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
      differing += std::abs(static_cast<double>(logits[i]) * executor->logit_unit() -
                            fake.data_ptr<double>()[i]) > tolerance
                       ? 1
                       : 0;
    EXPECT_EQ(differing, 0);
  }
}

TEST(QuantizedCheckpoint, BothFormatsRoundTrip) {
  const QuantizedNetwork quantized = quantize({{{8, 8}, {2, 3}, {5, 32}, {16, 4}}});
  const std::filesystem::path file =
      std::filesystem::path(testing::TempDir()) / "hwflow_quantized.safetensors";
  write_quantized_network(file, quantized);
  const auto read = read_quantized_network(file, trained().network);
  ASSERT_TRUE(read.has_value()) << to_text(read.error());
  EXPECT_EQ(*read, quantized);
  EXPECT_FALSE(to_integer_network(quantized).has_value());  // a float width

  const IntegerNetwork integers = *to_integer_network(quantize(PrecisionPlan::uniform(4, 4, 4)));
  write_integer_network(file, integers);
  const auto back = read_integer_network(file, trained().network);
  ASSERT_TRUE(back.has_value()) << to_text(back.error());
  EXPECT_EQ(*back, integers);
  EXPECT_FALSE(read_quantized_network(file, trained().network).has_value());  // another format
  std::filesystem::remove(file);
}

TEST(QuantizedNetwork, CorrectedBiasesBringTheMeansBack) {
  // With correction the mean of the last layer's logits equals the float network's on these images,
  // but for the rounding of the bias to the unit of the sum.
  const QuantizedNetwork quantized = quantize(PrecisionPlan::uniform(4, 3, 3));
  const IntegerExecutor executor = *IntegerExecutor::make(*to_integer_network(quantized));
  const std::size_t used = 64 * 2 * 12 * 12;
  const auto logits = executor.logits({trained().data->train.pixels.data(), used}, 64, 1);
  NetworkModule real(trained().network);
  load_weights(real, trained().weights);
  real.eval();
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < 64; ++i) indices.push_back(i);
  const torch::NoGradGuard no_gradients;
  const torch::Tensor means =
      real.forward(to_tensor(trained().data->train, trained().options.normalization, indices))
          .mean(0);
  for (std::size_t k = 0; k < 4; ++k) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 64; ++i)
      sum += static_cast<double>(logits[i * 4 + k]) * executor.logit_unit();
    const IntegerNode& last = executor.network().nodes.back();
    const double unit = last.compute->scales[k] * last.inputs[0].scale;
    EXPECT_NEAR(sum / 64.0, means.data_ptr<float>()[k], 0.5 * unit + 1e-4) << k;
  }
}

}  // namespace
}  // namespace hwflow::train
