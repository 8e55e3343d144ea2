#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "study/codesign_result.hpp"

namespace hwflow::study {

/// One machine of a comparison and all that its own search found.
struct ComparedAccelerator {
  std::string label;
  CodesignResult result;
  /// The plan of least energy and that of least latency whose search accuracy is within the
  /// tolerance of float, into result.evaluated; none: no plan is.
  std::optional<std::size_t> least_energy, least_latency;
};

/// A plan that is the best of one machine, on another one.
struct Transfer {
  HardwareCost hardware;  ///< of the plan on the other machine
  /// The other machine's own best plan that is no less accurate, into its result.evaluated; none:
  /// its search found no plan as accurate.
  std::optional<std::size_t> own;
  /// Cost of the plan / that of `own`: above 1, the plan is worse than what the machine's own
  /// search found. None without `own`.
  std::optional<double> ratio;
};

/// How well the best plans of each machine do on each other one, by one cost.
struct TransferMatrix {
  Objective cost = Objective::energy;
  /// [from][to], as ComparisonResult::accelerators; none: the machine `from` has no best plan.
  std::vector<std::vector<std::optional<Transfer>>> cells;
};

/// Several machines searched for the same network with the same accuracies.
struct ComparisonResult {
  std::string study_name, version, started;
  std::string network, data, algorithm, accuracy_method;
  std::uint64_t seed = 0;
  double tolerance = 0.0;  ///< as CodesignResult::tolerance
  train::AccuracyEstimate float_search;
  std::vector<Objective> objectives;
  std::vector<ComparedAccelerator> accelerators;  ///< in the order of the study; those begun
  std::vector<TransferMatrix> transfers;          ///< energy and latency; none when stopped
  /// Plans that the searches evaluated, all machines together, and how many of them are distinct.
  std::int64_t evaluations = 0, distinct_plans = 0;
  bool stopped = false;
  std::string missing;  ///< as CodesignResult::missing
};

/// The least `cost` among evaluated plans of at least that search accuracy; of equal ones the most
/// accurate, then the first. None: no plan is so accurate.
[[nodiscard]] std::optional<std::size_t> cheapest_plan(const CodesignResult& result, Objective cost,
                                                       double least_top1);

}  // namespace hwflow::study
