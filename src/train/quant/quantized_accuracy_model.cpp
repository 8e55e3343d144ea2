#include "train/quant/quantized_accuracy_model.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>

#include "base/build_signature.hpp"
#include "base/check.hpp"
#include "base/random.hpp"
#include "train/nn/module_training.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/weight_shapes.hpp"
#include "train/quant/byte_lru.hpp"
#include "train/quant/fake_quantized_module.hpp"
#include "train/quant/integer_executor.hpp"
#include "train/quant/plan_runner.hpp"
#include "train/quant/quantized_testing.hpp"
#include "train/quant/quantized_training.hpp"

namespace hwflow::train {
namespace {

AccuracyEstimate estimate_of(const std::vector<std::uint8_t>& correct) {
  return {.correct = std::count(correct.begin(), correct.end(), std::uint8_t{1}),
          .total = static_cast<std::int64_t>(correct.size())};
}

std::uint64_t hash_of(const ImageSet& images) {
  const auto bytes = [](const std::vector<std::uint8_t>& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size());
  };
  return stable_hash(fmt::format("{:016x} {:016x}", stable_hash(bytes(images.pixels)),
                                 stable_hash(bytes(images.labels))));
}

bool is_narrow(const PrecisionPlan& plan) {
  return std::all_of(plan.layers.begin(), plan.layers.end(), [](const PrecisionPair& layer) {
    return layer.weights <= 8 && layer.inputs <= 8;
  });
}

class QuantizedAccuracyModel final : public AccuracyModel {
 public:
  QuantizedAccuracyModel(FoldedNetwork folded, std::shared_ptr<const Dataset> dataset,
                         const AccuracyModelOptions& options,
                         std::shared_ptr<CalibratedNetwork> calibrated, ImageParts parts)
      : folded_(std::move(folded)),
        dataset_(std::move(dataset)),
        options_(options),
        calibrated_(std::move(calibrated)),
        search_(std::move(parts.search)),
        confirmation_(std::move(parts.confirmation)),
        training_indices_(std::move(parts.training)),
        test_(std::move(parts.test)),
        runner_(calibrated_, search_.pixels, search_.count(),
                options.preparation != Preparation::calibrated,
                options.preparation == Preparation::finetuned ? 0 : options.cache_bytes),
        trained_(options.preparation == Preparation::finetuned && options.finetune_images == 0
                     ? options.cache_bytes
                     : 0) {
    const CalibrationOptions& c = options.calibration;
    key_ = fmt::format(
        "ptq-1 {} w{:016x} {} {} d{:016x} t{:016x} mean {} std {} search {} confirmation {} seed "
        "{} "
        "from {} calibration {} {} {} {} "
        "auxiliary {} correction {} method {} {} code {}",
        folded_.network.name(), fingerprint(folded_.weights), dataset_->train.name,
        dataset_->train.count(), hash_of(dataset_->train), hash_of(dataset_->test),
        fmt::join(options.normalization.mean, ","), fmt::join(options.normalization.std, ","),
        search_.count(), confirmation_.count(), options.seed,
        options.held_out_from == HeldOutFrom::test ? "test" : "training", c.images,
        name(c.activations), name(c.weights), name(c.granularity), c.auxiliary_bits,
        c.correction_images, name(options.method), preparation_text(), build_signature().training);
  }

  std::string key() const override { return key_; }

  std::optional<PlanAccuracy> evaluate(const PrecisionPlan& plan, std::stop_token stop) override {
    if (!trains()) return PlanAccuracy{calibrated_accuracy(plan, search_), std::nullopt};
    const auto trained = trained_in_search(plan, stop);
    if (!trained) return std::nullopt;
    return PlanAccuracy{accuracy_of(*trained, search_), confirmed(*trained)};
  }
  std::optional<AccuracyEstimate> confirm(const PrecisionPlan& plan,
                                          std::stop_token stop) override {
    if (confirmation_.count() == 0) return AccuracyEstimate{};
    if (!trains()) return calibrated_accuracy(plan, confirmation_);
    const auto trained = trained_in_search(plan, stop);
    if (!trained) return std::nullopt;
    return confirmed(*trained);
  }

