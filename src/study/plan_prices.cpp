#include "study/plan_prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hwflow::study {

std::optional<HardwareCost> PlanPrices::price(const CompressionPlan& plan) {
  const std::string text = to_text(plan);
  auto known = costs_.find(text);
  if (known == costs_.end()) {
    const std::optional<HardwareCost> priced = ledger_.price(plan);
    if (!priced) return std::nullopt;
    known = costs_.emplace(text, *priced).first;
  }
  return known->second;
}

std::optional<double> PlanPrices::cost(Objective of, const CompressionPlan& plan) {
  if (of == Objective::model_size) return static_cast<double>(ledger_.model_bits_of(plan));
  if (of == Objective::macs) return static_cast<double>(ledger_.macs_of(plan));
  const std::optional<HardwareCost> priced = price(plan);
  if (!priced) return std::nullopt;
  return objective_value(of, {}, *priced);
}

IsWithin PlanPrices::within(const Allowance& allowance) {
  return [this, allowance](const pareto::Genome& genome) -> std::optional<bool> {
    const auto value = cost(allowance.of, ledger_.space().decode(genome));
    if (!value) return std::nullopt;
    return *value <= allowance.most;
  };
}

std::optional<PlanPrices::Range> PlanPrices::range_of(Objective of) {
  const PlanSpace& space = ledger_.space();
  const auto reference = cost(of, space.uniform(ledger_.study().finish.reference));
  const auto least = cost(of, space.decode(pareto::Genome(space.genomes().largest.size(), 0)));
  if (!reference || !least) return std::nullopt;
  return Range{*least, *reference};
}

Diagnostic PlanPrices::too_tight(std::size_t i, const Range& range) const {
  const CostBudget& budget = ledger_.study().search.budgets[i];
  const WidthPair& pair = ledger_.study().finish.reference;
  return {
      fmt::format("search.budgets[{}].share", i),
      fmt::format("{} of the {} of uniform {}/{} is {:.6g}, but the narrowest plan costs {:.6g}",
                  budget.share, name(budget.of), pair.weights, pair.inputs,
                  budget.share * range.reference, range.least),
      fmt::format("{:.3f} or more", std::ceil(1000.0 * range.least / range.reference) / 1000.0),
      ProblemKind::infeasible};
}

std::optional<std::vector<Allowance>> PlanPrices::spread() {
  const Objective of = *std::ranges::find_if(ledger_.study().search.objectives,
                                             [](Objective o) { return o != Objective::accuracy; });
  const std::optional<Range> range = range_of(of);
  if (!range) return std::nullopt;
  const double step = std::max(0.0, range->reference - range->least) / (kSpreadBudgets + 1);
  std::vector<Allowance> allowances;
  for (int i = 1; i <= kSpreadBudgets; ++i) allowances.push_back({of, range->least + i * step});
  return allowances;
}

std::optional<std::vector<Allowance>> PlanPrices::allowances() {
  const std::vector<CostBudget>& budgets = ledger_.study().search.budgets;
  if (budgets.empty()) return spread();
  Diagnostics problems;
  std::vector<Allowance> allowances;
  for (std::size_t i = 0; i < budgets.size(); ++i) {
    const std::optional<Range> range = range_of(budgets[i].of);
    if (!range) return std::nullopt;
    const double allowed = budgets[i].share * range->reference;
    if (allowed < range->least && ledger_.level_count() == 1)
      problems.push_back(too_tight(i, *range));
    allowances.push_back({budgets[i].of, std::max(allowed, range->least)});
  }
  if (problems.empty()) return allowances;
  ledger_.fail(std::move(problems));
  return std::nullopt;
}

}  // namespace hwflow::study
