#pragma once

#include <filesystem>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// Writes report.html, result.json, evaluations.csv, front.csv, layers.csv, plans.csv,
/// generations.csv and config.yaml into `folder`, which is made when it is absent. Each file is
/// replaced whole, so that a run that is stopped leaves no half of one.
/// Errors   exceptions of the file system.
void write_report(const study::CodesignResult& result, const std::filesystem::path& folder);

}  // namespace hwflow::report
