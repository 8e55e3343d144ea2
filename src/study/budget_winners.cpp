#include "study/budget_winners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "study/search.hpp"

namespace hwflow::study {
namespace {

using Shares = std::map<Objective, double>;

Shares shares_of(std::span<const BudgetLimit> limits) {
  Shares shares;
  for (const BudgetLimit& limit : limits) shares.emplace(limit.of, limit.share);
  return shares;
}

/// The least limit of every cost, in the order in which they are first named.
std::vector<BudgetLimit> least_limits(std::span<const BudgetWinner> rows) {
  std::vector<BudgetLimit> least;
  for (const BudgetWinner& row : rows) {
    for (const BudgetLimit& limit : row.limits) {
      const auto known = std::ranges::find(least, limit.of, &BudgetLimit::of);
      if (known == least.end()) {
        least.push_back(limit);
      } else if (limit.share < known->share) {
        *known = limit;
      }
    }
  }
  return least;
}

bool is_within(std::span<const BudgetLimit> limits, const HardwareCost& hardware) {
  return std::ranges::all_of(limits, [&](const BudgetLimit& limit) {
    return objective_value(limit.of, {}, hardware) <= limit.most;
  });
}

double filled(std::span<const BudgetLimit> limits, const HardwareCost& hardware) {
  double sum = 0.0;
  for (const BudgetLimit& limit : limits)
    sum += share_of(objective_value(limit.of, {}, hardware), limit.most);
  return sum;
}

/// Plans within the limits, the most accurate by the search first.
std::vector<std::size_t> ranked(std::span<const BudgetLimit> limits,
                                std::span<const EvaluatedPlan> evaluated) {
  std::vector<std::tuple<double, double, std::size_t>> ranks;  // wrong, filled, index
  for (std::size_t i = 0; i < evaluated.size(); ++i) {
    const HardwareCost& hardware = evaluated[i].hardware;
    if (!is_within(limits, hardware)) continue;
    ranks.emplace_back(1.0 - evaluated[i].accuracy.top1(), filled(limits, hardware), i);
  }
  std::ranges::sort(ranks);
  std::vector<std::size_t> plans;
  plans.reserve(ranks.size());
  for (const auto& [wrong, cost, i] : ranks) plans.push_back(i);
  return plans;
}

}  // namespace

std::vector<BudgetWinner> budget_rows(std::span<const CostBudget> budgets,
                                      const HardwareCost& reference) {
  std::vector<BudgetWinner> rows;
  for (const CostBudget& budget : budgets) {
    BudgetWinner& row = rows.emplace_back();
    for (const CostShare& part : budget.shares()) {
      row.limits.push_back(
          {part.of, part.share, part.share * objective_value(part.of, {}, reference)});
    }
  }
  const std::vector<BudgetLimit> least = least_limits(rows);
  const bool is_told = std::ranges::any_of(
      rows, [&](const BudgetWinner& row) { return shares_of(row.limits) == shares_of(least); });
  if (!rows.empty() && !is_told) rows.push_back({least, true, 0, std::nullopt});
  return rows;
}

bool find_winners(std::vector<BudgetWinner>& rows, std::span<const EvaluatedPlan> evaluated,
                  const ConfirmPlans& confirm) {
  std::vector<BudgetWinner> found = rows;
  for (BudgetWinner& row : found) {
    std::vector<std::size_t> plans = ranked(row.limits, evaluated);
    row.within = std::ssize(plans);
    row.evaluated.reset();
    if (plans.empty()) continue;
    if (!confirm) {
      row.evaluated = plans.front();
      continue;
    }
    plans.resize(std::min(plans.size(), kShortlist));
    if (!confirm(plans)) return false;
    // The first of several, which is the best of them by the search.
    row.evaluated = *std::ranges::max_element(
        plans, {}, [&](std::size_t i) { return evaluated[i].confirmed->top1(); });
  }
  rows = std::move(found);
  return true;
}

std::string budget_text(std::span<const BudgetLimit> limits) {
  std::string text;
  for (const BudgetLimit& limit : limits)
    text += fmt::format("{}{} of {}", text.empty() ? "" : " and ", limit.share, name(limit.of));
  return text;
}

}  // namespace hwflow::study
