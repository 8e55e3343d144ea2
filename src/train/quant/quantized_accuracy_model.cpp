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

bool is_narrow(const CompressionPlan& plan) {
  return std::all_of(plan.layers.begin(), plan.layers.end(), [](const PrecisionPair& layer) {
    return layer.weights <= 8 && layer.inputs <= 8;
  });
}

/// Calibrated networks of plans that remove channels, kept for the plans that follow: a search
/// often asks for the same channels at other widths.
constexpr std::size_t kPrunedKept = 8;

class QuantizedAccuracyModel final : public AccuracyModel {
 public:
  QuantizedAccuracyModel(FoldedNetwork folded, std::unique_ptr<PrunedNetworks> pruned,
                         std::shared_ptr<const Dataset> dataset,
                         const AccuracyModelOptions& options,
                         std::vector<std::int64_t> calibration_indices,
                         std::shared_ptr<CalibratedNetwork> calibrated, ImageParts parts)
      : folded_(std::move(folded)),
        pruned_(std::move(pruned)),
        dataset_(std::move(dataset)),
        options_(options),
        calibration_indices_(std::move(calibration_indices)),
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
    if (options.pruning) key_ += pruning_text(*options.pruning);
  }

  std::string key() const override { return key_; }

  std::optional<PlanAccuracy> evaluate(const CompressionPlan& plan, std::stop_token stop) override {
    if (!trains()) return PlanAccuracy{calibrated_accuracy(plan, search_), std::nullopt};
    const auto trained = trained_in_search(plan, stop);
    if (!trained) return std::nullopt;
    return PlanAccuracy{accuracy_of(*trained, search_), confirmed(*trained)};
  }
  std::optional<AccuracyEstimate> confirm(const CompressionPlan& plan,
                                          std::stop_token stop) override {
    if (confirmation_.count() == 0) return AccuracyEstimate{};
    if (!trains()) return calibrated_accuracy(plan, confirmation_);
    const auto trained = trained_in_search(plan, stop);
    if (!trained) return std::nullopt;
    return confirmed(*trained);
  }

  std::optional<IntegerNetwork> integers(const CompressionPlan& plan,
                                         std::stop_token stop) override {
    at::set_num_threads(1);
    if (!trains())
      return integers_of(quantized(left_by(plan), plan, QuantizerMethod::lsq,
                                   options_.preparation != Preparation::calibrated));
    const auto trained = trained_in_search(plan, stop);
    if (!trained) return std::nullopt;
    return integers_of(*trained);
  }

  AccuracyEstimate float_search_accuracy() override { return float_accuracy(search_); }
  AccuracyEstimate float_confirmation_accuracy() override {
    return confirmation_.count() > 0 ? float_accuracy(confirmation_) : AccuracyEstimate{};
  }
  AccuracyEstimate float_test_accuracy() override { return float_accuracy(test_); }

  std::vector<std::int32_t> counts_by_score(double share,
                                            std::span<const std::size_t> groups) override {
    if (pruned_ == nullptr) return {};
    UnitScores scores(pruned_->scores().size());
    for (const std::size_t group : groups) scores[group] = pruned_->scores()[group];
    return counts_by_global_score(scores, share, 0.0);
  }

  std::optional<FinishedPlan> finish(const CompressionPlan& plan, const FinetuneOptions& options,
                                     const ReportFinish& progress, std::stop_token stop) override {
    const auto start = std::chrono::steady_clock::now();
    at::set_num_threads(1);
    CompressionPlan wanted = plan;
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

  /// What a plan's channels leave of the float network, calibrated.
  struct Left {
    std::vector<std::int32_t> channels;
    std::shared_ptr<CalibratedNetwork> calibrated;
    KeptUnits kept;
  };

  Left left_by(const CompressionPlan& plan) {
    if (plan.channels.empty()) return {{}, calibrated_, {}};
    {
      const std::lock_guard lock(pruned_mutex_);
      const auto found = std::ranges::find(pruned_known_, plan.channels, &Left::channels);
      if (found != pruned_known_.end()) {
        std::rotate(pruned_known_.begin(), found, found + 1);
        return pruned_known_.front();
      }
    }
    HWFLOW_CHECK(pruned_ != nullptr, "channels are removed only where options.pruning is there");
    PrunedNetwork pruned = pruned_->of(plan.channels);
    auto calibrated =
        CalibratedNetwork::make(pruned.left.network, pruned.left.weights, dataset_->train,
                                calibration_indices_, options_.normalization, options_.calibration);
    HWFLOW_CHECK(calibrated.has_value(), "a network without some of its channels runs as it did");
    Left left{plan.channels, std::move(*calibrated), std::move(pruned.kept)};
    const std::lock_guard lock(pruned_mutex_);
    pruned_known_.insert(pruned_known_.begin(), left);
    if (pruned_known_.size() > kPrunedKept) pruned_known_.pop_back();
    return left;
  }

  /// Calibrated, or better: see CalibratedNetwork::quantize().
  static QuantizedNetwork quantized(const Left& left, const CompressionPlan& plan,
                                    QuantizerMethod method, bool reestimate) {
    QuantizedNetwork network = left.calibrated->quantize({plan.layers, {}}, method, reestimate);
    network.plan = plan;
    network.kept = left.kept;
    return network;
  }

  AccuracyEstimate calibrated_accuracy(const CompressionPlan& plan, const ImageSet& images) {
    at::set_num_threads(1);
    if (plan.channels.empty() && runner_.can_run(plan)) return shared_accuracy(plan, images);
    return accuracy_of(quantized(left_by(plan), plan, QuantizerMethod::lsq,
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
  SharedNetwork trained_in_search(const CompressionPlan& plan, const std::stop_token& stop) {
    const std::string text = to_text(plan);
    if (SharedNetwork known = trained_.find(text)) return known;
    at::set_num_threads(1);
    SharedNetwork trained = trained_network(plan, finetuning_images(), options_.finetune, {}, stop);
    if (trained) trained_.insert(text, trained, bytes_of(*trained));
    return trained;
  }

  /// A plan as finish() trains it. Null: stopped.
  SharedNetwork finished_network(const CompressionPlan& plan, const FinetuneOptions& options,
                                 const ReportFinish& progress, const std::stop_token& stop) {
    const bool is_of_search =
        trains() && options_.finetune_images == 0 && options == options_.finetune;
    SharedNetwork known = is_of_search ? trained_.find(to_text(plan)) : nullptr;
    return known ? known : trained_network(plan, training_images(), options, progress, stop);
  }

  SharedNetwork trained_network(const CompressionPlan& plan, const ImageSet& images,
                                const FinetuneOptions& options, const ReportFinish& progress,
                                const std::stop_token& stop) {
    const Left left = left_by(plan);
    QuantizedNetwork network = quantized(left, plan, options_.method, /*reestimate=*/true);
    if (options.epochs > 0)
      network = finetune(network, left.calibrated->sums(), images, options, progress, stop);
    if (stop.stop_requested()) return nullptr;
    return std::make_shared<const QuantizedNetwork>(std::move(network));
  }

  static std::size_t bytes_of(const QuantizedNetwork& quantized) {
    std::size_t bytes = 0;
    for (const auto& [name, tensor] : quantized.weights)
      bytes += sizeof(float) * tensor.values.size();
    return bytes;
  }

  AccuracyEstimate shared_accuracy(const CompressionPlan& plan, const ImageSet& images) {
    const std::vector<std::int32_t> classes =
        &images == &search_ ? runner_.predict(plan)
                            : runner_.predict(plan, images.pixels, images.count());
    return {.correct = count_correct(classes, images.labels), .total = images.count()};
  }

  [[nodiscard]] static std::string pruning_text(const PruningOptions& pruning) {
    return fmt::format(" pruning {} refit {} images {} seed {}", name(pruning.criterion),
                       pruning.refit, pruning.images, pruning.seed);
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

  QuantizedNetwork finetune(const QuantizedNetwork& start, std::span<const SumStatistics> sums,
                            const ImageSet& images, const FinetuneOptions& options,
                            const ReportFinish& progress, const std::stop_token& stop) {
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
    auto trained = train_quantized(start, sums, images, training,
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
  std::unique_ptr<PrunedNetworks> pruned_;
  std::shared_ptr<const Dataset> dataset_;
  AccuracyModelOptions options_;
  std::vector<std::int64_t> calibration_indices_;
  std::mutex pruned_mutex_;
  std::vector<Left> pruned_known_;  // the last one asked for first
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
  std::unique_ptr<PrunedNetworks> pruned;
  if (const std::optional<PruningOptions>& wanted = options.pruning) {
    auto made = PrunedNetworks::make(
        network, weights, folded,
        select(dataset->train, spread_sample(parts.training, wanted->images, wanted->seed)),
        options.normalization, *wanted);
    if (!made) return Unexpected{made.error()};
    pruned = std::move(*made);
  }
  return std::unique_ptr<AccuracyModel>(std::make_unique<QuantizedAccuracyModel>(
      std::move(folded), std::move(pruned), std::move(dataset), options, calibration,
      std::move(*calibrated), std::move(parts)));
}

}  // namespace hwflow::train
