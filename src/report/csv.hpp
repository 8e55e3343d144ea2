#pragma once

#include <string>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// Tables as RFC 4180 text with a header line; numbers are written so that they read back exactly.
/// Accuracies are shares (0 to 1), energies pJ, traffic and sizes bits.

/// One row for every evaluated plan, in order of evaluation.
[[nodiscard]] std::string evaluations_csv(const study::CodesignResult& result);
/// The rows of the Pareto front, in its order.
[[nodiscard]] std::string front_csv(const study::CodesignResult& result);
/// One row for every layer that runs by itself, of every shown plan; a column for each energy
/// component and the traffic of each level.
[[nodiscard]] std::string layers_csv(const study::CodesignResult& result);
/// One row for every group of every shown plan that runs fused, layers by themselves among them; a
/// column for each energy component.
[[nodiscard]] std::string groups_csv(const study::CodesignResult& result);
/// One row for every shown plan: test accuracies and costs.
[[nodiscard]] std::string plans_csv(const study::CodesignResult& result);
/// Hypervolume by generation.
[[nodiscard]] std::string generations_csv(const study::CodesignResult& result);

/// One row for every generation of every level of abstraction: hypervolume by the level's own model
/// and, empty where it is not known, by the last level's.
[[nodiscard]] std::string levels_csv(const study::CodesignResult& result);
/// One row for every plan on the front of a level, with its costs by the level's own model; `index`
/// is that of the other tables, empty where the last level did not price the plan.
[[nodiscard]] std::string level_fronts_csv(const study::CodesignResult& result);

/// A cell, in quotes where RFC 4180 wants them.
[[nodiscard]] std::string csv_cell(const std::string& text);

}  // namespace hwflow::report
