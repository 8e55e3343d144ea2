#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "schema/field.hpp"
#include "study/codesign_result.hpp"

namespace hwflow::study {

inline constexpr const char* kCostMeaning =
    "A cost: energy, latency, dram, model_size or, with search.channels, macs.";
inline constexpr const char* kShareMeaning =
    "What a plan may cost, as a share of the cost of finish.reference.";

/// What plans may cost of one kind.
struct CostShare {
  Objective of = Objective::energy;
  double share = 0.0;
  bool operator==(const CostShare&) const = default;

  static constexpr auto fields() {
    using T = CostShare;
    return std::tuple{schema::required("of", &T::of, kCostMeaning),
                      schema::required("share", &T::share, schema::above(0), kShareMeaning)};
  }
};

/// What plans may cost: a share of one cost, or of several, all of which hold.
struct CostBudget {
  Objective of = Objective::energy;
  double share = 0.0;
  std::vector<CostShare> also{};
  bool operator==(const CostBudget&) const = default;

  /// All of them, in the order of the file.
  [[nodiscard]] std::vector<CostShare> shares() const {
    std::vector<CostShare> all{{of, share}};
    all.insert(all.end(), also.begin(), also.end());
    return all;
  }

  static constexpr auto fields() {
    using T = CostBudget;
    return std::tuple{
        schema::required("of", &T::of, kCostMeaning),
        schema::required("share", &T::share, schema::above(0), kShareMeaning),
        schema::field("also", &T::also,
                      "Shares of other costs that the same plan keeps, too: {of: energy, share: "
                      "0.5, also: [{of: latency, share: 0.5}]} is half of both.")};
  }
};

/// Where CostBudget::shares()[i] of search.budgets[budget] stands in a study file.
[[nodiscard]] inline std::string place_of_share(std::size_t budget, std::size_t i) {
  const std::string place = "search.budgets[" + std::to_string(budget) + "]";
  return i == 0 ? place : place + ".also[" + std::to_string(i - 1) + "]";
}

}  // namespace hwflow::study
