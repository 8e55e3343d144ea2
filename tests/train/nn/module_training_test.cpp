#include "train/nn/module_training.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/enum_names.hpp"
#include "tests/train/nn/small_networks.hpp"
#include "tests/train/nn/temporary_folder.hpp"
#include "train/nn/adversary.hpp"

namespace hwflow::train {
namespace {

using testing::HasSubstr;

const Normalization kHalf{{0.5F}, {0.5F}};

/// 3 -> 8 -> 2 classes on 1 x 6 x 6 images, with BatchNorm and a global average.
Network tiny_network() {
  Node conv = make_node("conv1", NodeKind::convolution, {0});
  conv.conv.out_channels = 8;
  conv.conv.kernel_height = conv.conv.kernel_width = 3;
  conv.conv.pad_top = conv.conv.pad_left = conv.conv.pad_bottom = conv.conv.pad_right = 1;
  conv.has_batch_norm = true;
  conv.activation = Activation::relu;
  Node pool = make_node("pool", NodeKind::average_pooling, {1});
  pool.conv.kernel_height = pool.conv.kernel_width = 0;
  Node head = make_node("fc", NodeKind::fully_connected, {2});
  head.conv.out_channels = 2;
  head.has_bias = true;
  return Network::make("tiny", {make_input({1, 6, 6}), conv, pool, head}).value();
}

/// Class 0: horizontal stripes, class 1: vertical stripes, both with noise. A global average of
/// pixels cannot tell them apart; a trained 3 x 3 filter can.
ImageSet stripes(std::int64_t count, std::uint64_t seed) {
  ImageSet images{.name = "stripes", .channels = 1, .height = 6, .width = 6, .classes = 2};
  Rng rng(seed);
  for (std::int64_t i = 0; i < count; ++i) {
    const bool vertical = rng.below(2) == 1;
    const auto phase = static_cast<int>(rng.below(2));
    for (int y = 0; y < 6; ++y)
      for (int x = 0; x < 6; ++x) {
        const int base = ((vertical ? x : y) + phase) % 2 == 0 ? 40 : 200;
        images.pixels.push_back(static_cast<std::uint8_t>(base + rng.between(-30, 30)));
      }
    images.labels.push_back(vertical ? 1 : 0);
  }
  return images;
}

TrainOptions quick_options() {
  TrainOptions options;
  options.epochs = 6;
  options.batch_size = 16;
  options.augmentation = {.pad = 1, .flip = true};
  return options;
}

Expected<TrainedNetwork> train_tiny(const TrainOptions& options, std::stop_token stop = {},
                                    const EpochProgress& progress = {}) {
  return train_network(tiny_network(), std::nullopt, stripes(200, 1), kHalf, options, progress,
                       std::move(stop));
}

TEST(ModuleTraining, LearnsWhatCanBeLearnt) {
  const auto trained = train_tiny(quick_options());
  ASSERT_TRUE(trained) << to_text(trained.error());
  ASSERT_EQ(trained->epochs.size(), 6U);
  EXPECT_LT(trained->epochs.back().loss, 0.5 * trained->epochs.front().loss);
  const ImageSet unseen = stripes(500, 2);
  const auto correct = correct_images(tiny_network(), trained->weights, unseen, kHalf, {});
  ASSERT_TRUE(correct);
  EXPECT_GE(std::accumulate(correct->begin(), correct->end(), 0), 490);
}

TEST(ModuleTraining, LossOfTheFirstStepIsTheCrossEntropy) {
  // All weights zero: both outputs 0, so the loss is ln 2 whatever the label; with smoothing too.
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.batch_size = 200;
  for (const double smoothing : {0.0, 0.2}) {
    options.label_smoothing = smoothing;
    NetworkModule module(tiny_network());
    const auto reports = train_module(module, stripes(200, 1), kHalf, options, {}, {});
    ASSERT_TRUE(reports);
    EXPECT_NEAR(reports->at(0).loss, std::log(2.0), 1e-6);
  }
}

TEST(ModuleTraining, DistillationIsTheSoftenedDivergenceTimesTheSquaredTemperature) {
  // Student: all weights zero, probabilities 1/2. Teacher: only the head's bias (0, 4), temperature
  // 2, so it wants p = 1 / (1 + e^2) and 1 - p. Divergence: p ln 2p + (1 - p) ln 2(1 - p).
  NetworkModule teacher(tiny_network());
  {
    const torch::NoGradGuard no_gradients;
    teacher.tensors(3).bias[1] = 4.0F;
  }
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.batch_size = 200;
  options.temperature = 2.0;
  const double p = 1.0 / (1.0 + std::exp(2.0));
  const double divergence = p * std::log(2.0 * p) + (1.0 - p) * std::log(2.0 * (1.0 - p));
  for (const double share : {0.25, 1.0}) {
    options.distillation = share;
    NetworkModule module(tiny_network());
    const auto reports = train_module(module, stripes(200, 1), kHalf, options, {}, {}, &teacher);
    ASSERT_TRUE(reports);
    EXPECT_NEAR(reports->at(0).loss, share * 4.0 * divergence + (1.0 - share) * std::log(2.0),
                1e-6);
  }
}

TEST(ModuleTraining, ANetworkAsTeacherTeachesAsItsModuleDoes) {
  Teacher teacher{tiny_network(), train_tiny(quick_options())->weights};
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.distillation = 0.75;
  const auto by_network = train_network(tiny_network(), std::nullopt, stripes(200, 1), kHalf,
                                        options, {}, {}, &teacher);
  ASSERT_TRUE(by_network);
  NetworkModule module(tiny_network()), teaching(tiny_network());
  initialise(module, options.seed);
  load_weights(teaching, teacher.weights);
  ASSERT_TRUE(train_module(module, stripes(200, 1), kHalf, options, {}, {}, &teaching));
  EXPECT_EQ(by_network->weights, weights_of(module));
}

TEST(ModuleTraining, ATrainingWithAnotherTeacherIsNotResumed) {
  const TemporaryFolder folder;
  Teacher teacher{tiny_network(), train_tiny(quick_options())->weights};
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.distillation = 0.5;
  options.checkpoint = folder.path() / "checkpoint.safetensors";
  const auto train = [&] {
    return train_network(tiny_network(), std::nullopt, stripes(200, 1), kHalf, options, {}, {},
                         &teacher);
  };
  ASSERT_TRUE(train());
  options.resume = true;
  ASSERT_TRUE(train());
  teacher.weights.begin()->second.values.front() += 1.0F;
  const auto refused = train();
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_text(refused.error()), testing::HasSubstr("teacher weights"));
}

TEST(ModuleTraining, SameSeedSameWeights) {
  const auto first = train_tiny(quick_options());
  const auto again = train_tiny(quick_options());
  TrainOptions other = quick_options();
  other.seed = 2;
  const auto different = train_tiny(other);
  ASSERT_TRUE(first && again && different);
  EXPECT_EQ(first->weights, again->weights);
  EXPECT_NE(first->weights, different->weights);
}

TEST(ModuleTraining, AResumedRunEndsBitForBitAsTheUninterruptedOne) {
  const TemporaryFolder folder;
  TrainOptions options = quick_options();
  const auto whole = train_tiny(options);
  options.checkpoint = folder.path() / "checkpoint.safetensors";
  options.resume = true;
  std::stop_source stop;
  const auto part = train_tiny(options, stop.get_token(), [&](const EpochReport& report) {
    if (report.epoch == 3) stop.request_stop();
  });
  ASSERT_TRUE(part) << to_text(part.error());
  EXPECT_TRUE(part->stopped);
  EXPECT_EQ(part->epochs.size(), 3U);
  const auto rest = train_tiny(options);
  ASSERT_TRUE(rest) << to_text(rest.error());
  ASSERT_TRUE(whole);
  ASSERT_EQ(rest->epochs.size(), 6U);  // those of the run before are told again
  EXPECT_EQ(std::vector(rest->epochs.begin(), rest->epochs.begin() + 3), part->epochs);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(rest->epochs[i].epoch, static_cast<int>(i) + 1);
    EXPECT_EQ(rest->epochs[i].loss, whole->epochs[i].loss);
  }
  EXPECT_EQ(rest->weights, whole->weights);
  EXPECT_FALSE(rest->stopped);
}

