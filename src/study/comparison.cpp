#include "study/comparison.hpp"

#include <fmt/format.h>

#include <set>

#include "study/transfers.hpp"

namespace hwflow::study {
namespace {

/// What all machines share, from the run of the first one.
void describe(ComparisonResult& comparison, const CodesignResult& first) {
  comparison.study_name = first.study_name;
  comparison.version = first.version;
  comparison.started = first.started;
  comparison.network = first.network.name;
  comparison.data = first.data;
  comparison.algorithm = first.algorithm;
  comparison.accuracy_method = first.accuracy_method;
  comparison.seed = first.seed;
  comparison.tolerance = first.tolerance;
  comparison.float_search = first.float_search;
  comparison.objectives = first.objectives;
}

void count_plans(ComparisonResult& comparison) {
  std::set<std::string> distinct;
  for (const ComparedAccelerator& machine : comparison.accelerators) {
    comparison.evaluations += machine.result.accuracy_evaluations;
    for (const EvaluatedPlan& plan : machine.result.evaluated) distinct.insert(to_text(plan.plan));
  }
  comparison.distinct_plans = static_cast<std::int64_t>(distinct.size());
}

std::string missing_of(const ComparisonResult& comparison, std::span<const LoadedStudy> studies) {
  if (comparison.accelerators.empty()) return "no search was begun";
  const ComparedAccelerator& last = comparison.accelerators.back();
  const std::string what = last.result.stopped ? last.label + ": " + last.result.missing
                                               : "the machines are not compared yet";
  const std::size_t left = studies.size() - comparison.accelerators.size();
  return left == 0 ? what : fmt::format("{}; machines that were not begun: {}", what, left);
}

}  // namespace

Expected<ComparisonResult> run_comparison(std::span<const LoadedStudy> studies,
                                          train::AccuracyModel& accuracy, RunStore& store,
                                          const ComparisonSetting& setting) {
  ComparisonResult comparison;
  for (const LoadedStudy& study : studies) {
    const Expected<RunRecord> run = setting.begin(study);
    if (!run) return Unexpected{run.error()};
    Expected<CodesignResult> result =
        run_codesign(study, *run, accuracy, store, setting.setting_of(study));
    if (!result) return Unexpected{std::move(result).error()};
    ComparedAccelerator machine{study.label, std::move(*result), {}, {}};
    const double least = machine.result.float_search.top1() - machine.result.tolerance;
    machine.least_energy = cheapest_plan(machine.result, Objective::energy, least);
    machine.least_latency = cheapest_plan(machine.result, Objective::latency, least);
    if (setting.on_result) setting.on_result(machine);
    if (comparison.accelerators.empty()) describe(comparison, machine.result);
    comparison.accelerators.push_back(std::move(machine));
    comparison.stopped = comparison.accelerators.back().result.stopped;
    if (comparison.stopped) break;
  }
  count_plans(comparison);
  if (!comparison.stopped) {
    auto transfers = price_transfers(studies, comparison.accelerators, store,
                                     setting.setting_of(studies.front()).threads, setting.stop);
    if (!transfers) return Unexpected{std::move(transfers).error()};
    comparison.stopped = !transfers->has_value();
    if (*transfers) comparison.transfers = std::move(**transfers);
  }
  if (comparison.stopped) comparison.missing = missing_of(comparison, studies);
  return comparison;
}

}  // namespace hwflow::study
