#include "train/quant/quantized_accuracy_model.hpp"

#include <gtest/gtest.h>
#include <torch/utils.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/build_signature.hpp"
#include "tests/train/quant/quadrants.hpp"
#include "train/nn/image_split.hpp"
#include "train/nn/module_training.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/quant/quantized_testing.hpp"

namespace hwflow::train {
namespace {

std::unique_ptr<AccuracyModel> make_model() {
  auto model = make_quantized_accuracy_model(trained().network, trained().weights, trained().data,
                                             trained().options);
  EXPECT_TRUE(model.has_value());
  return std::move(*model);
}

AccuracyEstimate evaluate(AccuracyModel& model, const CompressionPlan& plan) {
  return model.evaluate(plan, {}).value().search;
}

/// Numbers in a store are those of the code in their key.
TEST(QuantizedAccuracyModel, ItsKeyNamesTheCodeThatMeasures) {
  EXPECT_TRUE(make_model()->key().ends_with(" code " + std::string(build_signature().training)));
}

TEST(QuantizedAccuracyModel, EightBitsKeepTheFloatAccuracy) {
  const auto model = make_model();
  const AccuracyEstimate real = model->float_search_accuracy();
  EXPECT_EQ(real.total, 200);
  EXPECT_GT(real.top1(), 0.9);
  EXPECT_NEAR(evaluate(*model, CompressionPlan::uniform(4, 8, 8)).top1(), real.top1(), 0.02);
  EXPECT_NEAR(evaluate(*model, CompressionPlan::uniform(4, 32, 32)).top1(), real.top1(), 0.03);
}

/// The witness: the pruned network made, calibrated and rounded step by step.
TEST(QuantizedAccuracyModel, PlansThatRemoveChannelsAreMeasuredByWhatIsLeft) {
  AccuracyModelOptions options = trained().options;
  options.pruning = PruningOptions{.criterion = Criterion::l2, .images = 64};
  const auto model =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options)
          .value();
  CompressionPlan plan = CompressionPlan::uniform(4, 6, 6);
  const ChannelGroups groups(trained().network);
  for (const ChannelGroup& group : groups.groups())
    plan.channels.push_back(static_cast<std::int32_t>(group.units.size() - 1));
  const AccuracyEstimate found = evaluate(*model, plan);

  const ImageParts parts =
      image_parts(*trained().data, options.search_images, options.confirmation_images, options.seed,
                  options.held_out_from);
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  const auto pruned =
      PrunedNetworks::make(trained().network, trained().weights, folded,
                           select(trained().data->train, spread_sample(parts.training, 64, 1)),
                           options.normalization, *options.pruning)
          .value();
  const PrunedNetwork left = pruned->of(plan.channels);
  const auto calibrated =
      CalibratedNetwork::make(
          left.left.network, left.left.weights, trained().data->train,
          spread_sample(parts.training, options.calibration.images, options.seed),
          options.normalization, options.calibration)
          .value();
  const IntegerNetwork integers =
      to_integer_network(calibrated->quantize(CompressionPlan::uniform(4, 6, 6))).value();
  const std::vector<std::uint8_t> right = test_integers(integers, parts.search, 1);
  EXPECT_EQ(found.correct, std::count(right.begin(), right.end(), 1));
  EXPECT_EQ(evaluate(*model, plan), found);  // from what is kept
  EXPECT_NE(model->key(), make_model()->key());
  // Trained, tested, and what it is made of told.
  const auto finished = model->finish(plan, {.epochs = 1, .learning_rate = 0.01}, {}, {});
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->network.kept, left.kept);
  EXPECT_EQ(finished->network.plan, plan);
  EXPECT_EQ(finished->network.network.macs(), left.left.network.macs());
  EXPECT_GT(finished->integer.top1(), 0.5);
}

TEST(QuantizedAccuracyModel, ConcurrentCallsGiveWhatSingleOnesGive) {
  const auto alone = make_model();
  const auto together = make_model();
  std::vector<AccuracyEstimate> expected, got(4);
  for (int i = 0; i < 4; ++i)
    expected.push_back(evaluate(*alone, CompressionPlan::uniform(4, 2 + i, 5 - i)));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const int bits = static_cast<int>(i);
      got[i] = evaluate(*together, CompressionPlan::uniform(4, 2 + bits, 5 - bits));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, expected);
}