ImageSet black_images() {
  ImageSet black = stripes(32, 1);
  std::fill(black.pixels.begin(), black.pixels.end(), std::uint8_t{0});
  return black;
}

/// All of them at once, without momentum.
TrainOptions one_plain_step() {
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.batch_size = 32;
  options.warmup_epochs = 0.0;
  options.schedule = Schedule::step;
  options.momentum = 0.0;
  options.nesterov = false;
  options.learning_rate = 0.5;
  return options;
}

TEST(ModuleTraining, WeightDecaySparesNormsAndBiasesUnlessAsked) {
  // With zero images every gradient of the head's weight vanishes; only the decay moves it.
  const ImageSet black = black_images();
  TrainOptions options = one_plain_step();
  options.weight_decay = 0.1;
  const Normalization plain{{0.0F}, {1.0F}};
  for (const bool all : {false, true}) {
    options.decay_norm_and_bias = all;
    NetworkModule module(tiny_network());
    initialise(module, 1);
    const WeightMap before = weights_of(module);
    ASSERT_TRUE(train_module(module, black, plain, options, {}, {}));
    const WeightMap after = weights_of(module);
    // BatchNorm's gain: its input is constant, so no gradient; 1 - 0.5 * 0.1 only when asked.
    EXPECT_NEAR(after.at("conv1.batch_norm.weight").values[0], all ? 0.95 : 1.0, 1e-6);
    EXPECT_NEAR(after.at("conv1.weight").values[0], 0.95 * before.at("conv1.weight").values[0],
                1e-6);
  }
}