  AccuracyEstimate float_search_accuracy() override { return float_accuracy(search_); }
  AccuracyEstimate float_confirmation_accuracy() override {
    return confirmation_.count() > 0 ? float_accuracy(confirmation_) : AccuracyEstimate{};
  }
  AccuracyEstimate float_test_accuracy() override { return float_accuracy(test_); }

  std::optional<FinishedPlan> finish(const PrecisionPlan& plan, const FinetuneOptions& options,
                                     const ReportFinish& progress, std::stop_token stop) override {
    const auto start = std::chrono::steady_clock::now();
    at::set_num_threads(1);
    PrecisionPlan wanted = plan;
    for (PrecisionPair& layer : wanted.layers) {
      layer.weights = std::min(layer.weights, 16);
      layer.inputs = std::min(layer.inputs, 16);
    }
    const auto quantized = finished_network(wanted, options, progress, stop);
    if (!quantized) return std::nullopt;
    if (progress) progress({1.0, "measuring on the test set"});
    IntegerNetwork integers = integers_of(*quantized);
    const AccuracyEstimate held_out = estimate_of(test_integers(
        integers, confirmation_.count() > 0 ? confirmation_ : search_, options_.threads));
    std::vector<std::uint8_t> correct = test_integers(integers, test_, options_.threads);
    const AccuracyEstimate fake =
        estimate_of(test_fake_quantized(*quantized, test_, options_.threads, stop));
    if (stop.stop_requested()) return std::nullopt;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
    const AccuracyEstimate in_integers = estimate_of(correct);
    return FinishedPlan{.fake_quantized = fake,
                        .integer = in_integers,
                        .held_out = held_out,
                        .correct = std::move(correct),
                        .network = std::move(integers),
                        .seconds = spent.count()};
  }

 private:
  static constexpr std::int64_t kBatch = 125;

  static IntegerNetwork integers_of(const QuantizedNetwork& quantized) {
    auto integers = to_integer_network(quantized);
    HWFLOW_CHECK(integers.has_value(), to_text(integers.error()));
    return std::move(*integers);
  }

  using SharedNetwork = std::shared_ptr<const QuantizedNetwork>;

  [[nodiscard]] bool trains() const { return options_.preparation == Preparation::finetuned; }

  AccuracyEstimate calibrated_accuracy(const PrecisionPlan& plan, const ImageSet& images) {
    at::set_num_threads(1);
    if (runner_.can_run(plan)) return shared_accuracy(plan, images);
    return accuracy_of(calibrated_->quantize(plan, QuantizerMethod::lsq,
                                             options_.preparation != Preparation::calibrated),
                       images);
  }

  [[nodiscard]] AccuracyEstimate accuracy_of(const QuantizedNetwork& quantized,
                                             const ImageSet& images) const {
    if (is_narrow(quantized.plan))
      return estimate_of(test_integers(integers_of(quantized), images, 1));
    FakeQuantizedModule module(quantized, trains() ? options_.method : QuantizerMethod::lsq);
    module.to(find_device(options_.device).value());
    return estimate_of(correct_images(module, images, options_.normalization, kBatch));
  }

  [[nodiscard]] AccuracyEstimate confirmed(const QuantizedNetwork& quantized) const {
    return confirmation_.count() > 0 ? accuracy_of(quantized, confirmation_) : AccuracyEstimate{};
  }

  /// A plan as the search trains it; kept where re-training would be the same. Null: stopped.
  SharedNetwork trained_in_search(const PrecisionPlan& plan, const std::stop_token& stop) {
    const std::string text = to_text(plan);
    if (SharedNetwork known = trained_.find(text)) return known;
    at::set_num_threads(1);
    SharedNetwork trained = trained_network(plan, finetuning_images(), options_.finetune, {}, stop);
    if (trained) trained_.insert(text, trained, bytes_of(*trained));
    return trained;
  }

  /// A plan as finish() trains it. Null: stopped.
  SharedNetwork finished_network(const PrecisionPlan& plan, const FinetuneOptions& options,
                                 const ReportFinish& progress, const std::stop_token& stop) {
    const bool is_of_search =
        trains() && options_.finetune_images == 0 && options == options_.finetune;
    SharedNetwork known = is_of_search ? trained_.find(to_text(plan)) : nullptr;
    return known ? known : trained_network(plan, training_images(), options, progress, stop);
  }

