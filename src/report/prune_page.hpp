#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"

namespace hwflow::report {

/// A network before and after channels were removed from it.
struct PruneReport {
  /// Two plans in full: the whole network, and what is left of it, of the same widths.
  const study::CodesignResult& result;
  std::string chosen_by;   ///< "magnitude, a share of 0.67"
  std::string conditions;  ///< what accuracies and costs are of
  /// Of the test images: whole, as channels were removed, and after training; total 0: not tested.
  train::AccuracyEstimate whole, untrained;
  std::optional<train::AccuracyEstimate> trained;
  int epochs = 0;
  std::vector<std::string> files;
};

/// Places of PruneReport::result.plans.
inline constexpr std::size_t kWholePlan = 0, kPrunedPlan = 1;

/// One HTML page that needs nothing else; what comes from outside is escaped.
[[nodiscard]] std::string prune_page(const PruneReport& report);

}  // namespace hwflow::report