TEST(ModuleTraining, RefusesWhatDoesNotFitAllAtOnce) {
  TrainOptions options = quick_options();
  options.device = "tpu";
  ImageSet images = stripes(20, 1);
  images.classes = 3;
  images.height = 5;
  const auto trained = train_network(tiny_network(), std::nullopt, images, kHalf, options, {}, {});
  ASSERT_FALSE(trained);
  const std::string text = to_text(trained.error());
  EXPECT_THAT(text, HasSubstr("reads images of 1 x 6 x 6"));
  EXPECT_THAT(text, HasSubstr("2 outputs for the 3 classes"));
  EXPECT_THAT(text, HasSubstr("device tpu"));
}

TEST(ModuleTraining, FindsDevicesOrSaysWhyNot) {
  EXPECT_TRUE(find_device("cpu"));
  for (const char* name : {"gpu", "cuda:x", "cuda:", "cuda:99", ""}) {
    EXPECT_FALSE(find_device(name)) << name;
  }
}

TEST(ModuleTraining, ACheckpointOfOtherSettingsIsRefused) {
  const TemporaryFolder folder;
  TrainOptions options = quick_options();
  options.epochs = 1;
  options.checkpoint = folder.path() / "checkpoint.safetensors";
  ASSERT_TRUE(train_tiny(options));
  options.resume = true;
  EXPECT_TRUE(train_tiny(options));
  options.learning_rate = 0.05;
  const auto refused = train_tiny(options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_text(refused.error()), HasSubstr("learning rate 0.1 there, 0.05 here"));
}

TrainOptions adversarial_options(AdversaryMethod method) {
  TrainOptions options = quick_options();
  options.adversary = {.method = method, .eps = 40.0 / 255.0, .steps = 3, .replays = 2};
  return options;
}

/// PGD's steps by hand on the tiny task; the share that stays right.
double robust_accuracy(const WeightMap& weights) {
  NetworkModule module(tiny_network());
  load_weights(module, weights);
  const Adversary adversary({.method = AdversaryMethod::pgd, .eps = 70.0 / 255.0}, kHalf,
                            torch::kCPU);
  const ImageSet unseen = stripes(300, 2);
  std::vector<std::int64_t> indices(300);
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  const std::vector<std::int64_t> labels(unseen.labels.begin(), unseen.labels.end());
  Rng rng(5);
  return adversary.robust_share(module, to_tensor(unseen, kHalf, indices),
                                torch::tensor(labels, torch::kInt64), rng);
}

TEST(AdversarialTraining, MakesTheNetworkHarderToFool) {
  TrainOptions plain_options = quick_options();
  plain_options.epochs = 15;
  const double plain = robust_accuracy(train_tiny(plain_options)->weights);
  for (const AdversaryMethod method :
       {AdversaryMethod::fast, AdversaryMethod::pgd, AdversaryMethod::free}) {
    TrainOptions options = adversarial_options(method);
    options.epochs = 15;
    const auto trained = train_tiny(options);
    ASSERT_TRUE(trained) << to_text(trained.error());
    EXPECT_GT(robust_accuracy(trained->weights), plain) << enum_name(method);
    EXPECT_TRUE(trained->epochs.front().robust_accuracy.has_value());
  }
}