  SharedNetwork trained_network(const PrecisionPlan& plan, const ImageSet& images,
                                const FinetuneOptions& options, const ReportFinish& progress,
                                const std::stop_token& stop) {
    QuantizedNetwork quantized = calibrated_->quantize(plan, options_.method);
    if (options.epochs > 0) quantized = finetune(quantized, images, options, progress, stop);
    if (stop.stop_requested()) return nullptr;
    return std::make_shared<const QuantizedNetwork>(std::move(quantized));
  }

  static std::size_t bytes_of(const QuantizedNetwork& quantized) {
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : quantized.weights)
      bytes += sizeof(float) * tensor.values.size();
    return bytes;
  }

  AccuracyEstimate shared_accuracy(const PrecisionPlan& plan, const ImageSet& images) {
    const std::vector<std::int32_t> classes =
        &images == &search_ ? runner_.predict(plan)
                            : runner_.predict(plan, images.pixels, images.count());
    return {.correct = count_correct(classes, images.labels), .total = images.count()};
  }

  /// What the key says of Preparation; nothing for the one that asks for nothing more.
  [[nodiscard]] std::string preparation_text() const {
    const std::string text(name(options_.preparation));
    // Floats and trained networks differ there in the last bits.
    const std::string device = options_.device == "cpu" ? "" : " on a GPU";
    if (!trains()) return text + device;
    const FinetuneOptions& f = options_.finetune;
    return text +
           fmt::format(
               " images {} epochs {} rate {} batch {} seed {} norm {} distill {} "
               "decay {} pad {} flip {}",
               options_.finetune_images, f.epochs, f.learning_rate, f.batch_size, f.seed,
               options_.batch_norm, options_.distillation, options_.weight_decay,
               options_.augmentation.pad, options_.augmentation.flip) +
           device;
  }

  QuantizedNetwork finetune(const QuantizedNetwork& start, const ImageSet& images,
                            const FinetuneOptions& options, const ReportFinish& progress,
                            const std::stop_token& stop) {
    QuantizedTraining training{.method = options_.method,
                               .options = training_options(options),
                               .batch_norm = options_.batch_norm};
    if (progress) {
      training.options.on_step = [&](double epochs) {
        progress(
            {epochs / options.epochs, fmt::format("{:.2f} of {} epochs", epochs, options.epochs)});
      };
    }
    const auto report = [&](const EpochReport& epoch) {
      if (progress)
        progress(
            {static_cast<double>(epoch.epoch) / options.epochs,
             fmt::format("epoch {} of {}: loss {:.4f}, accuracy {:.2f} % ({:.0f} s)", epoch.epoch,
                         options.epochs, epoch.loss, 100.0 * epoch.accuracy, epoch.seconds)});
    };
    const Teacher teacher{folded_.network, folded_.weights};
    auto trained = train_quantized(start, calibrated_->sums(), images, training,
                                   options_.distillation > 0.0 ? &teacher : nullptr, report, stop);
    HWFLOW_CHECK(trained.has_value(), to_text(trained.error()));
    return std::move(trained->network);
  }

  [[nodiscard]] TrainOptions training_options(const FinetuneOptions& options) const {
    TrainOptions training;
    training.epochs = options.epochs;
    training.batch_size = options.batch_size;
    training.learning_rate = options.learning_rate;
    training.schedule = Schedule::cosine;
    training.warmup_epochs = 0.0;
    training.momentum = options_.momentum;
    training.weight_decay = options_.weight_decay;
    training.distillation = options_.distillation;
    training.augmentation = options_.augmentation;
    training.seed = options.seed;
    training.device = options_.device;
    training.threads = 1;
    return training;
  }

  /// The training set without the held-out splits; copied at the first fine-tuning.
  const ImageSet& training_images() {
    std::call_once(training_once_, [&] { training_ = select(dataset_->train, training_indices_); });
    return training_;
  }

  /// Those of the fine-tunings of a search.
  const ImageSet& finetuning_images() {
    if (options_.finetune_images == 0) return training_images();
    std::call_once(finetuning_once_, [&] {
      finetuning_ = select(dataset_->train, spread_sample(training_indices_,
                                                          options_.finetune_images, options_.seed));
    });
    return finetuning_;
  }

