#pragma once

#include <tuple>

#include "schema/field.hpp"

namespace hwflow::study {

/// A predictor that chooses which offspring of nsga2 are measured: docs/search.md.
struct SurrogateOptions {
  int oversample = 1;
  bool operator==(const SurrogateOptions&) const = default;

  static constexpr auto fields() {
    using T = SurrogateOptions;
    return std::tuple{schema::field(
        "oversample", &T::oversample, 1, 1000,
        "So many times the offspring that a generation measures are bred. Their accuracies are "
        "predicted from all plans measured so far, their costs are worked out, and the most "
        "promising are measured. 1: no predictor, all that is bred is measured.")};
  }
};

}  // namespace hwflow::study
