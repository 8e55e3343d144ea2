#include "study/plan_evaluator.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/parallel.hpp"

namespace hwflow::study {

PlanEvaluator::PlanEvaluator(HardwareModel& hardware, train::AccuracyModel& accuracy,
                             RunStore& store, int threads, ReportProgress progress,
                             std::stop_token stop)
    : hardware_(&hardware),
      accuracy_(accuracy),
      store_(store),
      threads_(threads),
      progress_(std::move(progress)),
      stop_(std::move(stop)),
      model_key_(accuracy.key()) {}

void PlanEvaluator::set_note(std::string note) {
  const std::lock_guard lock(mutex_);
  note_ = std::move(note);
}

void PlanEvaluator::report_one_done() {
  const std::lock_guard lock(mutex_);
  ++done_;
  if (progress_) progress_({"search", done_, total_, note_});
}

void PlanEvaluator::announce(const std::string& note) {
  const std::lock_guard lock(mutex_);
  if (progress_) progress_({"search", done_, total_, note});
}

bool PlanEvaluator::all_known(std::span<const CompressionPlan> plans) const {
  return std::all_of(plans.begin(), plans.end(), [this](const CompressionPlan& plan) {
    return store_.find_accuracy(model_key_, to_text(plan)).has_value();
  });
}

std::optional<train::AccuracyEstimate> PlanEvaluator::accuracy_of(const CompressionPlan& plan) {
  const std::string text = to_text(plan);
  if (const auto known = store_.find_accuracy(model_key_, text)) {
    const std::lock_guard lock(mutex_);
    ++cache_hits_;
    return *known;
  }
  const std::optional<train::PlanAccuracy> accuracy = accuracy_.evaluate(plan, stop_);
  if (!accuracy) return std::nullopt;
  if (accuracy->confirmation) {
    store_.save_accuracy(confirmation_key(model_key_), text, *accuracy->confirmation);
  }
  store_.save_accuracy(model_key_, text, accuracy->search);
  return accuracy->search;
}

Diagnostics PlanEvaluator::prepare(HardwareModel& hardware,
                                   std::span<const CompressionPlan> plans) {
  const auto start = std::chrono::steady_clock::now();
  Diagnostics problems = hardware.prepare(plans, threads_, stop_);
  mapping_seconds_ +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return problems;
}

Expected<std::optional<std::vector<HardwareCost>>> PlanEvaluator::price(
    HardwareModel& hardware, std::span<const CompressionPlan> plans) {
  using Result = std::optional<std::vector<HardwareCost>>;
  Diagnostics problems = prepare(hardware, plans);
  if (!problems.empty()) return Unexpected{std::move(problems)};
  if (stop_.stop_requested()) return Result{};
  std::vector<HardwareCost> costs(plans.size());
  parallel_for(plans.size(), threads_, [&](std::size_t i) { costs[i] = hardware.cost(plans[i]); });
  return Result{std::move(costs)};
}

Expected<std::optional<std::vector<PlanEvaluator::Measured>>> PlanEvaluator::measure(
    std::span<const CompressionPlan> plans) {
  using Result = std::optional<std::vector<Measured>>;
  if (only_known_ && !all_known(plans)) return Result{};
  Diagnostics problems = prepare(*hardware_, plans);
  if (!problems.empty()) return Unexpected{std::move(problems)};

  std::vector<Measured> measured(plans.size());
  std::atomic<bool> complete = true;
  parallel_for(plans.size(), threads_, [&](std::size_t i) {
    const std::optional<train::AccuracyEstimate> accuracy =
        stop_.stop_requested() ? std::nullopt : accuracy_of(plans[i]);
    if (!accuracy) {
      complete = false;
      return;
    }
    measured[i] = {*accuracy, hardware_->cost(plans[i])};
    report_one_done();
  });
  if (!complete) return Result{};
  return Result{std::move(measured)};
}

}  // namespace hwflow::study