  AccuracyEstimate float_accuracy(const ImageSet& images) const {
    const auto correct =
        correct_images(folded_.network, folded_.weights, images, options_.normalization,
                       {.batch_size = kBatch, .device = options_.device, .threads = 1});
    HWFLOW_CHECK(correct.has_value(), to_text(correct.error()));
    return estimate_of(*correct);
  }

  FoldedNetwork folded_;
  std::shared_ptr<const Dataset> dataset_;
  AccuracyModelOptions options_;
  std::shared_ptr<CalibratedNetwork> calibrated_;
  ImageSet search_, confirmation_;
  std::vector<std::int64_t> training_indices_;
  ImageSet test_;
  PlanRunner runner_;
  ByteLru<QuantizedNetwork> trained_;  // by the text of their plans
  std::once_flag training_once_;
  ImageSet training_;
  std::once_flag finetuning_once_;
  ImageSet finetuning_;
  std::string key_;
};

Diagnostics missing_tensors(const Network& network, const WeightMap& weights) {
  Diagnostics problems;
  for (const auto& [name, shape] : expected_tensors(network)) {
    const auto found = weights.find(name);
    if (found == weights.end())
      problems.push_back({name, "tensor is missing", "match the weights to the network first"});
    else if (found->second.shape != shape)
      problems.push_back({name, "tensor has another shape than the network wants", ""});
  }
  return problems;
}

}  // namespace

std::string_view name(Preparation preparation) {
  switch (preparation) {
    case Preparation::calibrated: return "calibrated";
    case Preparation::reestimated: return "reestimated";
    case Preparation::finetuned: return "finetuned";
  }
  HWFLOW_CHECK(false, "unknown preparation");
  return {};
}

Expected<std::unique_ptr<AccuracyModel>> make_quantized_accuracy_model(
    const Network& network, const WeightMap& weights, std::shared_ptr<const Dataset> dataset,
    const AccuracyModelOptions& options) {
  HWFLOW_CHECK(dataset != nullptr, "an accuracy model needs images");
  Diagnostics problems = missing_tensors(network, weights);
  const bool from_test = options.held_out_from == HeldOutFrom::test;
  const std::int64_t images = (from_test ? dataset->test : dataset->train).count();
  const char* what = from_test ? "test" : "training";
  if (options.search_images < 1 || options.search_images >= images) {
    problems.push_back({"search_images",
                        fmt::format("must be between 1 and {} ({} images must remain), got {}",
                                    images - 1, what, options.search_images),
                        ""});
  }
  const std::int64_t left = images - std::clamp<std::int64_t>(options.search_images, 0, images - 1);
  if (options.confirmation_images < 0 || options.confirmation_images >= left) {
    problems.push_back({"confirm_images",
                        fmt::format("must be between 0 and {} ({} images must remain), got {}",
                                    left - 1, what, options.confirmation_images),
                        ""});
  }
  if (const auto device = find_device(options.device); !device)
    problems.insert(problems.end(), device.error().begin(), device.error().end());
  if (options.finetune_images < 0)
    problems.push_back({"finetune_images", "must not be negative", "0: all training images"});
  if (!problems.empty()) return Unexpected{std::move(problems)};
  at::set_num_threads(1);
  FoldedNetwork folded = fold_for_quantization(network, weights);
  ImageParts parts = image_parts(*dataset, options.search_images, options.confirmation_images,
                                 options.seed, options.held_out_from);
  const std::vector<std::int64_t> calibration = spread_sample(
      parts.training, std::max<std::int64_t>(0, options.calibration.images), options.seed);
  auto calibrated =
      CalibratedNetwork::make(folded.network, folded.weights, dataset->train, calibration,
                              options.normalization, options.calibration);
  if (!calibrated) return Unexpected{calibrated.error()};
  return std::unique_ptr<AccuracyModel>(std::make_unique<QuantizedAccuracyModel>(
      std::move(folded), std::move(dataset), options, std::move(*calibrated), std::move(parts)));
}

}  // namespace hwflow::train
