#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "study/budget_rules.hpp"
#include "study/decisions.hpp"
#include "study/search_ledger.hpp"

namespace hwflow::study {

/// Budgets of a study that names none.
inline constexpr int kSpreadBudgets = 4;

/// What a plan may cost, in the unit of that cost.
struct Limit {
  Objective of = Objective::energy;
  double most = 0.0;
};

/// A budget: every limit holds. Never none.
using Limits = std::vector<Limit>;

/// Whether one of the costs may depend on decisions of that kind.
[[nodiscard]] bool may_change(const Limits& limits, Decision::Kind kind);

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
  /// Of genomes of the ledger's space. The limits are copied.
  [[nodiscard]] IsWithin within(const Limits& limits);
  /// The sum of the shares of the limits that the plan takes: 2 where it fills two of them.
  [[nodiscard]] std::optional<double> filled(const Limits& limits, const CompressionPlan& plan);

  /// Of search.budgets; when there are none, kSpreadBudgets of the first cost of search.objectives,
  /// evenly spaced between the narrowest plan and finish.reference. A limit that nothing within
  /// the space of a later level meets is the cost of its cheapest plan.
  ///
  /// None: stopped, a layer cannot be mapped, or the ledger was told which budgets the narrowest
  /// plan of the first level exceeds.
  [[nodiscard]] std::optional<std::vector<Limits>> budgets();

 private:
  struct Range {
    double least = 0.0;      ///< of the narrowest plan
    double reference = 0.0;  ///< of finish.reference
  };
  [[nodiscard]] std::optional<Range> range_of(Objective of);
  [[nodiscard]] Diagnostic too_tight(const std::string& place, const CostShare& budget,
                                     const Range& range) const;
  [[nodiscard]] bool is_first_level() const { return ledger_.level_count() == 1; }
  /// Of one of search.budgets. Limits that the narrowest plan exceeds are problems at the first
  /// level.
  [[nodiscard]] std::optional<Limits> limits_of(std::size_t budget, Diagnostics& problems);
  [[nodiscard]] std::optional<std::vector<Limits>> spread();

  SearchLedger& ledger_;
  std::map<std::string, HardwareCost> costs_;  ///< by the text of the plan
};

}  // namespace hwflow::study
