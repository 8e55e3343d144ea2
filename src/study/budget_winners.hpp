#pragma once

#include <span>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"
#include "study/cost_budget.hpp"
#include "study/picks.hpp"

namespace hwflow::study {

/// A row for each budget, without a plan yet. Where they name several costs, one more that keeps
/// all of them, the least limit of each, unless a budget of the study says the same.
[[nodiscard]] std::vector<BudgetWinner> budget_rows(std::span<const CostBudget> budgets,
                                                    const HardwareCost& reference);

/// Fills in, for every row, the most accurate of the plans that were measured within it.
///
/// By the search accuracy; with `confirm`, by that on the confirmation split among the kShortlist
/// most accurate of the search, since the best of many measurements is too good to be true. Of two
/// plans that are equally accurate the one that takes the lesser sum of shares of the limits.
/// returns  false: stopped; the rows are as they were
[[nodiscard]] bool find_winners(std::vector<BudgetWinner>& rows,
                                std::span<const EvaluatedPlan> evaluated,
                                const ConfirmPlans& confirm);

/// "0.5 of energy and 0.4 of latency".
[[nodiscard]] std::string budget_text(std::span<const BudgetLimit> limits);

}  // namespace hwflow::study
