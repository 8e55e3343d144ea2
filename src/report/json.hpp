#pragma once

#include <string>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// result.json and `hwflow codesign --json`: {evaluations, hypervolume, front, baselines, picks,
/// report, ...}. `report` is the name of the HTML file, or null when none was written.
[[nodiscard]] std::string result_json(const study::CodesignResult& result,
                                      const std::string& report_file);

}  // namespace hwflow::report