TEST(AdversarialTraining, BeingWatchedChangesNoWeight) {
  TrainOptions options = adversarial_options(AdversaryMethod::fast);
  const auto watched = train_tiny(options);
  options.adversary.watch = false;
  const auto alone = train_tiny(options);
  EXPECT_EQ(watched->weights, alone->weights);
  EXPECT_FALSE(alone->epochs.front().robust_accuracy.has_value());
}

TEST(AdversarialTraining, AResumedRunEndsBitForBitAsTheUninterruptedOne) {
  for (const AdversaryMethod method : {AdversaryMethod::fast, AdversaryMethod::free}) {
    const TemporaryFolder folder;
    TrainOptions options = adversarial_options(method);
    const auto whole = train_tiny(options);
    options.checkpoint = folder.path() / "checkpoint.safetensors";
    options.resume = true;
    std::stop_source stop;
    ASSERT_TRUE(train_tiny(options, stop.get_token(), [&](const EpochReport& report) {
      if (report.epoch == 3) stop.request_stop();
    }));
    const auto rest = train_tiny(options);
    ASSERT_TRUE(rest) << to_text(rest.error());
    EXPECT_EQ(rest->weights, whole->weights);
    EXPECT_EQ(rest->epochs[1].robust_accuracy, whole->epochs[1].robust_accuracy);
    options.adversary.eps = 0.01;
    EXPECT_THAT(to_text(train_tiny(options).error()), HasSubstr("adversary"));
  }
}

TEST(AdversarialTraining, EndsWithTheWeightsBeforeACollapse) {
  // A rate that throws the network off after three epochs: the weights of the third are kept.
  TrainOptions options = adversarial_options(AdversaryMethod::fast);
  options.schedule = Schedule::step;
  options.warmup_epochs = 0.0;
  options.learning_rate = 1e-3;
  options.epochs = 3;
  NetworkModule start(tiny_network());
  load_weights(start, train_tiny(adversarial_options(AdversaryMethod::pgd))->weights);
  const WeightMap initial = weights_of(start);
  const auto train = [&](const TrainOptions& o) {
    return train_network(tiny_network(), initial, stripes(200, 1), kHalf, o, {}, {});
  };
  const auto three = train(options);
  ASSERT_TRUE(three);
  ASSERT_FALSE(three->epochs.back().collapsed);
  options.epochs = 6;
  options.step_epochs = {};
  options.on_step = [&](double epochs) {
    if (epochs >= 3.0) options.learning_rate = 100.0;  // seen by the trainer, which holds `options`
  };
  // train_network() copies its options: train_module() does not.
  NetworkModule module(tiny_network());
  load_weights(module, initial);
  const auto reports = train_module(module, stripes(200, 1), kHalf, options, {}, {});
  ASSERT_TRUE(reports);
  ASSERT_EQ(reports->size(), 4U);
  EXPECT_TRUE(reports->back().collapsed);
  EXPECT_LT(*reports->at(3).robust_accuracy, *reports->at(2).robust_accuracy - 0.2);
  EXPECT_EQ(weights_of(module), three->weights);
}

TEST(ModuleTraining, NormsDecayByTheirOwn) {
  const ImageSet black = black_images();
  TrainOptions options = one_plain_step();
  options.weight_decay = 0.0;
  options.norm_decay = 0.1;
  NetworkModule module(tiny_network());
  initialise(module, 1);
  const WeightMap before = weights_of(module);
  ASSERT_TRUE(train_module(module, black, {{0.0F}, {1.0F}}, options, {}, {}));
  const WeightMap after = weights_of(module);
  EXPECT_NEAR(after.at("conv1.batch_norm.weight").values[0], 1.0 - 0.5 * 0.1, 1e-6);
  EXPECT_EQ(after.at("conv1.weight"), before.at("conv1.weight"));
}

TEST(ModuleTraining, WeightsAreCutAfterEveryStep) {
  TrainOptions options = quick_options();
  options.weight_clip = 0.125;
  const WeightMap weights = train_tiny(options)->weights;
  const auto largest = [&](const char* name) {
    float most = 0.0F;
    for (const float w : weights.at(name).values) most = std::max(most, std::abs(w));
    return most;
  };
  EXPECT_EQ(largest("conv1.weight"), 0.125F);  // some weight wants to be larger
  EXPECT_LE(largest("fc.weight"), 0.125F);
  EXPECT_GT(largest("conv1.batch_norm.weight"), 0.125F) << "gains are no weights";
}

}  // namespace
}  // namespace hwflow::train
