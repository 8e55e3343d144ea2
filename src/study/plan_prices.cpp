#include "study/plan_prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hwflow::study {

bool may_change(const Limits& limits, Decision::Kind kind) {
  return std::ranges::any_of(limits,
                             [kind](const Limit& limit) { return may_change(limit.of, kind); });
}

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

IsWithin PlanPrices::within(const Limits& limits) {
  return [this, limits](const pareto::Genome& genome) -> std::optional<bool> {
    const CompressionPlan plan = ledger_.space().decode(genome);
    for (const Limit& limit : limits) {
      const auto value = cost(limit.of, plan);
      if (!value) return std::nullopt;
      if (*value > limit.most) return false;
    }
    return true;
  };
}

std::optional<double> PlanPrices::filled(const Limits& limits, const CompressionPlan& plan) {
  double sum = 0.0;
  for (const Limit& limit : limits) {
    const auto value = cost(limit.of, plan);
    if (!value) return std::nullopt;
    sum += share_of(*value, limit.most);
  }
  return sum;
}

std::optional<PlanPrices::Range> PlanPrices::range_of(Objective of) {
  const PlanSpace& space = ledger_.space();
  const auto reference = cost(of, space.uniform(ledger_.study().finish.reference));
  const auto least = cost(of, space.decode(pareto::Genome(space.genomes().largest.size(), 0)));
  if (!reference || !least) return std::nullopt;
  return Range{*least, *reference};
}

Diagnostic PlanPrices::too_tight(const std::string& place, const CostShare& budget,
                                 const Range& range) const {
  const WidthPair& pair = ledger_.study().finish.reference;
  return {
      place + ".share",
      fmt::format("{} of the {} of uniform {}/{} is {:.6g}, but the narrowest plan costs {:.6g}",
                  budget.share, name(budget.of), pair.weights, pair.inputs,
                  budget.share * range.reference, range.least),
      fmt::format("{:.3f} or more", std::ceil(1000.0 * range.least / range.reference) / 1000.0),
      ProblemKind::infeasible};
}

std::optional<std::vector<Limits>> PlanPrices::spread() {
  const Objective of = *std::ranges::find_if(ledger_.study().search.objectives,
                                             [](Objective o) { return o != Objective::accuracy; });
  const std::optional<Range> range = range_of(of);
  if (!range) return std::nullopt;
  const double step = std::max(0.0, range->reference - range->least) / (kSpreadBudgets + 1);
  std::vector<Limits> budgets;
  for (int i = 1; i <= kSpreadBudgets; ++i) budgets.push_back({{of, range->least + i * step}});
  return budgets;
}

std::optional<Limits> PlanPrices::limits_of(std::size_t budget, Diagnostics& problems) {
  const std::vector<CostShare> shares = ledger_.study().search.budgets[budget].shares();
  Limits limits;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::optional<Range> range = range_of(shares[i].of);
    if (!range) return std::nullopt;
    const double allowed = shares[i].share * range->reference;
    if (allowed < range->least && is_first_level())
      problems.push_back(too_tight(place_of_share(budget, i), shares[i], *range));
    limits.push_back({shares[i].of, std::max(allowed, range->least)});
  }
  return limits;
}

std::optional<std::vector<Limits>> PlanPrices::budgets() {
  const std::size_t count = ledger_.study().search.budgets.size();
  if (count == 0) return spread();
  Diagnostics problems;
  std::vector<Limits> budgets;
  for (std::size_t i = 0; i < count; ++i) {
    std::optional<Limits> limits = limits_of(i, problems);
    if (!limits) return std::nullopt;
    budgets.push_back(std::move(*limits));
  }
  if (problems.empty()) return budgets;
  ledger_.fail(std::move(problems));
  return std::nullopt;
}

}  // namespace hwflow::study