/// Witness: the integer network of each plan by itself, on the same images.
TEST(QuantizedAccuracyModel, WhatIsKeptChangesNoAccuracy) {
  AccuracyModelOptions options = trained().options;
  options.confirmation_images = 100;
  const ImageSplit split = stratified_split(trained().data->train, options.search_images, 100, 1);
  const ImageSet search = select(trained().data->train, split.search);
  const ImageSet confirmation = select(trained().data->train, split.confirmation);
  const FoldedNetwork folded = fold_for_quantization(trained().network, trained().weights);
  const auto calibrated = CalibratedNetwork::make(
      folded.network, folded.weights, trained().data->train,
      spread_sample(split.training, options.calibration.images, options.seed),
      options.normalization, options.calibration);
  const auto alone = [&](const CompressionPlan& plan, const ImageSet& images) {
    const auto right =
        test_integers(*to_integer_network(calibrated.value()->quantize(plan)), images, 1);
    return AccuracyEstimate{std::count(right.begin(), right.end(), std::uint8_t{1}),
                            images.count()};
  };
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1} << 28U}) {
    options.cache_bytes = bytes;
    const auto model =
        make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options)
            .value();
    for (const int last : {8, 2, 3, 2, 1, 8}) {
      CompressionPlan plan = CompressionPlan::uniform(4, 2, 3);
      plan.layers[3].weights = last;
      EXPECT_EQ(evaluate(*model, plan), alone(plan, search)) << bytes << " bytes, " << last;
      EXPECT_EQ(model->confirm(plan, {}).value(), alone(plan, confirmation))
          << bytes << " bytes, " << last;
    }
  }
}

/// Witness: the float network on the parts themselves.
TEST(QuantizedAccuracyModel, ImagesHeldOutOfTheTestSetAreNotTestedOn) {
  AccuracyModelOptions options = trained().options;
  options.held_out_from = HeldOutFrom::test;
  options.search_images = 100;
  options.confirmation_images = 50;
  const auto model =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options)
          .value();
  const ImageParts parts = image_parts(*trained().data, 100, 50, options.seed, HeldOutFrom::test);
  const auto accuracy = [&](const ImageSet& images) {
    const auto right = correct_images(trained().network, trained().weights, images,
                                      options.normalization, {.threads = 1})
                           .value();
    return AccuracyEstimate{std::count(right.begin(), right.end(), std::uint8_t{1}),
                            images.count()};
  };
  EXPECT_EQ(model->float_search_accuracy(), accuracy(parts.search));
  EXPECT_EQ(model->float_confirmation_accuracy(), accuracy(parts.confirmation));
  EXPECT_EQ(model->float_test_accuracy(), accuracy(parts.test));
  EXPECT_EQ(model->float_test_accuracy().total, trained().data->test.count() - 150);
  EXPECT_NE(model->key(), make_model()->key());

  options.search_images = trained().data->test.count();
  const auto refused =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().front().place, "search_images");
}

TEST(QuantizedAccuracyModel, FinishIsRepeatableAndBothWaysAgree) {
  FinetuneOptions options;
  options.epochs = 1;
  options.batch_size = 50;
  const auto model = make_model();
  const CompressionPlan plan = CompressionPlan::uniform(4, 3, 3);
  const FinishedPlan first = model->finish(plan, options, {}, {}).value();
  const FinishedPlan again = make_model()->finish(plan, options, {}, {}).value();
  EXPECT_EQ(first.network, again.network);
  EXPECT_EQ(first.correct, again.correct);
  EXPECT_EQ(first.fake_quantized, first.integer);
  EXPECT_GT(first.integer.top1(), 0.8);
  EXPECT_EQ(first.network.plan, plan);
}

TEST(QuantizedAccuracyModel, FinishTrainsByTheGivenMethod) {
  FinetuneOptions options;
  options.epochs = 1;
  options.batch_size = 50;
  for (const QuantizerMethod method : {QuantizerMethod::pact, QuantizerMethod::dorefa}) {
    SCOPED_TRACE(name(method));
    AccuracyModelOptions with = trained().options;
    with.method = method;
    const auto model =
        make_quantized_accuracy_model(trained().network, trained().weights, trained().data, with);
    ASSERT_TRUE(model.has_value());
    const FinishedPlan plan =
        (*model)->finish({{{8, 8}, {3, 3}, {1, 4}, {4, 4}}}, options, {}, {}).value();
    EXPECT_EQ(plan.fake_quantized, plan.integer);
    EXPECT_GT(plan.integer.top1(), 0.8);
    // Odd codes of -(2^b - 1)..2^b - 1, and signs.
    for (const IntegerNode& node : plan.network.nodes) {
      if (!node.compute) continue;
      EXPECT_EQ(node.compute->high, (1 << node.compute->bits) - 1);
      for (const std::int16_t code : node.compute->codes) ASSERT_EQ(code % 2 != 0, true) << code;
    }
  }
}

