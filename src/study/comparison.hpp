#pragma once

#include <functional>
#include <span>
#include <stop_token>

#include "study/codesign.hpp"
#include "study/comparison_result.hpp"

namespace hwflow::study {

/// What a comparison needs besides its studies.
struct ComparisonSetting {
  /// The run of one machine in the store; asked before its search, machine by machine.
  std::function<Expected<RunRecord>(const LoadedStudy&)> begin;
  /// How the run of one machine is carried out; progress, threads and stop as in every run.
  std::function<CodesignSetting(const LoadedStudy&)> setting_of;
  /// Called when the run of a machine is over or was stopped; may be empty.
  std::function<void(const ComparedAccelerator&)> on_result;
  std::stop_token stop;
};

/// One co-design run for each machine of load_studies(), with the same seed and budget, one after
/// another. Accuracies are in the one store: a plan is measured once, whatever machine asks.
/// Then the best plans of each machine are priced on each other one.
///
/// As in run_codesign(), what was stopped or killed goes on from the store to the same result, and
/// nothing depends on the number of threads.
/// Errors  those of begin(); layers that cannot be mapped on some machine.
[[nodiscard]] Expected<ComparisonResult> run_comparison(std::span<const LoadedStudy> studies,
                                                        train::AccuracyModel& accuracy,
                                                        RunStore& store,
                                                        const ComparisonSetting& setting);

}  // namespace hwflow::study
