#include "train/quant/quantized_training.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "tests/train/nn/temporary_folder.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/nn/image_batch.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/quantized_testing.hpp"

namespace hwflow::train {
namespace {

const CompressionPlan kPlan{{{8, 8}, {2, 2}, {2, 2}, {8, 8}}};

QuantizedTraining quick() {
  QuantizedTraining training;
  training.options.epochs = 3;
  training.options.batch_size = 50;
  training.options.learning_rate = 0.01;
  training.options.warmup_epochs = 0.0;
  return training;
}

Teacher float_quadrants() {
  FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  return {std::move(folded.network), std::move(folded.weights)};
}

Expected<TrainedQuantized> train(const QuantizedTraining& training, const ImageSet& images,
                                 const Teacher* teacher = nullptr, std::stop_token stop = {},
                                 const EpochProgress& progress = {}) {
  const auto calibrated = calibrated_quadrants();
  return train_quantized(calibrated->quantize(kPlan), calibrated->sums(), images, training, teacher,
                         progress, stop);
}

std::int64_t right(const QuantizedNetwork& network) {
  const std::vector<std::uint8_t> correct =
      test_integers(to_integer_network(network).value(), trained().data->test, 1);
  return std::accumulate(correct.begin(), correct.end(), std::int64_t{0});
}

TEST(QuantizedTraining, BatchNormIsGoneAfterItAndTheIntegersSayTheSame) {
  const auto result = train(quick(), trained().data->train);
  ASSERT_TRUE(result) << to_text(result.error());
  EXPECT_LT(result->epochs.back().loss, 0.9 * result->epochs.front().loss);
  for (const Node& node : result->network.network.nodes()) EXPECT_FALSE(node.has_batch_norm);
  EXPECT_GE(right(result->network), 540);  // of 600
  EXPECT_EQ(test_integers(to_integer_network(result->network).value(), trained().data->test, 1),
            test_fake_quantized(result->network, trained().data->test));
}

/// Largest difference of means and deviations from `target`, in its deviations, over all channels
/// of the convolutions.
double largest_difference(const Network& network, std::span<const SumStatistics> sums,
                          std::span<const SumStatistics> target) {
  double largest = 0.0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (network.nodes()[i].kind != NodeKind::convolution) continue;
    for (std::size_t k = 0; k < sums[i].sum.size(); ++k) {
      const auto mean_of = [&](const SumStatistics& s) {
        return s.sum[k] / static_cast<double>(s.count);
      };
      const auto deviation_of = [&](const SumStatistics& s) {
        return std::sqrt(s.squares[k] / static_cast<double>(s.count) - mean_of(s) * mean_of(s));
      };
      const double unit = deviation_of(target[i]);
      largest = std::max({largest, std::abs(mean_of(sums[i]) - mean_of(target[i])) / unit,
                          std::abs(deviation_of(sums[i]) - unit) / unit});
    }
  }
  return largest;
}

/// Nothing is learned at this rate: the norms keep the sums that they were made with, and what they
/// saw in training must have them in the end.
TEST(QuantizedTraining, SumsAreThoseOfImagesAsTheTrainingChangedThem) {
  const auto calibrated = calibrated_quadrants();
  const ImageSet& images = trained().data->train;
  QuantizedTraining training = quick();
  training.options.epochs = 1;
  training.options.learning_rate = 1e-12;
  training.options.augmentation = {.pad = 4, .flip = false};
  const auto result = train_quantized(calibrated->quantize(CompressionPlan::uniform(4, 8, 8)),
                                      calibrated->sums(), images, training, nullptr, {}, {});
  ASSERT_TRUE(result) << to_text(result.error());
  const auto difference_on = [&](const ImageSet& sample) {
    return largest_difference(result->network.network,
                              sums_of_integers(result->network, sample.pixels, sample.count()),
                              calibrated->sums());
  };
  // Of other windows than those that the training was corrected on.
  EXPECT_LT(difference_on(augmented_sample(images, 512, training.options.augmentation, 99)), 0.1);
  EXPECT_GT(difference_on(augmented_sample(images, 512, {}, 99)), 0.2);
}

TEST(QuantizedTraining, AResumedRunEndsBitForBitAsTheUninterruptedOne) {
  const TemporaryFolder folder;
  QuantizedTraining training = quick();
  const auto whole = train(training, trained().data->train);
  training.options.checkpoint = folder.path() / "checkpoint.safetensors";
  training.options.resume = true;
  std::stop_source stop;
  const auto part = train(training, trained().data->train, nullptr, stop.get_token(),
                          [&](const EpochReport& report) {
                            if (report.epoch == 1) stop.request_stop();
                          });
  ASSERT_TRUE(part) << to_text(part.error());
  EXPECT_TRUE(part->stopped);
  const auto rest = train(training, trained().data->train);
  ASSERT_TRUE(rest) << to_text(rest.error());
  EXPECT_EQ(rest->epochs.size(), whole->epochs.size());
  EXPECT_EQ(rest->epochs.front(), part->epochs.front());
  EXPECT_EQ(rest->network, whole->network);
}

/// Integers with every bit of their weights flipped with this probability; right answers.
std::int64_t right_under_bit_errors(const QuantizedNetwork& quantized, double rate) {
  IntegerNetwork network = to_integer_network(quantized).value();
  Rng rng(1);
  for (IntegerNode& node : network.nodes) {
    if (!node.compute) continue;
    const int bits = node.compute->bits;
    for (std::int16_t& code : node.compute->codes) {
      for (int bit = 0; bit < bits; ++bit) {
        if (rng.uniform() >= rate) continue;
        // The last bit of a word of this width weighs -2^(bits - 1).
        const bool was_set = (code & (1 << bit)) != 0;
        const int weight = bit == bits - 1 ? -(1 << bit) : 1 << bit;
        code = static_cast<std::int16_t>(was_set ? code - weight : code + weight);
      }
    }
    node.compute->low = -(1 << (bits - 1));
    node.compute->high = (1 << (bits - 1)) - 1;
  }
  const std::vector<std::uint8_t> correct = test_integers(network, trained().data->test, 1);
  return std::accumulate(correct.begin(), correct.end(), std::int64_t{0});
}

TEST(QuantizedTraining, BitErrorsBeginAfterTheirEpochsAndHarden) {
  QuantizedTraining training = quick();
  const auto plain = train(training, trained().data->train);
  training.options.bit_errors.weights = 0.02;
  training.options.bit_error_epochs = 3.0;
  const auto never = train(training, trained().data->train);
  EXPECT_EQ(never->network, plain->network) << "they begin when training is over";
  training.options.bit_error_epochs = 0.5;
  const auto hardened = train(training, trained().data->train);
  ASSERT_TRUE(hardened) << to_text(hardened.error());
  EXPECT_GE(right(hardened->network), right(plain->network) - 30);
  EXPECT_GT(right_under_bit_errors(hardened->network, 0.02),
            right_under_bit_errors(plain->network, 0.02));
}

/// Failures among the test images, a pattern of flipped activations for each.
std::int64_t failures_of_maps(const QuantizedNetwork& quantized, double rate) {
  FakeQuantizedModule module(quantized, QuantizerMethod::lsq);
  module.eval();
  const torch::NoGradGuard no_gradients;
  const ImageSet& images = trained().data->test;
  std::vector<std::int64_t> all(static_cast<std::size_t>(images.count()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  const torch::Tensor input = to_tensor(images, quantized.normalization, all);
  const torch::Tensor before = module.forward(input).argmax(1);
  Rng rng(1);
  EXPECT_TRUE(module.flip_bits({.activations = rate}, &rng));
  return module.forward(input).argmax(1).ne(before).sum().item<std::int64_t>();
}

TEST(QuantizedTraining, BitErrorsOfMapsHardenAgainstThem) {
  QuantizedTraining training = quick();
  const auto plain = train(training, trained().data->train);
  training.options.bit_errors.activations = 0.01;
  training.options.bit_error_epochs = 0.5;
  const auto hardened = train(training, trained().data->train);
  ASSERT_TRUE(hardened) << to_text(hardened.error());
  EXPECT_GE(right(hardened->network), right(plain->network) - 30);
  EXPECT_LT(failures_of_maps(hardened->network, 0.01),
            0.9 * static_cast<double>(failures_of_maps(plain->network, 0.01)));
}

TEST(QuantizedTraining, AnAdversaryIsTrainedAgainstAtWidths) {
  QuantizedTraining training = quick();
  training.options.adversary = {.method = AdversaryMethod::fast, .eps = 8.0 / 255.0};
  training.options.range_decay = 1e-4;
  const auto result = train(training, trained().data->train);
  ASSERT_TRUE(result) << to_text(result.error());
  EXPECT_GE(right(result->network), 540);  // of 600
  EXPECT_GT(*result->epochs.back().robust_accuracy, 0.5);
}

TEST(QuantizedTraining, FloatTrainingHasNoCodesToFlip) {
  TrainOptions options = quick().options;
  options.bit_errors.weights = 0.01;
  const auto refused = train_network(trained().network, std::nullopt, trained().data->train,
                                     trained().options.normalization, options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(to_text(refused.error()), testing::HasSubstr("train at widths"));
}

TEST(QuantizedTraining, GoesOnFromATrainedNetworkWhereThatEnded) {
  // One bit: far from what calibration gives.
  const auto calibrated = calibrated_quadrants();
  const ImageSet& images = trained().data->train;
  QuantizedTraining training = quick();
  training.options.epochs = 6;
  const auto first = train_quantized(calibrated->quantize({{{8, 8}, {1, 1}, {1, 1}, {8, 8}}}),
                                     calibrated->sums(), images, training, nullptr, {}, {});
  const double begin = first->epochs.front().loss, end = first->epochs.back().loss;
  ASSERT_LT(end, 0.7 * begin);
  QuantizedTraining more = quick();
  more.options.learning_rate = 1e-6;
  more.options.epochs = 1;
  const auto next = train_quantized(first->network, sums_of_trained(first->network, images, {}),
                                    images, more, nullptr, {}, {});
  ASSERT_TRUE(next) << to_text(next.error());
  EXPECT_LT(next->epochs.front().loss, 0.5 * (begin + end));
  EXPECT_NEAR(static_cast<double>(right(next->network)), static_cast<double>(right(first->network)),
              12.0);  // of 600
}

TEST(QuantizedTraining, ResumeRefusesOtherWidthsStartsAndTeachers) {
  const TemporaryFolder folder;
  QuantizedTraining training = quick();
  training.options.epochs = 1;
  training.options.checkpoint = folder.path() / "checkpoint.safetensors";
  training.options.resume = true;
  ASSERT_TRUE(train(training, trained().data->train));
  const auto calibrated = calibrated_quadrants();
  const auto refusal = [&](const QuantizedNetwork& start, const Teacher* teacher) {
    const auto result = train_quantized(start, calibrated->sums(), trained().data->train, training,
                                        teacher, {}, {});
    return result ? std::string() : to_text(result.error());
  };
  EXPECT_EQ(refusal(calibrated->quantize(kPlan), nullptr), "");
  const CompressionPlan other{{{8, 8}, {4, 2}, {2, 2}, {8, 8}}};
  EXPECT_THAT(refusal(calibrated->quantize(other), nullptr), testing::HasSubstr("widths"));
  QuantizedNetwork moved = calibrated->quantize(kPlan);
  moved.weights.begin()->second.values.front() += 1.0F;
  EXPECT_THAT(refusal(moved, nullptr), testing::HasSubstr("start"));
  const Teacher teacher = float_quadrants();
  EXPECT_THAT(refusal(calibrated->quantize(kPlan), &teacher), testing::HasSubstr("teacher"));
}

TEST(QuantizedTraining, WithATeacherAloneLabelsDoNotCount) {
  QuantizedTraining training = quick();
  training.options.distillation = 1.0;
  const Teacher teacher = float_quadrants();
  ImageSet shuffled = trained().data->train;
  std::rotate(shuffled.labels.begin(), shuffled.labels.begin() + 17, shuffled.labels.end());
  const auto told = train(training, trained().data->train, &teacher);
  const auto untold = train(training, shuffled, &teacher);
  ASSERT_TRUE(told && untold);
  EXPECT_EQ(told->network, untold->network);
  EXPECT_GE(right(told->network), 540);
  training.options.distillation = 0.5;
  EXPECT_NE(train(training, shuffled, &teacher)->network, told->network);
}

TEST(QuantizedTraining, UnknownDeviceIsNamed) {
  QuantizedTraining training = quick();
  training.options.device = "tpu";
  const auto result = train(training, trained().data->train);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().front().place, "device tpu");
}

}  // namespace
}  // namespace hwflow::train
