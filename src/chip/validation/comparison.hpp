#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/validation/validation_set.hpp"

namespace hwflow::chip {

/// One of our numbers beside the published one.
struct Comparison {
  std::string layer;  ///< "total" for sums
  std::string quantity;
  double ours = 0.0;
  std::optional<double> published;  ///< none: a prediction
  std::optional<RatioBounds> bounds;
  [[nodiscard]] std::optional<double> ratio() const {
    if (!published || *published == 0.0) return std::nullopt;
    return ours / *published;
  }
  /// Does the ratio keep to the recorded distance? True where none is recorded.
  [[nodiscard]] bool within() const {
    const auto value = ratio();
    return !bounds || !value || (*value >= bounds->least && *value <= bounds->most);
  }
};

struct SetResult {
  std::vector<Comparison> rows;      ///< by layer, then quantity
  std::vector<std::string> choices;  ///< "CONV1: m96 n1 ...": mappings that were chosen or given
};

/// Computes every quantity of a set that it publishes, and those that its method predicts.
/// Errors  mappings that cannot run, layers that cannot be, quantities that the method does not
/// know.
[[nodiscard]] Expected<SetResult> run_validation(const ValidationSet& set);

}  // namespace hwflow::chip
