#pragma once

#include <string>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// The report of a co-design run as one HTML page that needs nothing else: no network, no script,
/// no second file. Everything that comes from outside is escaped.
[[nodiscard]] std::string html_report(const study::CodesignResult& result);

}  // namespace hwflow::report