std::unique_ptr<AccuracyModel> make_model_that_confirms() {
  AccuracyModelOptions options = trained().options;
  options.confirmation_images = 100;
  auto model =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options);
  EXPECT_TRUE(model.has_value());
  return std::move(*model);
}

/// Calibration images change with the split, so the two accuracies are not those of make_model().
TEST(QuantizedAccuracyModel, ConfirmsOnOtherImages) {
  const auto model = make_model_that_confirms();
  const CompressionPlan plan = CompressionPlan::uniform(4, 2, 2);
  EXPECT_EQ(evaluate(*model, plan).total, 200);
  EXPECT_EQ(model->confirm(plan, {}).value().total, 100);
  EXPECT_EQ(model->float_confirmation_accuracy().total, 100);
  EXPECT_NE(model->key(), make_model()->key());
  EXPECT_EQ(make_model()->confirm(plan, {}), AccuracyEstimate{});
  EXPECT_EQ(make_model()->float_confirmation_accuracy(), AccuracyEstimate{});
}

TEST(QuantizedAccuracyModel, TheMoreIsDoneToAPlanTheMoreItIsWorth) {
  // One bit for all weights: means and deviations are off until they are estimated anew, and one
  // epoch more learns scales. Law: a higher price buys no less.
  const CompressionPlan plan = CompressionPlan::uniform(4, 1, 2);
  AccuracyModelOptions options = trained().options;
  options.finetune = {.epochs = 4, .learning_rate = 0.003, .batch_size = 50, .seed = 1};
  options.finetune_images = 900;
  options.batch_norm = true;
  options.distillation = 1.0;
  std::vector<std::int64_t> right;
  std::set<std::string> keys;
  for (const Preparation preparation :
       {Preparation::calibrated, Preparation::reestimated, Preparation::finetuned}) {
    options.preparation = preparation;
    const auto make = [&] {
      return make_quantized_accuracy_model(trained().network, trained().weights, trained().data,
                                           options)
          .value();
    };
    const auto model = make();
    right.push_back(evaluate(*model, plan).correct);
    EXPECT_EQ(evaluate(*make(), plan).correct, right.back()) << "not repeatable";
    keys.insert(model->key());
  }
  EXPECT_LT(right[0] + 20, right[1]);  // of 200
  EXPECT_LT(right[1], right[2]);
  EXPECT_EQ(keys.size(), 3U);
  options.finetune_images = 400;
  EXPECT_FALSE(keys.contains(
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options)
          .value()
          ->key()));
}

TEST(QuantizedAccuracyModel, RefusesDevicesThatAreNotThere) {
  AccuracyModelOptions options = trained().options;
  options.device = "cuda:77";
  options.finetune_images = -1;
  const auto model =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options);
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error().size(), 2U);
}

/// Plans are trained for the search as finish() trains them, for two epochs.
AccuracyModelOptions options_of_training_search() {
  AccuracyModelOptions options = trained().options;
  options.preparation = Preparation::finetuned;
  options.finetune = {.epochs = 2, .learning_rate = 0.003, .batch_size = 50, .seed = 1};
  options.confirmation_images = 100;
  return options;
}

std::unique_ptr<AccuracyModel> make_training_model(const AccuracyModelOptions& options) {
  return make_quantized_accuracy_model(trained().network, trained().weights, trained().data,
                                       options)
      .value();
}

