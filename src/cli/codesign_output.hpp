#pragma once

#include <filesystem>
#include <string>

#include "base/diagnostics.hpp"
#include "cli/command.hpp"
#include "study/codesign_result.hpp"
#include "study/study.hpp"
#include "train/quant/backend.hpp"

namespace hwflow::cli {

/// Where the paths of a study are looked for: the data folder of the command line, if any, and
/// HWFLOW_DATA.
[[nodiscard]] study::StudyFolders study_folders(const std::filesystem::path& data_directory);

/// Name of the file that a plan is exported to.
[[nodiscard]] std::string plan_file(study::ExportFormat format, const std::string& stem);

/// Writes one plan into `folder`; returns the file's name, empty when the format cannot say it (the
/// reason is printed on standard error).
[[nodiscard]] std::string export_plan(const std::filesystem::path& folder,
                                      study::ExportFormat format, const train::FinishedPlan& plan,
                                      const std::string& stem);

/// Writes the report into `folder` (nothing when no plan was evaluated yet), the JSON of --json,
/// and the table to standard output unless that holds JSON or --quiet is given.
void show_result(const study::CodesignResult& result, const std::filesystem::path& folder,
                 const GlobalOptions& options);

}  // namespace hwflow::cli
