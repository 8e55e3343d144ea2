#include "study/finish.hpp"

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/parallel.hpp"
#include "study/paired_test.hpp"

namespace hwflow::study {
namespace {

using Clock = std::chrono::steady_clock;
using Plans = std::vector<std::optional<train::FinishedPlan>>;

/// Plans are finished by several threads that share one progress line.
class Finisher {
 public:
  Finisher(const CodesignResult& result, const FinishOptions& options, std::uint64_t seed,
           train::AccuracyModel& accuracy, RunStore& store, const SearchSetting& setting)
      : result_(result),
        key_(finetune_text(options, seed)),
        options_{options.epochs, options.learning_rate, options.batch_size, seed},
        accuracy_(accuracy),
        store_(store),
        setting_(setting),
        shares_(result.plans.size(), 0.0) {}

  Plans run() {
    Plans plans(result_.plans.size());
    const std::jthread heartbeat([this](const std::stop_token& over) { beat(over); });
    parallel_for(plans.size(), setting_.threads, [&](std::size_t i) {
      if (!setting_.stop.stop_requested()) plans[i] = finish(i);
    });
    return plans;
  }

 private:
  std::optional<train::FinishedPlan> finish(std::size_t i) {
    const CompressionPlan& plan = result_.evaluated[result_.plans[i].evaluated].plan;
    const std::string text = hwflow::to_text(plan);
    std::optional<train::FinishedPlan> known = store_.find_finished(accuracy_.key(), text, key_);
    if (!known) {
      if (setting_.only_known) return std::nullopt;
      report(i, {0.0, "starting"});
      known = accuracy_.finish(
          plan, options_, [&](const train::FinishProgress& progress) { report(i, progress); },
          setting_.stop);
      if (!known) return std::nullopt;
      store_.save_finished(accuracy_.key(), text, key_, *known);
      const std::lock_guard lock(mutex_);
      ++trained_;
    }
    report_done(i);
    return known;
  }

  void report(std::size_t i, const train::FinishProgress& progress) {
    const std::lock_guard lock(mutex_);
    shares_[i] = progress.share;
    in_work_[i] = progress.note;
    show();
  }

  void report_done(std::size_t i) {
    const std::lock_guard lock(mutex_);
    ++done_;
    in_work_.erase(i);
    // What the store had took no time: it is no part of the estimate.
    if (shares_[i] > 0.0) shares_[i] = 1.0;
    show();
  }

  /// With the mutex held.
  void show() const {
    if (!setting_.progress) return;
    std::string note;
    for (const auto& [i, text] : in_work_) {
      note += (note.empty() ? "" : "; ") + result_.plans[i].label + ": " + text;
    }
    setting_.progress({"finish", done_, static_cast<std::int64_t>(result_.plans.size()),
                       note.empty() ? "done" : note, seconds_left()});
  }

  /// From the share of the training that is done in this process; none while there is none, and
  /// when only measuring is left, whose share nobody knows.
  [[nodiscard]] std::optional<double> seconds_left() const {
    const double trained = std::accumulate(shares_.begin(), shares_.end(), 0.0);
    if (trained <= 0.0) return std::nullopt;
    const auto known = static_cast<double>(done_ - trained_);
    const double left = static_cast<double>(shares_.size()) - known - trained;
    if (left <= 0.0 && !in_work_.empty()) return std::nullopt;
    return std::chrono::duration<double>(Clock::now() - start_).count() * left / trained;
  }

  void beat(const std::stop_token& over) {
    std::mutex waiting;
    std::unique_lock lock(waiting);
    std::condition_variable_any over_now;
    while (
        !over_now.wait_for(lock, over, setting_.heartbeat, [&] { return over.stop_requested(); })) {
      const std::lock_guard shown(mutex_);
      show();
    }
  }

  const CodesignResult& result_;
  std::string key_;
  train::FinetuneOptions options_;
  train::AccuracyModel& accuracy_;
  RunStore& store_;
  const SearchSetting& setting_;
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;  // of what follows
  std::int64_t done_ = 0, trained_ = 0;
  std::vector<double> shares_;
  std::map<std::size_t, std::string> in_work_;
};

std::optional<std::size_t> find_reference(const CodesignResult& result,
                                          const FinishOptions& options) {
  const std::string label =
      fmt::format("uniform {}/{}", options.reference.weights, options.reference.inputs);
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    if (result.plans[i].baseline && result.plans[i].label == label) return i;
  }
  return std::nullopt;
}

void choose_headline(CodesignResult& result, const FinishOptions& options) {
  const std::optional<std::size_t> reference = find_reference(result, options);
  if (!reference) return;
  const double floor =
      result.float_confirmation.value_or(result.float_search).top1() - result.tolerance;
  std::optional<std::size_t> best;
  const auto cost_of = [&](std::size_t i) -> const HardwareCost& {
    return result.evaluated[result.plans[i].evaluated].hardware;
  };
  // Time counts where energy is not modelled.
  const auto costs = [&](std::size_t i) {
    return std::pair{cost_of(i).energy_pj, cost_of(i).cycles};
  };
  for (std::size_t i = 0; i < result.plans.size(); ++i) {
    const PlanDetails& plan = result.plans[i];
    if (plan.baseline || !plan.held_out || plan.held_out->top1() < floor) continue;
    if (!best || costs(i) < costs(*best)) best = i;
  }
  if (best) result.headline = saving_of(*best, cost_of(*best), *reference, cost_of(*reference));
}

}  // namespace

std::vector<train::FinishedPlan> finish_plans(CodesignResult& result, const FinishOptions& options,
                                              std::uint64_t seed, train::AccuracyModel& accuracy,
                                              RunStore& store, const SearchSetting& setting) {
  Plans plans = Finisher(result, options, seed, accuracy, store, setting).run();
  std::vector<train::FinishedPlan> finished;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!plans[i]) continue;
    result.plans[i].test_fake_quantized = plans[i]->fake_quantized;
    result.plans[i].test_integer = plans[i]->integer;
    result.plans[i].held_out = plans[i]->held_out;
    result.plans[i].finetune_seconds = plans[i]->seconds;
    finished.push_back(std::move(*plans[i]));
  }
  if (finished.size() < plans.size()) finished.clear();
  return finished;
}

void compare_plans(CodesignResult& result, const std::vector<train::FinishedPlan>& finished,
                   const FinishOptions& options) {
  for (std::size_t pick = 0; pick < finished.size(); ++pick) {
    if (result.plans[pick].baseline) continue;
    for (std::size_t baseline = 0; baseline < finished.size(); ++baseline) {
      if (!result.plans[baseline].baseline) continue;
      PairedTest test = paired_test(finished[pick].correct, finished[baseline].correct);
      test.a = pick;
      test.b = baseline;
      result.paired_tests.push_back(test);
    }
  }
  choose_headline(result, options);
}

std::string file_stem(const std::string& label) {
  std::string stem;
  for (const char c : label) {
    const bool kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    stem += kept ? c : '_';
  }
  return stem;
}

std::string finetune_text(const FinishOptions& options, std::uint64_t seed) {
  return fmt::format(
      "finetune-2 epochs {} learning_rate {} batch_size {} seed {} method {} crop_pad {} flip {} "
      "weight_decay {} batch_norm {} distillation {}",
      options.epochs, options.learning_rate, options.batch_size, seed,
      static_cast<int>(options.method), options.crop_pad, options.flip, options.weight_decay,
      options.batch_norm, options.distillation);
}

}  // namespace hwflow::study
