#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "study/comparison.hpp"

namespace hwflow::cli {

/// What the run of several machines shares with that of one.
struct ComparisonRun {
  std::span<const study::LoadedStudy> studies;
  std::filesystem::path out;  ///< has a folder for each machine
  bool resume = false;
  std::string started;
  study::CodesignSetting setting;  ///< of every machine; exports go into the machine's folder
  /// Of a report: the runs of the studies, none is begun; and the folder with what was exported.
  std::vector<study::RunRecord> records = {};
  std::filesystem::path exported_in = {};
  std::function<void(const study::ComparedAccelerator&)> on_result = {};  ///< beside its report
  std::function<void()> close_progress = {};  ///< before anything is printed
};

/// Searches all machines, writes the report of each into its folder and the comparison into `out`,
/// prints it, and returns the exit code.
int run_comparison(const ComparisonRun& run, train::AccuracyModel& accuracy, study::RunStore& store,
                   const GlobalOptions& options);

/// index.html and the tables into `folder`, the JSON of --json, and the text to standard output
/// unless that holds JSON or --quiet is given.
void show_comparison(const study::ComparisonResult& comparison, const std::filesystem::path& folder,
                     const GlobalOptions& options);

/// Progress of one machine, by its label.
[[nodiscard]] study::ReportProgress labelled(const study::ReportProgress& progress,
                                             const std::string& label);

}  // namespace hwflow::cli