/// The witnesses are models that have trained nothing before they are asked.
TEST(QuantizedAccuracyModel, WhatASearchTrainedIsNotTrainedAgain) {
  const CompressionPlan plan = CompressionPlan::uniform(4, 2, 2);
  AccuracyModelOptions options = options_of_training_search();
  const auto model = make_training_model(options);
  const PlanAccuracy measured = model->evaluate(plan, {}).value();
  ASSERT_TRUE(measured.confirmation.has_value());
  EXPECT_EQ(measured.confirmation, make_training_model(options)->confirm(plan, {}));
  const auto epochs_of = [&](AccuracyModel& asked, const FinetuneOptions& finetune) {
    int epochs = 0;
    const auto count = [&](const FinishProgress& progress) {
      epochs += progress.note.starts_with("epoch ") ? 1 : 0;
    };
    const FinishedPlan finished = asked.finish(plan, finetune, count, {}).value();
    return std::pair{epochs, finished.correct};
  };
  const auto known = epochs_of(*model, options.finetune);
  const auto fresh = epochs_of(*make_training_model(options), options.finetune);
  EXPECT_EQ(known.first, 0);
  EXPECT_EQ(fresh.first, 2);
  EXPECT_EQ(known.second, fresh.second);
  FinetuneOptions other = options.finetune;
  other.seed = 2;
  EXPECT_EQ(epochs_of(*model, other).first, 2);
  options.cache_bytes = 0;
  const auto forgetful = make_training_model(options);
  EXPECT_EQ(forgetful->evaluate(plan, {}), measured);
  EXPECT_EQ(epochs_of(*forgetful, options.finetune).first, 2);
}

TEST(QuantizedAccuracyModel, AShortTrainingOfTheSearchIsNotThatOfFinish) {
  AccuracyModelOptions options = options_of_training_search();
  options.finetune_images = 300;
  const auto model = make_training_model(options);
  const CompressionPlan plan = CompressionPlan::uniform(4, 2, 2);
  static_cast<void>(model->evaluate(plan, {}).value());
  EXPECT_EQ(model->finish(plan, options.finetune, {}, {}).value().correct,
            make_training_model(options_of_training_search())
                ->finish(plan, options.finetune, {}, {})
                .value()
                .correct);
}

TEST(QuantizedAccuracyModel, AStopEndsTheTrainingsOfASearch) {
  std::stop_source source;
  source.request_stop();
  const auto model = make_training_model(options_of_training_search());
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 4);
  EXPECT_FALSE(model->evaluate(plan, source.get_token()).has_value());
  EXPECT_FALSE(model->confirm(plan, source.get_token()).has_value());
  EXPECT_TRUE(model->evaluate(plan, {}).has_value());  // nothing half-trained was kept
}

/// Witness: the finished integers on images that the split of the study holds back.
TEST(QuantizedAccuracyModel, FinishedPlansAreMeasuredOnHeldOutImages) {
  FinetuneOptions finetune{.epochs = 1, .learning_rate = 0.001, .batch_size = 50};
  AccuracyModelOptions options = trained().options;
  for (const std::int64_t confirmation : {100, 0}) {
    options.confirmation_images = confirmation;
    const ImageSplit split =
        stratified_split(trained().data->train, options.search_images, confirmation, options.seed);
    const ImageSet images =
        select(trained().data->train, confirmation > 0 ? split.confirmation : split.search);
    const FinishedPlan plan = make_training_model(options)
                                  ->finish(CompressionPlan::uniform(4, 2, 2), finetune, {}, {})
                                  .value();
    const auto right = test_integers(plan.network, images, 1);
    EXPECT_EQ(plan.held_out.total, images.count());
    EXPECT_EQ(plan.held_out.correct, std::count(right.begin(), right.end(), std::uint8_t{1}));
  }
}

TEST(QuantizedAccuracyModel, AStoppedFinishMeasuresNothing) {
  FinetuneOptions options;
  options.epochs = 1;
  options.batch_size = 50;
  std::stop_source source;
  source.request_stop();
  const auto model = make_model();
  const CompressionPlan plan = CompressionPlan::uniform(4, 4, 4);
  EXPECT_FALSE(model->finish(plan, options, {}, source.get_token()).has_value());
}

TEST(QuantizedAccuracyModel, RefusesTooManyConfirmationImages) {
  AccuracyModelOptions options = trained().options;
  options.confirmation_images = 1000;  // and 200 of the search: all of the 1,200
  const auto model =
      make_quantized_accuracy_model(trained().network, trained().weights, trained().data, options);
  ASSERT_FALSE(model.has_value());
  EXPECT_EQ(model.error()[0].place, "confirm_images");
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
  const CompressionPlan plans[] = {CompressionPlan::uniform(4, 8, 8),
                                   CompressionPlan::uniform(4, 4, 4),
                                   CompressionPlan::uniform(4, 1, 2),
                                   CompressionPlan::uniform(4, 16, 16),
                                   {{{8, 8}, {2, 3}, {5, 16}, {16, 4}}}};
  for (const CompressionPlan& plan : plans) {
    SCOPED_TRACE(to_text(plan));
    const QuantizedNetwork quantized = quantize_quadrants(plan);
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

}  // namespace
}  // namespace hwflow::train
