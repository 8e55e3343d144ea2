#pragma once

#include <string>
#include <vector>

#include "schema/value.hpp"
#include "study/codesign_result.hpp"

/// The most accurate plan within each budget of a study (CodesignResult::budget_winners), for all
/// reports. Nothing of a study without budgets.
namespace hwflow::report {

/// A header, then a row for each budget: what it is, its limits, the plan, its accuracy, what it
/// takes of the limits, and its share of every cost of the reference. Plain text.
[[nodiscard]] std::vector<std::vector<std::string>> budget_cells(
    const study::CodesignResult& result);
/// What shares are of, and what chose the plans: sentences of plain text.
[[nodiscard]] std::string budget_note(const study::CodesignResult& result);
/// budgets.csv: a row for each budget; for each cost its limit, as share and absolute, and what the
/// plan costs.
[[nodiscard]] std::string budgets_csv(const study::CodesignResult& result);
/// Limits of a budget in result.json, and the plan's shares of the reference by cost.
[[nodiscard]] schema::Value limits_value(const study::BudgetWinner& winner);
[[nodiscard]] schema::Value shares_value(const study::CodesignResult& result,
                                         const study::HardwareCost& hardware);

}  // namespace hwflow::report
