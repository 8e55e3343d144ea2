#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/progress.hpp"
#include "study/run_store.hpp"
#include "study/study.hpp"
#include "train/fault/flip_campaign.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::study {

/// Writes a re-trained plan in one format; returns the file's name, empty when the format cannot
/// say the plan. `stem` is its name without ending.
using ExportPlan = std::function<std::string(ExportFormat format, const train::FinishedPlan& plan,
                                             const std::string& stem)>;

/// What a run needs besides the study.
struct CodesignSetting {
  int threads = 1;
  ReportProgress progress;  ///< may be empty
  ExportPlan export_plan;   ///< empty: nothing is exported
  /// Of a study that minimises failure_rate; null: not of such a study, or only_known.
  train::fault::FlipCampaigns* campaigns = nullptr;
  std::stop_token stop;
  std::string machine;  ///< for the report
  /// Why accuracies of the search may be optimistic, sentences for the report; empty: they are not.
  std::string search_caveat;
  /// The result is put together from what the store has, the run's record stays as it is: nothing
  /// is evaluated or trained (a layer whose mapping the store lacks is mapped).
  bool only_known = false;
};

/// The main job: search, picks, re-training, test set, export.
///
/// `run` is that of begin_run(). A stop request ends it after the plans in flight; the result then
/// holds what is known (`stopped`), and a later call goes on from there. So does one after a kill.
/// Errors  layers that cannot be mapped on the accelerator, each by name: nothing is feasible.
[[nodiscard]] Expected<CodesignResult> run_codesign(const LoadedStudy& study, const RunRecord& run,
                                                    train::AccuracyModel& accuracy, RunStore& store,
                                                    const CodesignSetting& setting);

}  // namespace hwflow::study
