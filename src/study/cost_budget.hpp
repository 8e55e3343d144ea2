#pragma once

#include <tuple>

#include "schema/field.hpp"
#include "study/codesign_result.hpp"

namespace hwflow::study {

/// What plans may cost.
struct CostBudget {
  Objective of = Objective::energy;
  double share = 0.0;
  bool operator==(const CostBudget&) const = default;

  static constexpr auto fields() {
    using T = CostBudget;
    return std::tuple{
        schema::required(
            "of", &T::of,
            "A cost: energy, latency, dram, model_size or, with search.channels, macs."),
        schema::required("share", &T::share, schema::above(0),
                         "What a plan may cost, as a share of the cost of "
                         "finish.reference.")};
  }
};

}  // namespace hwflow::study
