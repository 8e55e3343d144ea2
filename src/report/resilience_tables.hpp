#pragma once

#include <string>
#include <vector>

#include "schema/value.hpp"
#include "study/codesign_result.hpp"

namespace hwflow::report {

/// Failures an inference as failures of a million: "12.3".
[[nodiscard]] std::string per_million_text(double failure_rate);

/// A row for each finished plan, then for each drawn one, the head first: predicted beside measured
/// failures of a million inferences. None of a study that does not minimise failures.
[[nodiscard]] std::vector<std::vector<std::string>> failure_cells(
    const study::CodesignResult& result);
/// How well the predictor ranks, what rows are of and on which images; empty likewise.
[[nodiscard]] std::string failure_note(const study::CodesignResult& result);

/// The same rows with every number.
[[nodiscard]] std::string failures_csv(const study::CodesignResult& result);
/// What one flipped bit does, by site, layer and width: what the predictor knows.
[[nodiscard]] std::string flips_csv(const study::CodesignResult& result);
/// `resilience` of result.json.
[[nodiscard]] schema::Value resilience_value(const study::CodesignResult& result);

}  // namespace hwflow::report
