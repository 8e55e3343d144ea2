#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "study/hardware_model.hpp"
#include "study/progress.hpp"
#include "study/run_store.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// Measures whole broods of plans: hardware cost and accuracy, on several threads, every accuracy
/// committed to the run store as soon as it is known.
class PlanEvaluator {
 public:
  struct Measured {
    train::AccuracyEstimate accuracy;
    HardwareCost hardware;
    bool operator==(const Measured&) const = default;
  };

  PlanEvaluator(HardwareModel& hardware, train::AccuracyModel& accuracy, RunStore& store,
                int threads, ReportProgress progress, std::stop_token stop);

  /// In the order of `plans`; none when the run was stopped.
  /// Errors  a layer that cannot be mapped.
  /// Throws  what the accuracy model throws, after the other threads have finished their plan.
  [[nodiscard]] Expected<std::optional<std::vector<Measured>>> measure(
      std::span<const CompressionPlan> plans);

  /// Costs alone, by any model, in the order of `plans`; none when the run was stopped.
  /// Errors  a layer that cannot be mapped.
  [[nodiscard]] Expected<std::optional<std::vector<HardwareCost>>> price(
      HardwareModel& hardware, std::span<const CompressionPlan> plans);
  /// From now on measure() prices plans by this model.
  void use(HardwareModel& hardware) { hardware_ = &hardware; }
  /// Shows a line of progress while nothing is measured.
  void announce(const std::string& note);

  /// From now on measure() evaluates nothing: it returns none when the store lacks an accuracy.
  void use_only_the_store() { only_known_ = true; }

  /// For the progress line: what is expected in all, and what the search has to say.
  void set_total(std::int64_t total) { total_ = total; }
  void set_note(std::string note);

  [[nodiscard]] std::int64_t cache_hits() const noexcept { return cache_hits_; }
  [[nodiscard]] double mapping_seconds() const noexcept { return mapping_seconds_; }

 private:
  [[nodiscard]] bool all_known(std::span<const CompressionPlan> plans) const;
  /// None: stopped while it was trained.
  [[nodiscard]] std::optional<train::AccuracyEstimate> accuracy_of(const CompressionPlan& plan);
  void report_one_done();
  [[nodiscard]] Diagnostics prepare(HardwareModel& hardware,
                                    std::span<const CompressionPlan> plans);

  HardwareModel* hardware_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  int threads_;
  ReportProgress progress_;
  std::stop_token stop_;
  std::string model_key_;
  bool only_known_ = false;
  std::mutex mutex_;  // of what follows
  std::int64_t cache_hits_ = 0;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
  double mapping_seconds_ = 0.0;
  std::string note_;
};

}  // namespace hwflow::study
