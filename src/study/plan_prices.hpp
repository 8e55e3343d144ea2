#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/budget_rules.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {

/// Budgets of a study that names none.
inline constexpr int kSpreadBudgets = 4;

/// What a plan may cost, in the unit of that cost.
struct Allowance {
  Objective of = Objective::energy;
  double most = 0.0;
};

/// What plans cost at the present level of a search, measured or not, and what search.budgets
/// allow.
class PlanPrices {
 public:
  /// `ledger` outlives the prices.
  explicit PlanPrices(SearchLedger& ledger) : ledger_(ledger) {}

  /// None: stopped, or a layer cannot be mapped.
  [[nodiscard]] std::optional<HardwareCost> price(const CompressionPlan& plan);
  /// The same of one cost.
  [[nodiscard]] std::optional<double> cost(Objective of, const CompressionPlan& plan);
  /// Of genomes of the ledger's space.
  [[nodiscard]] IsWithin within(const Allowance& allowance);

  /// Of search.budgets; when there are none, kSpreadBudgets of the first cost of search.objectives,
  /// evenly spaced between the narrowest plan and finish.reference. A budget that nothing within
  /// the space of a later level meets is the cost of its cheapest plan.
  ///
  /// None: stopped, a layer cannot be mapped, or the ledger was told which budgets the narrowest
  /// plan of the first level exceeds.
  [[nodiscard]] std::optional<std::vector<Allowance>> allowances();

 private:
  struct Range {
    double least = 0.0;      ///< of the narrowest plan
    double reference = 0.0;  ///< of finish.reference
  };
  [[nodiscard]] std::optional<Range> range_of(Objective of);
  [[nodiscard]] Diagnostic too_tight(std::size_t i, const Range& range) const;
  [[nodiscard]] std::optional<std::vector<Allowance>> spread();

  SearchLedger& ledger_;
  std::map<std::string, HardwareCost> costs_;  ///< by the text of the plan
};

}  // namespace hwflow::study
