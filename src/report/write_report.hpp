#pragma once

#include <filesystem>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// Writes report.html, result.json, evaluations.csv, front.csv, layers.csv, plans.csv,
/// generations.csv and config.yaml into `folder`, which is made when it is absent. Each file is
/// replaced whole, so that a run that is stopped leaves no half of one.
/// Errors   exceptions of the file system.
void write_report(const study::CodesignResult& result, const std::filesystem::path& folder);

/// Writes a file by way of another name, so that it is there as a whole or as it was.
/// Throws  as write_report().
void replace_file(const std::filesystem::path& file, const std::string& text);

}  // namespace hwflow::report
