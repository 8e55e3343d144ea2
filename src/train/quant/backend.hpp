#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "train/quant/integer_network.hpp"
#include "workload/network.hpp"

namespace hwflow::train {

/// A measured share of right answers. standard_error = sqrt(p(1-p)/n).
struct AccuracyEstimate {
  std::int64_t correct = 0, total = 0;
  [[nodiscard]] double top1() const {
    return total > 0 ? static_cast<double>(correct) / static_cast<double>(total) : 0.0;
  }
  [[nodiscard]] double standard_error() const {
    return total > 0 ? std::sqrt(top1() * (1.0 - top1()) / static_cast<double>(total)) : 0.0;
  }
  bool operator==(const AccuracyEstimate&) const = default;
};

struct FinetuneOptions {
  int epochs = 2;
  double learning_rate = 0.001;  ///< at the start. Networks are fine-tuned with BatchNorm folded,
                                 ///< where about a tenth of the usual rate is stable
  int batch_size = 128;
  std::uint64_t seed = 1;
  bool operator==(const FinetuneOptions&) const = default;
};

/// What a search measures of a plan.
struct PlanAccuracy {
  AccuracyEstimate search;  ///< top-1 on the search split of the training set
  /// What confirm() would tell, where a plan is trained to be measured: told along with the other,
  /// so that nothing is trained twice. Else none.
  std::optional<AccuracyEstimate> confirmation;
  bool operator==(const PlanAccuracy&) const = default;
};

/// How far the re-training of a plan is.
struct FinishProgress {
  double share = 0.0;  ///< 0..1 of its training
  std::string note;    ///< "epoch 1 of 2: loss 0.3012, accuracy 90.12 % (41 s)"
};
using ReportFinish = std::function<void(const FinishProgress&)>;

/// A plan after quantization-aware training.
struct FinishedPlan {
  /// On the untouched test set, measured once: to be reported, nothing may be chosen by them.
  AccuracyEstimate fake_quantized;
  AccuracyEstimate integer;  ///< by the integer executor, the arbiter
  /// By the integer executor on the confirmation split, on the search split where that is empty:
  /// what may choose among re-trained plans.
  AccuracyEstimate held_out;
  std::vector<std::uint8_t> correct;  ///< integer executor, 1 = right, per test image
  IntegerNetwork network;
  double seconds = 0.0;
};

/// Everything that the searches need of training; torch-free, so that they are tested with a fake.
/// Thread-safe: evaluations of different plans may run at the same time; each is computed on one
/// thread and depends on the plan and the seed alone.
class AccuracyModel {
 public:
  virtual ~AccuracyModel() = default;
  /// Names network, weights, data, split, method and the code that measures: the cache key beside
  /// the plan.
  [[nodiscard]] virtual std::string key() const = 0;
  /// None when stopped in the middle of a training.
  [[nodiscard]] virtual std::optional<PlanAccuracy> evaluate(const CompressionPlan& plan,
                                                             std::stop_token stop) = 0;
  /// Top-1 on the confirmation split, images that neither search nor training looks at: what is
  /// left of an accuracy that was the best of many. total = 0: the split is empty. None when
  /// stopped in the middle of a training.
  [[nodiscard]] virtual std::optional<AccuracyEstimate> confirm(const CompressionPlan& plan,
                                                                std::stop_token stop) = 0;
  /// Float network on the search split, the confirmation split, and the test set.
  [[nodiscard]] virtual AccuracyEstimate float_search_accuracy() = 0;
  [[nodiscard]] virtual AccuracyEstimate float_confirmation_accuracy() = 0;
  [[nodiscard]] virtual AccuracyEstimate float_test_accuracy() = 0;
  /// Quantization-aware fine-tuning on the training set (held-out splits excluded), then the test
  /// set. None when stopped: half-trained weights are not measured.
  [[nodiscard]] virtual std::optional<FinishedPlan> finish(const CompressionPlan& plan,
                                                           const FinetuneOptions& options,
                                                           const ReportFinish& progress,
                                                           std::stop_token stop) = 0;
  /// The network of a plan in integers, as evaluate() measures it. None when stopped in the middle
  /// of a training; and of a model that has none to show.
  [[nodiscard]] virtual std::optional<IntegerNetwork> integers(const CompressionPlan& /*plan*/,
                                                               std::stop_token /*stop*/) {
    return std::nullopt;
  }
  /// How many channels of each of these groups stay when `share` of all theirs are kept by their
  /// scores, whatever their group (counts_by_global_score()); of every group, 0 of others. Empty:
  /// the model removes no channels.
  [[nodiscard]] virtual std::vector<std::int32_t> counts_by_score(
      double /*share*/, std::span<const std::size_t> /*groups*/) {
    return {};
  }
};

}  // namespace hwflow::train
